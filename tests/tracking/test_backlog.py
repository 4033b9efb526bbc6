"""A backlog belongs to the vehicle and the trip of its time, not to those of now."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.cast import Cast
from tests.tracking.door import Door, fix, kept
from trips.models import Assignment, Shift, Vehicle

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_omar_recorded_in_yesterdays_van_is_yesterdays_vans(cast: Cast, door: Door) -> None:
    trip = cast.trip_in("in_progress")
    yesterday = timezone.now() - timedelta(days=1)
    other = Vehicle.objects.create(name="Van of yesterday", capacities=[{"amb": 3}])
    Shift.objects.create(
        driver=cast.driver,
        vehicle=other,
        starts_at=yesterday - timedelta(hours=4),
        ends_at=yesterday + timedelta(hours=4),
    )
    door.post(trip, [fix(recorded_at=yesterday.isoformat()), fix()])
    old, new = kept()
    assert (old.vehicle_id, old.trip_id) == (other.pk, None)
    assert (new.vehicle_id, new.trip_id) == (cast.van.pk, trip.pk)


def test_a_trackers_backlog_finds_the_trip_that_had_started_then(cast: Cast, door: Door) -> None:
    began = timezone.now() - timedelta(hours=2)
    trip = cast.trip_in("dispatched")
    for action in ("start", "arrive_pickup", "pick_up", "arrive_dropoff", "complete"):
        cast.tap(trip, action, occurred_at=began)
    Assignment.objects.filter(trip=trip).update(
        started_at=began - timedelta(minutes=30), ended_at=began + timedelta(hours=1)
    )
    times = [began + timedelta(minutes=minutes) for minutes in (-5, 5, 90)]
    body = [fix(recorded_at=at.isoformat()) for at in times]
    assert door.http.post(f"/api/gps/{cast.tracker_token}/", json=body).status_code == 202
    assert [row.trip_id for row in kept()] == [None, trip.pk, None]
    assert {row.vehicle_id for row in kept()} == {cast.van.pk}
