"""From the booking to the drop-off: times, skipped taps, late taps and what must be sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from tests.cast import Cast, booking, event_names
from tests.services.invariants import check, footprint
from trips import services
from trips.lifecycle import Action, Status
from trips.models import Delivery, Trip, TripEvent
from trips.services import Forbidden, InvalidTap, Refused, Tap, TripNotFound, act

pytestmark = pytest.mark.django_db
START = Action.START


def test_pias_trip_tells_its_whole_story(cast: Cast) -> None:
    trip = cast.trip_in("completed")
    assert event_names(trip) == [
        "trip.requested",
        "trip.scheduled",
        "trip.assigned",
        "trip.dispatched",
        "trip.en_route_pickup",
        "trip.arrived_pickup",
        "trip.picked_up",
        "trip.arrived_dropoff",
        "trip.completed",
    ]
    assert not TripEvent.objects.filter(trip=trip, inferred=True).exists()
    assert None not in (trip.arrived_pickup_at, trip.picked_up_at, trip.dropped_off_at)
    completed = TripEvent.objects.get(trip=trip, event="trip.completed")
    owed = Delivery.objects.filter(topic="trip.completed", subject_id=completed.pk)
    assert {"completion", "invoice"} <= set(owed.values_list("subscriber", flat=True))


def test_who_booked_it_is_in_the_story(cast: Cast) -> None:
    sources = []
    for user in (cast.dina, cast.pia, cast.hugo):
        trip = services.book_trip(user=user, fields=booking(cast.patient))
        event = TripEvent.objects.get(trip=trip)
        sources.append((event.event, event.source, event.actor == user))
        check(trip.pk)
    assert sources == [
        ("trip.requested", "dispatcher", True),
        ("trip.requested", "requester", True),
        ("trip.requested", "requester", True),
    ]


def test_forgotten_taps_are_filled_as_inferred_in_the_same_moment(cast: Cast) -> None:
    trip = cast.tap(cast.trip_in("assigned"), "pick_up")
    names = event_names(trip)[-3:]
    assert names == ["trip.en_route_pickup", "trip.arrived_pickup", "trip.picked_up"]
    *inferred, own = TripEvent.objects.filter(trip=trip).order_by("version")[3:]
    assert [event.inferred for event in inferred] == [True, True]
    assert not own.inferred
    assert {event.occurred_at for event in inferred} == {own.occurred_at}
    assert trip.arrived_pickup_at == trip.picked_up_at == own.occurred_at
    check(trip.pk)


def test_a_whole_offline_ride_arrives_late_and_keeps_the_times_of_the_phone(cast: Cast) -> None:
    trip = cast.trip_in("dispatched")
    begin = timezone.now() - timedelta(hours=2)
    minutes = {"start": 0, "arrive_pickup": 14, "pick_up": 20, "arrive_dropoff": 55, "complete": 57}
    for action, after in minutes.items():
        trip = cast.tap(trip, action, occurred_at=begin + timedelta(minutes=after))
    assert trip.arrived_pickup_at == begin + timedelta(minutes=14)
    assert trip.picked_up_at == begin + timedelta(minutes=20)
    assert trip.dropped_off_at == begin + timedelta(minutes=55)
    for event in TripEvent.objects.filter(trip=trip, source="driver"):
        assert event.recorded_at - event.occurred_at > timedelta(hours=1)


def test_a_phone_whose_clock_is_ahead_taps_now(cast: Cast) -> None:
    ahead = datetime(2200, 1, 1, tzinfo=UTC)
    trip = cast.tap(cast.trip_in("assigned"), "start", occurred_at=ahead)
    assert trip.state_since <= timezone.now()


def test_the_dispatcher_taps_for_the_driver_with_a_reason_only(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    with pytest.raises(InvalidTap) as caught:
        act(trip_id=trip.pk, user=cast.dina, tap=Tap(action=START))
    assert caught.value.field == "reason"
    trip = act(trip_id=trip.pk, user=cast.dina, tap=Tap(action=START, reason="phone dead"))
    event = TripEvent.objects.get(trip=trip, version=trip.version)
    assert (event.source, event.actor, event.message) == ("dispatcher", cast.dina, "phone dead")


@pytest.mark.parametrize(
    ("status", "action", "missing"),
    [
        ("requested", "reject", "reason"),
        ("assigned", "cancel", "reason"),
        ("assigned", "unassign", "reason"),
        ("scheduled", "miss", "reason"),
        ("in_progress", "transfer", "driver_id"),
    ],
)
def test_what_an_action_requires_must_be_sent(
    cast: Cast, status: str, action: str, missing: str
) -> None:
    trip = cast.trip_in(status)
    before = footprint(trip.pk)
    with pytest.raises(InvalidTap) as caught:
        act(trip_id=trip.pk, user=cast.dina, tap=Tap(action=Action(action)))
    assert caught.value.field == missing
    assert footprint(trip.pk) == before


def test_a_trip_without_a_time_is_scheduled_with_one(cast: Cast) -> None:
    trip = cast.book(scheduled_at=None)
    with pytest.raises(InvalidTap) as caught:
        cast.tap(trip, "schedule")
    assert caught.value.field == "scheduled_at"
    at = timezone.now() + timedelta(hours=3)
    assert cast.tap(trip, "schedule", scheduled_at=at).scheduled_at == at


def test_a_parked_return_leg_is_ready_when_pia_or_hugo_says_so(cast: Cast) -> None:
    for user in (cast.pia, cast.hugo):
        trip = cast.trip_in("will_call", facility=cast.facility)
        trip = cast.tap(trip, "ready", user)
        assert trip.status == Status.SCHEDULED
        # The clock of the promise starts now.
        assert trip.ready_at == trip.scheduled_at == trip.state_since
        check(trip.pk)


def test_odometer_and_place_of_a_tap_are_kept(cast: Cast) -> None:
    trip = cast.trip_in("arrived_pickup")
    trip = cast.tap(trip, "pick_up", odometer=Decimal("812.4"), latitude=57.7, longitude=11.9)
    trip = cast.tap(trip, "arrive_dropoff", odometer=Decimal("819.9"))
    trip = cast.tap(trip, "complete")
    assert (trip.odometer_start_mi, trip.odometer_end_mi) == (Decimal("812.4"), Decimal("819.9"))
    event = TripEvent.objects.get(trip=trip, event="trip.picked_up")
    assert (event.latitude, event.longitude) == (57.7, 11.9)


def test_an_old_version_is_refused_with_the_trip_as_it_is(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    with pytest.raises(Refused) as caught:
        cast.tap(trip, "start", expected_version=trip.version - 1)
    assert caught.value.trip.version == trip.version
    assert cast.tap(trip, "start", expected_version=trip.version).status == "en_route_pickup"


def test_eve_is_told_the_same_of_omars_trip_as_of_one_that_does_not_exist(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    for trip_id in (trip.pk, 10**9):
        with pytest.raises(TripNotFound):
            act(trip_id=trip_id, user=cast.eve, tap=Tap(action=START))


def test_pia_may_say_for_when_she_is_ready_and_the_clock_runs_from_her_call(cast: Cast) -> None:
    at = timezone.now() + timedelta(minutes=40)
    trip = cast.tap(cast.trip_in("will_call"), "ready", cast.pia, scheduled_at=at)
    assert trip.scheduled_at == at
    assert trip.ready_at == trip.state_since


def test_a_time_that_is_long_gone_or_after_the_appointment_is_not_agreed_on(cast: Cast) -> None:
    now = timezone.now()
    trip = cast.book(appointment_at=now + timedelta(hours=2))
    for at, said in ((timedelta(hours=2), "appointment"), (-timedelta(hours=25), "a day ago")):
        with pytest.raises(InvalidTap, match=said) as caught:
            cast.tap(trip, "schedule", scheduled_at=now + at)
        assert caught.value.field == "scheduled_at"
    assert cast.tap(trip, "schedule", scheduled_at=now - timedelta(hours=23)).status == "scheduled"


def test_what_a_phone_kept_for_over_thirty_days_is_refused(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    with pytest.raises(InvalidTap) as caught:
        cast.tap(trip, "start", occurred_at=timezone.now() - timedelta(days=30, seconds=1))
    assert caught.value.field == "occurred_at"
    within = timezone.now() - timedelta(days=29)
    assert cast.tap(trip, "start", occurred_at=within).state_since == within


def test_who_was_disabled_does_nothing_any_more(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    for user in (cast.omar, cast.dina, cast.pia):
        cast.disable(user)
        user.refresh_from_db()
        with pytest.raises((TripNotFound, Forbidden)):
            act(trip_id=trip.pk, user=user, tap=Tap(action=Action.CANCEL, reason="spite"))
    check(trip.pk)
    assert Trip.objects.get(pk=trip.pk).status == "assigned"
