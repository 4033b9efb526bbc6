"""Taps that come after the trip has moved on: an earlier time is better evidence, not a state."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from tests.cast import Cast, event_names
from tests.services.invariants import check, footprint
from trips.lifecycle import Action
from trips.models import Trip, TripEvent
from trips.services import Refused, Tap, TripNotFound, act

pytestmark = pytest.mark.django_db


def ago(minutes: float) -> datetime:
    return timezone.now() - timedelta(minutes=minutes)


def assigned(cast: Cast) -> Trip:
    """Omar's since two hours ago; his phone has had no coverage since."""
    return cast.tap(cast.trip_in("scheduled"), "assign", occurred_at=ago(120))


def picked_up_by_phone_call(cast: Cast) -> Trip:
    """Omar called in: Dina taps the pick-up ten minutes ago, the arrival is inferred."""
    return cast.tap(assigned(cast), "pick_up", cast.dina, reason="he called", occurred_at=ago(10))


def refused(cast: Cast, trip: Trip, action: str, at: datetime) -> None:
    before = footprint(trip.pk)
    with pytest.raises(Refused):
        cast.tap(trip, action, cast.omar, occurred_at=at)
    assert footprint(trip.pk) == before


def test_omars_own_arrival_comes_later_and_the_wait_clock_is_right(cast: Cast) -> None:
    trip = picked_up_by_phone_call(cast)
    arrived = ago(20)
    trip = cast.tap(
        trip, "arrive_pickup", cast.omar, occurred_at=arrived, latitude=57.7, longitude=12
    )
    assert (trip.status, trip.arrived_pickup_at) == ("in_progress", arrived)
    assert trip.picked_up_at is not None
    assert trip.picked_up_at > arrived
    event = TripEvent.objects.get(trip=trip, version=trip.version)
    assert (event.event, event.source, event.occurred_at) == ("trip.corrected", "driver", arrived)
    assert (event.data["late"], event.data["action"]) == (True, "arrive_pickup")
    assert (event.latitude, event.status) == (57.7, "in_progress")
    check(trip.pk)


def test_a_late_pick_up_pulls_the_inferred_arrival_along(cast: Cast) -> None:
    trip, at = picked_up_by_phone_call(cast), ago(15)
    trip = cast.tap(trip, "pick_up", cast.omar, occurred_at=at, odometer=Decimal("812.4"))
    assert (trip.arrived_pickup_at, trip.picked_up_at) == (at, at)
    assert trip.odometer_start_mi == Decimal("812.4")
    check(trip.pk)


def test_even_a_completed_trip_gets_better_times(cast: Cast) -> None:
    trip = cast.tap(picked_up_by_phone_call(cast), "complete", cast.dina, reason="he called")
    at = ago(5)
    trip = cast.tap(trip, "arrive_dropoff", cast.omar, occurred_at=at)
    assert (trip.status, trip.dropped_off_at) == ("completed", at)
    assert event_names(trip)[-1] == "trip.corrected"
    assert event_names(trip).count("trip.completed") == 1
    check(trip.pk)


def test_what_is_not_earlier_or_was_never_omars_is_no_news(cast: Cast) -> None:
    trip = picked_up_by_phone_call(cast)
    refused(cast, trip, "arrive_pickup", ago(9))
    refused(cast, trip, "arrive_pickup", ago(121))  # before the trip was his: a wrong clock
    refused(cast, trip, "start", ago(30))  # no time of the trip hangs on it
    with pytest.raises(TripNotFound):
        cast.tap(trip, "arrive_pickup", cast.eve, occurred_at=ago(20))


def test_omar_says_it_once(cast: Cast) -> None:
    trip = cast.tap(assigned(cast), "arrive_pickup", cast.omar, occurred_at=ago(20))
    refused(cast, trip, "arrive_pickup", ago(60))  # he would be paid for waiting
    trip = picked_up_by_phone_call(cast)
    trip = cast.tap(trip, "arrive_pickup", cast.omar, occurred_at=ago(20))
    refused(cast, trip, "arrive_pickup", ago(60))


def test_dina_corrects_nothing_this_way(cast: Cast) -> None:
    trip = picked_up_by_phone_call(cast)
    tap = Tap(action=Action.ARRIVE_PICKUP, occurred_at=ago(20), reason="he said")
    with pytest.raises(Refused):
        act(trip_id=trip.pk, user=cast.dina, tap=tap)


def test_a_correction_can_be_taken_back(cast: Cast) -> None:
    trip = picked_up_by_phone_call(cast)
    known = trip.arrived_pickup_at
    trip = cast.tap(trip, "arrive_pickup", cast.omar, occurred_at=ago(20))
    trip = cast.tap(trip, "undo", cast.dina, reason="his clock is wrong")
    assert (trip.status, trip.arrived_pickup_at) == ("in_progress", known)
    check(trip.pk)
