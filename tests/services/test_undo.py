"""Taking back a tap: a new event that brings back what stood before, never a deletion."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.cast import Cast, event_names
from tests.services.invariants import check, footprint
from trips import timekeeping, undo
from trips.lifecycle import DRIVER_UNDO_S, Status
from trips.models import Trip, TripEvent, Vehicle
from trips.services import Forbidden, Refused, change_trip

pytestmark = pytest.mark.django_db


def test_omar_takes_back_a_tap_and_the_story_shows_both(cast: Cast) -> None:
    trip = cast.trip_in("arrived_pickup")
    trip = cast.tap(trip, "pick_up")
    undone_version = trip.version
    trip = cast.tap(trip, "undo", cast.omar)
    assert (trip.status, trip.picked_up_at) == (Status.ARRIVED_PICKUP, None)
    assert trip.arrived_pickup_at is not None
    assert event_names(trip)[-2:] == ["trip.picked_up", "trip.undone"]
    event = TripEvent.objects.get(trip=trip, version=trip.version)
    assert event.data["undoes"] == undone_version
    check(trip.pk)


def test_a_tap_that_filled_in_others_is_taken_back_with_them(cast: Cast) -> None:
    trip = cast.tap(cast.trip_in("dispatched"), "pick_up")
    trip = cast.tap(trip, "undo", cast.omar)
    assert (trip.status, trip.arrived_pickup_at, trip.picked_up_at) == ("dispatched", None, None)
    check(trip.pk)


def test_undos_go_back_tap_by_tap(cast: Cast) -> None:
    trip = cast.trip_in("in_progress")
    walked = []
    for _ in range(3):
        trip = cast.tap(trip, "undo", cast.dina, reason="wrong trip")
        walked.append(trip.status)
        check(trip.pk)
    assert walked == ["arrived_pickup", "en_route_pickup", "dispatched"]


def test_after_an_undo_the_trip_goes_on_and_only_what_stands_is_undone(cast: Cast) -> None:
    trip = cast.trip_in("en_route_pickup")
    for action in ("arrive_pickup", "undo", "arrive_pickup", "pick_up", "undo"):
        trip = cast.tap(trip, action, cast.omar)
    assert trip.status == Status.ARRIVED_PICKUP
    trip = cast.tap(trip, "undo", cast.omar)
    assert trip.status == Status.EN_ROUTE_PICKUP
    assert trip.arrived_pickup_at is None


def test_omar_has_two_minutes_and_dina_has_all_day(cast: Cast) -> None:
    now = timezone.now()
    trip = cast.trip_in("en_route_pickup")
    at = now - timedelta(seconds=DRIVER_UNDO_S + 1)
    trip = cast.tap(trip, "arrive_pickup", occurred_at=at)
    before = footprint(trip.pk)
    with pytest.raises(Refused, match="Too late"):
        cast.tap(trip, "undo", cast.omar)
    assert footprint(trip.pk) == before
    assert cast.tap(trip, "undo", cast.dina, reason="asked").status == Status.EN_ROUTE_PICKUP


def test_a_phone_whose_clock_is_wrong_has_no_more_than_two_minutes(cast: Cast) -> None:
    before = timezone.now() - timedelta(minutes=30)
    trip = cast.tap(cast.trip_in("en_route_pickup"), "arrive_pickup", occurred_at=before)
    event = TripEvent.objects.get(trip=trip, version=trip.version)
    soon = timedelta(seconds=DRIVER_UNDO_S - 1)
    late = timedelta(seconds=DRIVER_UNDO_S + 1)
    undo.check_driver(trip, event, before + soon, event.recorded_at + soon)
    for by_the_phone, by_us in ((soon, late), (late, soon)):
        with pytest.raises(Refused, match="Too late"):
            undo.check_driver(trip, event, before + by_the_phone, event.recorded_at + by_us)
    assert cast.tap(trip, "undo", cast.omar, occurred_at=before + soon).status == "en_route_pickup"


def test_omar_does_not_undo_what_dina_did(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    trip = cast.tap(trip, "start", cast.dina, reason="phone dead")
    with pytest.raises(Refused, match="not yours"):
        cast.tap(trip, "undo", cast.omar)


def test_a_cancellation_by_mistake_gives_omar_the_trip_back(cast: Cast) -> None:
    trip = cast.trip_in("dispatched")
    trip = cast.tap(trip, "cancel", cast.dina, reason="wrong button")
    trip = cast.tap(trip, "undo", cast.dina, reason="wrong button")
    assert (trip.status, trip.driver, trip.cancel_kind) == ("dispatched", cast.driver, "")
    check(trip.pk)
    assert trip.assignments.count() == 2  # the first one ended; history is not rewritten
    assert cast.tap(trip, "start").status == Status.EN_ROUTE_PICKUP


def test_undoing_a_decline_gives_the_trip_back_to_who_declined(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    trip = cast.tap(trip, "decline", cast.omar, reason="flat tyre")
    trip = cast.tap(trip, "undo", cast.dina, reason="tyre was fine")
    assert (trip.status, trip.driver, trip.vehicle) == ("assigned", cast.driver, cast.van)
    check(trip.pk)


def test_undoing_an_assignment_to_eve_gives_it_back_to_omar(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    trip = cast.tap(trip, "assign", driver_id=cast.strange_driver.pk, vehicle_id=cast.spare_van.pk)
    trip = cast.tap(trip, "undo", cast.dina, reason="wrong van")
    assert (trip.driver, trip.vehicle) == (cast.driver, cast.van)
    check(trip.pk)
    trip = cast.tap(trip, "undo", cast.dina, reason="all wrong")
    assert (trip.status, trip.driver) == (Status.SCHEDULED, None)
    check(trip.pk)


def test_every_decision_of_the_desk_can_be_taken_back(cast: Cast) -> None:
    trip = cast.tap(
        cast.trip_in("in_progress"),
        "transfer",
        reason="engine",
        driver_id=cast.strange_driver.pk,
        vehicle_id=cast.spare_van.pk,
    )
    trip = cast.tap(trip, "undo", reason="wrong trip")
    assert (trip.status, trip.vehicle) == ("in_progress", cast.van)
    check(trip.pk)
    trip = cast.tap(cast.trip_in("will_call"), "ready")
    trip = cast.tap(trip, "undo", reason="not yet")
    assert (trip.status, trip.scheduled_at, trip.ready_at) == ("will_call", None, None)
    check(trip.pk)
    trip = cast.tap(cast.trip_in("no_show"), "undo", reason="there she comes")
    assert (trip.status, trip.driver) == ("arrived_pickup", cast.driver)
    check(trip.pk)
    trip = cast.tap(cast.trip_in("assigned"), "undo", reason="not him")
    assert (trip.status, trip.driver, trip.pinned) == ("scheduled", None, False)
    check(trip.pk)


def test_an_undo_does_not_take_back_what_was_changed_since(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    later = timezone.now() + timedelta(hours=1)
    trip = change_trip(
        trip_id=trip.pk,
        user=cast.dina,
        expected_version=trip.version,
        fields={"scheduled_at": later},
    )
    trip = cast.tap(trip, "undo", reason="not him")
    assert (trip.status, trip.scheduled_at) == ("scheduled", later)
    check(trip.pk)


def test_a_trip_is_not_given_back_to_a_van_that_is_out_of_service(cast: Cast) -> None:
    trip = cast.tap(cast.trip_in("dispatched"), "unassign", reason="engine")
    Vehicle.objects.filter(pk=cast.van.pk).update(state=Vehicle.State.OUT_OF_SERVICE)
    with pytest.raises(Refused, match="out of service"):
        cast.tap(trip, "undo", reason="it goes again")
    assert Trip.objects.get(pk=trip.pk).status == "scheduled"


def test_completed_is_never_undone_not_even_by_dina(cast: Cast) -> None:
    trip = cast.trip_in("completed")
    for user in (cast.dina, cast.omar):
        with pytest.raises(Refused):
            cast.tap(trip, "undo", user, reason="oh")


def test_a_flag_in_between_does_not_hide_the_tap_that_is_undone(cast: Cast) -> None:
    trip = cast.trip_in("arrived_pickup")
    Trip.objects.filter(pk=trip.pk).update(state_since=timezone.now() - timedelta(hours=7))
    assert timekeeping.flag_stuck() == 1
    trip = cast.tap(trip, "undo", cast.dina, reason="never there")
    assert trip.status == Status.EN_ROUTE_PICKUP
    check(trip.pk)


def test_the_booking_itself_cannot_be_undone_and_pia_undoes_nothing(cast: Cast) -> None:
    trip = cast.trip_in("scheduled")
    with pytest.raises(Forbidden):
        cast.tap(trip, "undo", cast.pia)
    trip = cast.tap(trip, "undo", cast.dina, reason="not yet")
    assert trip.status == Status.REQUESTED
    with pytest.raises(Refused):
        cast.tap(trip, "undo", cast.dina, reason="not at all")
