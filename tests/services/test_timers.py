"""What the clock does by itself: dispatch, give up, and flag what stands still."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings
from django.utils import timezone

from tests.cast import Cast, event_names
from tests.services.invariants import check
from trips import timekeeping
from trips.lifecycle import Action
from trips.models import Delivery, Trip, TripEvent
from trips.services import Refused, Tap, act, change_trip
from trips.timekeeping import run_timers

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _timers(settings: LazySettings) -> None:
    settings.DISPATCH_AHEAD_MINUTES = 45
    settings.MISSED_AFTER_MINUTES = 120


def at_rest(trip: Trip, **changes: object) -> Trip:
    """The trip as if it had been in its state for five minutes."""
    since = {"state_since": timezone.now() - 5 * MINUTE}
    Trip.objects.filter(pk=trip.pk).update(**{**since, **changes})
    return trip


def now_is(trip: Trip) -> str:
    return Trip.objects.get(pk=trip.pk).status


def test_an_assigned_trip_goes_out_three_quarters_of_an_hour_before_its_time(cast: Cast) -> None:
    now = timezone.now()
    soon = at_rest(cast.trip_in("assigned", scheduled_at=now + 44 * MINUTE))
    later = at_rest(cast.trip_in("assigned", scheduled_at=now + 46 * MINUTE))
    open_one = at_rest(cast.trip_in("scheduled", scheduled_at=now + 10 * MINUTE))
    assert [run_timers(), run_timers()] == ["1 dispatched, 0 missed", "0 dispatched, 0 missed"]
    assert [now_is(soon), now_is(later), now_is(open_one)] == [
        "dispatched",
        "assigned",
        "scheduled",
    ]
    event = TripEvent.objects.get(trip=soon, event="trip.dispatched")
    assert (event.source, event.actor) == ("system", None)
    check(soon.pk)


def test_who_has_just_assigned_a_trip_dispatches_it_in_peace(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    assert run_timers() == "0 dispatched, 0 missed"
    at_rest(trip)
    assert run_timers() == "1 dispatched, 0 missed"


def test_a_company_may_keep_dispatching_to_itself(cast: Cast, settings: LazySettings) -> None:
    settings.DISPATCH_AHEAD_MINUTES = 0
    at_rest(cast.trip_in("assigned"))
    assert run_timers() == "0 dispatched, 0 missed"


@pytest.mark.parametrize("status", ["scheduled", "assigned", "dispatched"])
def test_a_trip_that_nobody_started_is_missed_two_hours_after_its_window(
    cast: Cast, status: str
) -> None:
    trip = cast.trip_in(status)
    over = timezone.now() - 150 * MINUTE  # half an hour of window, two hours of grace
    Trip.objects.filter(pk=trip.pk).update(scheduled_at=over + MINUTE)
    assert run_timers().endswith("0 missed")
    Trip.objects.filter(pk=trip.pk).update(scheduled_at=over - MINUTE)
    assert run_timers().endswith("1 missed")
    assert run_timers() == "0 dispatched, 0 missed"
    assert event_names(trip)[-1] == "trip.missed"
    check(trip.pk)


@pytest.mark.parametrize(
    "status", ["requested", "en_route_pickup", "arrived_pickup", "in_progress"]
)
def test_what_is_under_way_or_was_never_agreed_on_is_not_missed_by_the_clock(
    cast: Cast, status: str
) -> None:
    trip = cast.trip_in(status)
    Trip.objects.filter(pk=trip.pk).update(scheduled_at=timezone.now() - 9 * HOUR)
    assert run_timers() == "0 dispatched, 0 missed"
    assert now_is(trip) == status


def test_a_called_will_call_is_missed_after_the_hour_that_was_promised(cast: Cast) -> None:
    trip = cast.tap(cast.trip_in("will_call"), "ready")
    called = timezone.now() - 179 * MINUTE
    Trip.objects.filter(pk=trip.pk).update(scheduled_at=called, ready_at=called)
    assert run_timers() == "0 dispatched, 0 missed"
    called -= 2 * MINUTE
    Trip.objects.filter(pk=trip.pk).update(scheduled_at=called, ready_at=called)
    assert run_timers() == "0 dispatched, 1 missed"


def test_dina_says_missed_once_the_window_is_open_and_the_system_when_it_is_over(
    cast: Cast,
) -> None:
    miss = Tap(action=Action.MISS, reason="van broke down")
    trip = cast.trip_in("scheduled", scheduled_at=timezone.now() + MINUTE)
    with pytest.raises(Refused, match="not missed before"):
        act(trip_id=trip.pk, user=cast.dina, tap=miss)
    trip = cast.trip_in("scheduled", scheduled_at=timezone.now() - MINUTE)
    with pytest.raises(Refused, match="not missed before"):
        act(trip_id=trip.pk, user=None, tap=miss)
    assert act(trip_id=trip.pk, user=cast.dina, tap=miss).status == "missed"


def stands(trip: Trip, since: timedelta, **changes: object) -> Trip:
    began: datetime = timezone.now() - since
    Trip.objects.filter(pk=trip.pk).update(
        **{"state_since": began, "scheduled_at": began, **changes}
    )
    return trip


@pytest.mark.parametrize(
    ("status", "hours"),
    [
        ("dispatched", 2),
        ("en_route_pickup", 2),
        ("arrived_pickup", 1),
        ("in_progress", 4),
        ("arrived_dropoff", 1),
    ],
)
def test_each_state_has_its_own_too_long_and_is_flagged_once(
    cast: Cast, status: str, hours: int
) -> None:
    trip = stands(cast.trip_in(status), hours * HOUR - MINUTE)
    assert timekeeping.flag_stuck() == 0
    stands(trip, hours * HOUR + MINUTE)
    assert [timekeeping.flag_stuck(), timekeeping.flag_stuck()] == [1, 0]
    event = TripEvent.objects.get(trip=trip, event="trip.stuck")
    assert Delivery.objects.filter(topic="trip.stuck", subject_id=event.pk).count() == 1
    assert now_is(trip) == status
    check(trip.pk)


@pytest.mark.parametrize("status", ["requested", "will_call", "scheduled", "assigned", "completed"])
def test_what_nobody_drives_is_never_stuck(cast: Cast, status: str) -> None:
    trip = cast.trip_in(status)
    Trip.objects.filter(pk=trip.pk).update(state_since=timezone.now() - 99 * HOUR)
    assert timekeeping.flag_stuck() == 0


def test_a_driver_of_a_wait_and_return_waits_as_agreed_and_drives_like_others(cast: Cast) -> None:
    for status in ("dispatched", "arrived_pickup", "arrived_dropoff"):
        stands(cast.trip_in(status), 9 * HOUR, wait_and_return=True)
    assert timekeeping.flag_stuck() == 0
    stands(cast.trip_in("in_progress"), 9 * HOUR, wait_and_return=True)
    assert timekeeping.flag_stuck() == 1


def test_who_is_early_waits_for_the_agreed_time_but_for_no_more_than_six_hours(cast: Cast) -> None:
    now = timezone.now()
    trip = stands(cast.trip_in("arrived_pickup"), 3 * HOUR, scheduled_at=now - 30 * MINUTE)
    assert timekeeping.flag_stuck() == 0
    stands(trip, 3 * HOUR, scheduled_at=now - 61 * MINUTE)
    assert timekeeping.flag_stuck() == 1
    stands(cast.trip_in("arrived_pickup"), 6 * HOUR + MINUTE, scheduled_at=now)
    assert timekeeping.flag_stuck() == 1


def test_the_flag_ends_when_the_trip_moves_and_a_remark_does_not_raise_it_again(
    cast: Cast,
) -> None:
    trip = stands(cast.trip_in("en_route_pickup"), 3 * HOUR)
    assert timekeeping.flag_stuck() == 1
    version = Trip.objects.get(pk=trip.pk).version
    change_trip(
        trip_id=trip.pk, user=cast.dina, expected_version=version, fields={"notes": "back door"}
    )
    assert timekeeping.flag_stuck() == 0
    trip = cast.tap(trip, "arrive_pickup")
    assert timekeeping.flag_stuck() == 0
    stands(trip, 2 * HOUR)
    assert timekeeping.flag_stuck() == 1
    assert event_names(trip).count("trip.stuck") == 2
    check(trip.pk)
