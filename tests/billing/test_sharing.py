"""A tour with several riders: who was aboard when, and miles that are split to the cent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing.models import Rate
from billing.pricing import price_trip
from billing.sharing import stretches_of
from tests.cast import DROPOFF, PICKUP, Cast
from tests.evidence.rides import report, way
from trips.dispatch.travel import road_distance_m
from trips.models import Trip

pytestmark = pytest.mark.django_db

ZERO = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
#: The van's way: the door, another door, the clinic, another clinic.
A, B, C, D = PICKUP, (57.70, 11.96), DROPOFF, (57.67, 11.95)


def at(minute: float) -> datetime:
    return ZERO + timedelta(minutes=minute)


def rider(cast: Cast, aboard: tuple[float, float | None], **places: object) -> Trip:
    """A trip in Omar's van, aboard between two minutes; no second one: still."""
    begin, end = aboard
    trip = cast.trip_in("completed" if end is not None else "in_progress", **places)
    Trip.objects.filter(pk=trip.pk).update(
        scheduled_at=at(begin),
        arrived_pickup_at=at(begin),
        picked_up_at=at(begin),
        dropped_off_at=None if end is None else at(end),
    )
    trip.assignments.update(started_at=at(begin - 5), ended_at=None if end is None else at(end))
    trip.refresh_from_db()
    return trip


def two(cast: Cast) -> tuple[Trip, Trip]:
    """One rides from A to C, another one from B to D; both are aboard between B and C."""
    first = rider(cast, (0, 20))
    second = rider(
        cast, (10, 30), pickup_latitude=B[0], pickup_longitude=B[1],
        dropoff_latitude=D[0], dropoff_longitude=D[1],
    )  # fmt: skip
    return first, second


def split_rate(**fields: object) -> Rate:
    return Rate.objects.create(
        mobility="ambulatory", valid_from="2021-01-01", base_cents=1_000, mile_cents=333,
        shared_miles="split", **fields,
    )  # fmt: skip


def shapes(trip: Trip) -> list[tuple[int, int]]:
    return [(part.riders, part.place) for part in stretches_of(trip)]


def test_who_rides_alone_has_no_stretches(cast: Cast) -> None:
    rider(cast, (40, 50))
    rider(cast, (20, 30))  # begins when the other one gets out
    cast.give_to_eve(cast.trip_in("scheduled"))
    assert stretches_of(rider(cast, (0, 20))) == ()


def test_two_riders_see_the_same_shared_metres_without_a_track(cast: Cast) -> None:
    first, second = two(cast)
    of_first, of_second = stretches_of(first), stretches_of(second)
    assert (shapes(first), shapes(second)) == ([(1, 0), (2, 0)], [(2, 1), (1, 0)])
    assert of_first[1].distance_m == of_second[0].distance_m == road_distance_m(B, C)
    assert of_first[0].distance_m == road_distance_m(A, B)
    assert of_second[1].distance_m == road_distance_m(C, D)


def test_two_riders_see_the_same_shared_metres_of_the_vans_track(cast: Cast) -> None:
    first, second = two(cast)
    track = [
        *way(ZERO, (0, 10), (A, B)),
        *way(ZERO, (10, 20), (B, C)),
        *way(ZERO, (20, 30), (C, D)),
    ]
    report(cast.van, dict.fromkeys(track), device_id=cast.tracker.pk, received_at=at(31))
    (_, mine), (theirs, _) = stretches_of(first), stretches_of(second)
    assert mine.distance_m == theirs.distance_m
    assert mine.distance_m == pytest.approx(road_distance_m(B, C) / 1.3, rel=0.01)


def test_who_is_still_aboard_counts_and_who_was_never_aboard_does_not(cast: Cast) -> None:
    rider(cast, (10, None))
    waiting = cast.trip_in("arrived_pickup")
    waiting.assignments.update(started_at=at(5))
    assert shapes(rider(cast, (0, 20))) == [(1, 0), (2, 1)]


def test_a_rider_of_another_vehicle_does_not_share(cast: Cast) -> None:
    other = rider(cast, (5, 15))
    other.assignments.update(vehicle=cast.spare_van)
    assert stretches_of(rider(cast, (0, 20))) == ()


def test_after_a_transfer_those_count_who_are_in_the_other_vehicle(cast: Cast) -> None:
    here, there = rider(cast, (0, 30)), rider(cast, (0, 30))
    there.assignments.update(vehicle=cast.spare_van)
    moved = rider(cast, (0, 30))
    moved.assignments.update(ended_at=at(12))
    moved.assignments.create(
        driver=cast.strange_driver, vehicle=cast.spare_van, started_at=at(12), ended_at=at(30)
    )
    assert shapes(moved) == [(2, 1), (2, 1)]
    assert shapes(here) == [(2, 0), (1, 0)]
    assert shapes(there) == [(1, 0), (2, 0)]


def test_shared_miles_are_paid_once_by_all_together(cast: Cast) -> None:
    first, second = two(cast)
    split_rate()
    shared_cents = 0
    for trip in (first, second):
        lines = price_trip(trip).lines
        assert [line.modifiers[-1] == "GM" for line in lines] == [True, False, True]
        shared_cents += lines[2].amount_cents
        assert lines[2].evidence["legs"]
    # B to C: 1.9 km straight, times 1.3: 1.5 miles at 3.33 are 4.995, so 5.00.
    assert shared_cents == 500


def test_where_each_pays_in_full_nobody_is_looked_for(cast: Cast) -> None:
    first, _ = two(cast)
    split_rate()
    Rate.objects.filter(shared_miles="split").update(shared_miles="full")
    priced = price_trip(first)
    assert priced.facts.stretches == ()
    assert len(priced.lines) == 2
