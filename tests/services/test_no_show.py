"""A no-show costs somebody money: clock and position must prove that the driver waited there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from tests.cast import PICKUP, Cast
from tests.services.invariants import check, footprint
from trips.models import Company, GpsFix, Trip, TripEvent, VehiclePosition
from trips.services import Refused
from trips.tracking.retention import roll_days

pytestmark = pytest.mark.django_db
AT_THE_DOOR = {"latitude": PICKUP[0], "longitude": PICKUP[1]}
#: About 300 m north of it.
ROUND_THE_CORNER = {"latitude": PICKUP[0] + 0.0027, "longitude": PICKUP[1]}


def waiting(cast: Cast, *, minutes: int, early: int = 0) -> Trip:
    """Omar arrived so many minutes ago, `early` minutes before the agreed time."""
    arrived = timezone.now() - timedelta(minutes=minutes)
    trip = cast.trip_in("en_route_pickup", scheduled_at=arrived + timedelta(minutes=early))
    return cast.tap(trip, "arrive_pickup", occurred_at=arrived)


def refused(cast: Cast, trip: Trip, **tap: Any) -> str:
    before = footprint(trip.pk)
    with pytest.raises(Refused) as caught:
        cast.tap(trip, "no_show", **tap)
    assert footprint(trip.pk) == before
    return str(caught.value)


def seen(cast: Cast, place: dict[str, float], *, minutes_ago: float) -> None:
    """A position of the van."""
    at = timezone.now() - timedelta(minutes=minutes_ago)
    roll_days()
    GpsFix.objects.create(
        device=cast.tracker,
        vehicle=cast.van,
        recorded_at=at,
        received_at=at,
        verdict="kept",
        **place,
    )
    moved = {"recorded_at": at, "updated_at": at, **place}
    VehiclePosition.objects.update_or_create(vehicle=cast.van, defaults=moved)


def test_omar_at_the_door_for_ten_minutes_may_leave(cast: Cast) -> None:
    trip = cast.tap(waiting(cast, minutes=11), "no_show", cast.omar, **AT_THE_DOOR)
    assert trip.status == "no_show"
    event = TripEvent.objects.get(trip=trip, version=trip.version)
    assert "overruled" not in event.data
    assert datetime.fromisoformat(event.data["wait_until"]) < event.occurred_at
    check(trip.pk)


def test_before_that_he_is_told_until_when_to_wait_in_the_companys_clock(cast: Cast) -> None:
    trip = waiting(cast, minutes=9)
    assert trip.arrived_pickup_at is not None
    until = trip.arrived_pickup_at + timedelta(minutes=10)
    clock = until.astimezone(ZoneInfo("Europe/Stockholm")).strftime("%H:%M")
    said = refused(cast, trip, user=cast.omar, **AT_THE_DOOR)
    assert said == f"Wait until {clock}, or ask dispatch."
    Company.objects.update(no_show_wait_minutes=9)
    assert cast.tap(trip, "no_show", cast.omar, **AT_THE_DOOR).status == "no_show"


def test_who_comes_early_waits_from_the_agreed_time_on(cast: Cast) -> None:
    trip = waiting(cast, minutes=30, early=25)
    assert "Wait until" in refused(cast, trip, user=cast.omar, **AT_THE_DOOR)
    trip = waiting(cast, minutes=40, early=25)
    assert cast.tap(trip, "no_show", cast.omar, **AT_THE_DOOR).status == "no_show"


def test_a_tap_that_came_late_counts_by_its_own_clock(cast: Cast) -> None:
    trip = waiting(cast, minutes=60)
    assert trip.arrived_pickup_at is not None
    for minutes, allowed in ((9, False), (10, True)):
        at = trip.arrived_pickup_at + timedelta(minutes=minutes)
        if allowed:
            assert cast.tap(trip, "no_show", cast.omar, occurred_at=at, **AT_THE_DOOR).status
        else:
            assert "Wait" in refused(cast, trip, user=cast.omar, occurred_at=at, **AT_THE_DOOR)


def test_the_position_must_be_at_the_door(cast: Cast) -> None:
    trip = waiting(cast, minutes=11)
    said = "No position shows the vehicle at the pick-up, or ask dispatch."
    assert refused(cast, trip, user=cast.omar) == said
    assert refused(cast, trip, user=cast.omar, **ROUND_THE_CORNER) == said
    Company.objects.update(at_door_radius_m=400)
    assert cast.tap(trip, "no_show", cast.omar, **ROUND_THE_CORNER).status == "no_show"


def test_without_a_position_of_its_own_a_tap_has_the_vans_nearest_one(cast: Cast) -> None:
    trip = waiting(cast, minutes=11)
    seen(cast, AT_THE_DOOR, minutes_ago=12)  # too long ago
    seen(cast, ROUND_THE_CORNER, minutes_ago=2)
    assert "No position" in refused(cast, trip, user=cast.omar)
    seen(cast, AT_THE_DOOR, minutes_ago=1)
    assert cast.tap(trip, "no_show", cast.omar).status == "no_show"


def test_dina_overrules_clock_and_place_with_a_reason_that_is_kept(cast: Cast) -> None:
    trip = waiting(cast, minutes=3)
    said = refused(cast, trip, user=cast.dina)
    assert said.startswith("Wait until")
    assert said.endswith("or give a reason.")
    trip = cast.tap(trip, "no_show", cast.dina, reason="the clinic called")
    event = TripEvent.objects.get(trip=trip, version=trip.version)
    assert (event.data["overruled"], event.message) == (["door", "wait"], "the clinic called")
    check(trip.pk)


def test_dina_needs_no_reason_where_everything_is_proven(cast: Cast) -> None:
    trip = cast.tap(waiting(cast, minutes=11), "no_show", cast.dina, **AT_THE_DOOR)
    event = TripEvent.objects.get(trip=trip, version=trip.version)
    assert "overruled" not in event.data


def test_a_reason_does_not_help_omar(cast: Cast) -> None:
    trip = waiting(cast, minutes=3)
    assert "ask dispatch" in refused(cast, trip, user=cast.omar, reason="in a hurry", **AT_THE_DOOR)


def test_nobody_is_a_no_show_before_the_driver_was_there(cast: Cast) -> None:
    trip = cast.trip_in("en_route_pickup", scheduled_at=datetime.now(UTC) - timedelta(hours=1))
    for user in (cast.omar, cast.dina):
        assert "not possible" in refused(cast, trip, user=user, reason="no", **AT_THE_DOOR)
