"""Which tap a position suggests, by the rules alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from trips.dispatch.geofence import STAY, near_since, suggestion
from trips.lifecycle import Status

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
RADIUS_M = 200.0


def near(known: datetime | None, distance_m: float, speed_mps: float | None) -> datetime | None:
    return near_since(
        known, distance_m=distance_m, speed_mps=speed_mps, radius_m=RADIUS_M, seen_at=NOW
    )


@pytest.mark.parametrize(
    ("distance_m", "speed_mps", "there"),
    [(0, 0.0, True), (199, 1.9, True), (199, None, True), (201, 0.0, False), (10, 2.1, False)],
)
def test_who_is_slow_at_the_door_is_there(
    distance_m: float, speed_mps: float | None, there: bool
) -> None:
    assert near(None, distance_m, speed_mps) == (NOW if there else None)


@pytest.mark.parametrize(
    ("distance_m", "speed_mps", "stays"),
    [(299, 0.0, True), (150, 4.9, True), (301, 0.0, False), (150, 5.1, False)],
)
def test_who_is_there_stays_there_until_he_drives_on(
    distance_m: float, speed_mps: float, stays: bool
) -> None:
    before = NOW - timedelta(minutes=1)
    assert near(before, distance_m, speed_mps) == (before if stays else None)


def test_only_who_stays_for_a_while_is_taken_to_have_arrived() -> None:
    assert suggestion("en_route_pickup", NOW - STAY, NOW) == "arrive_pickup"
    assert suggestion("in_progress", NOW - STAY, NOW) == "arrive_dropoff"
    assert suggestion("en_route_pickup", NOW - STAY + timedelta(seconds=1), NOW) == ""
    assert suggestion("en_route_pickup", None, NOW) == ""


@pytest.mark.parametrize(
    "status", sorted(set(Status) - {Status.EN_ROUTE_PICKUP, Status.IN_PROGRESS})
)
def test_where_no_arrival_is_due_none_suggests_itself(status: str) -> None:
    assert suggestion(status, NOW - STAY, NOW) == ""
