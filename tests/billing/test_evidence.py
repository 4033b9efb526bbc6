"""What a price rests on: the track from door to door, else an estimate that says so."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from billing.evidence import CIRCUITY, FEWEST_FIXES, facts_of
from tests.cast import DROPOFF, PICKUP, Cast
from trips.models import GpsFix, Trip
from trips.tracking.geo import distance_m

pytestmark = pytest.mark.django_db
#: A hundredth of a degree northwards.
STEP_M = distance_m(57.70, 11.96, 57.71, 11.96)


@pytest.fixture
def trip(cast: Cast) -> Trip:
    """Door to door in ten minutes."""
    trip = cast.trip_in("completed")
    assert trip.picked_up_at
    trip.picked_up_at -= timedelta(minutes=10)
    return trip


def fix(
    trip: Trip, minute: float, steps: float, verdict: str = "kept", off: timedelta | None = None
) -> None:
    """A fix `minute` minutes after the pick-up and `steps` hundredths of a degree north of it.

    `off`: by how much the phone's clock was ahead of that.
    """
    assert trip.picked_up_at
    at = trip.picked_up_at + timedelta(minutes=minute)
    day_of = at + off if off else at
    _make_day(day_of)
    GpsFix.objects.create(
        device_id=1,
        vehicle_id=trip.vehicle_id,
        trip=trip,
        recorded_at=day_of,
        corrected_at=at if off else None,
        received_at=at,
        latitude=57.70 + steps / 100,
        longitude=11.96,
        verdict=verdict,
    )


def _make_day(at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT trips_gpsfix_make_day(%s)", [at.date()])


def test_the_loaded_miles_are_measured_along_the_track(trip: Trip) -> None:
    for n, steps in enumerate([0, 1, 2, 1, 0, 1]):  # to and fro counts as driven
        fix(trip, 1 + n, steps)
    facts = facts_of(trip)
    assert facts.distance_source == "gps:6 fixes"
    assert float(facts.loaded_miles) == pytest.approx(5 * STEP_M / 1_609.344, abs=0.05)


def test_fixes_count_in_the_order_of_their_true_time_and_late_ones_too(trip: Trip) -> None:
    hour_ahead = timedelta(hours=1)
    for minute, steps, off in (
        (5, 4, None),
        (1, 0, None),
        (3, 2, hour_ahead),
        (2, 1, None),
        (4, 3, hour_ahead),
    ):
        fix(trip, minute, steps, "late" if steps == 1 else "kept", off)
    facts = facts_of(trip)
    assert facts.distance_source == "gps:5 fixes"
    assert float(facts.loaded_miles) == pytest.approx(4 * STEP_M / 1_609.344, abs=0.05)


def test_unloaded_ways_and_fixes_from_the_future_cost_nobody_anything(trip: Trip) -> None:
    for n in range(FEWEST_FIXES):
        fix(trip, 1 + n, n)
    before = facts_of(trip)
    fix(trip, -5, -50)
    fix(trip, 60, 90)
    fix(trip, 3.5, 70, verdict="future")
    assert facts_of(trip) == before


def test_too_few_fixes_are_no_track_and_the_estimate_says_that_it_is_one(trip: Trip) -> None:
    for n in range(FEWEST_FIXES - 1):
        fix(trip, 1 + n, 30 * n)
    facts = facts_of(trip)
    straight_m = distance_m(*PICKUP, *DROPOFF)
    assert float(facts.loaded_miles) == pytest.approx(straight_m * CIRCUITY / 1_609.344, abs=0.05)
    assert facts.distance_source == "estimate: straight line x 1.3"
    assert isinstance(facts.loaded_miles, Decimal)


@pytest.mark.parametrize(
    ("arrived", "agreed", "boarded", "minutes"),
    [
        (0, 0, 25, 25),  # on time
        (0, 10, 25, 15),  # early: the patient's time begins when it was agreed
        (12, 0, 25, 13),  # late: the wait begins at the door
        (0, None, 25, 25),  # a will-call without a time
        (0, 30, 25, 0),  # aboard before it was agreed
        (0, 0, 15.99, 15),  # whole minutes, in the payer's favour
    ],
)
def test_the_wait_runs_from_arrival_or_agreed_time_to_the_boarding(
    trip: Trip, arrived: float, agreed: float | None, boarded: float, minutes: int
) -> None:
    zero = trip.scheduled_at
    assert zero
    trip.arrived_pickup_at = zero + timedelta(minutes=arrived)
    trip.scheduled_at = None if agreed is None else zero + timedelta(minutes=agreed)
    trip.picked_up_at = zero + timedelta(minutes=boarded)
    assert facts_of(trip).wait_minutes == minutes
