"""What a price rests on: the trip's measurement, and where it says that it comes from."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from billing.evidence import facts_of
from tests.cast import DROPOFF, PICKUP, Cast
from tests.evidence.rides import begins, loaded_way, report, ride
from trips.models import Trip, TripMeasurement
from trips.tracking.geo import distance_m

pytestmark = pytest.mark.django_db

LOADED_M = distance_m(*PICKUP, *DROPOFF)


def test_the_loaded_miles_are_measured_along_the_track(cast: Cast) -> None:
    begin = begins()
    trip = ride(cast, begin)
    report(cast.van, loaded_way(begin), device_id=cast.tracker.pk, trip=trip)
    facts = facts_of(trip)
    assert facts.distance_source == "gps:121 fixes, 100% covered"
    assert float(facts.loaded_miles) == pytest.approx(LOADED_M / 1_609.344, abs=0.05)
    assert isinstance(facts.loaded_miles, Decimal)


def test_without_a_track_there_is_an_estimate_that_says_that_it_is_one(cast: Cast) -> None:
    facts = facts_of(ride(cast))
    assert float(facts.loaded_miles) == pytest.approx(LOADED_M * 1.3 / 1_609.344, abs=0.05)
    assert facts.distance_source == "estimate: straight line x 1.3"


def test_a_price_rests_on_what_was_measured_and_not_on_what_came_later(cast: Cast) -> None:
    begin = begins()
    trip = ride(cast, begin)
    before = facts_of(trip)
    report(cast.van, loaded_way(begin), device_id=cast.tracker.pk, trip=trip)
    assert facts_of(trip) == before
    TripMeasurement.objects.update(is_stale=True)
    assert facts_of(trip) != before


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
    cast: Cast, arrived: float, agreed: float | None, boarded: float, minutes: int
) -> None:
    trip = ride(cast)
    zero = trip.scheduled_at
    assert zero
    times: dict[str, datetime | None] = {
        "scheduled_at": None if agreed is None else zero + timedelta(minutes=agreed),
        "arrived_pickup_at": zero + timedelta(minutes=arrived),
        "picked_up_at": zero + timedelta(minutes=boarded),
        "dropped_off_at": zero + timedelta(minutes=boarded + 5),
    }
    Trip.objects.filter(pk=trip.pk).update(**times)
    assert facts_of(trip).wait_minutes == minutes
