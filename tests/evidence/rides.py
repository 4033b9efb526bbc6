"""A ride of Pia's that lies in the past, and the fixes that Omar's van sent of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from tests.cast import DROPOFF, PICKUP, Cast
from trips.models import GpsFix, Trip, Vehicle, VehiclePosition

#: Minutes after the beginning of the ride.
ASSIGNED, STARTED, ARRIVED, PICKED_UP, DROPPED_OFF, COMPLETED = 0, 5, 10, 15, 25, 27
#: Of the vehicle when it is started for the trip: 1.1 km north of the door.
DEPOT = (PICKUP[0] + 0.01, PICKUP[1])


def begins() -> datetime:
    """A ride that begins then is over by now; Omar's shift has begun."""
    return timezone.now() - timedelta(minutes=50)


def ride(cast: Cast, begin: datetime | None = None, **fields: Any) -> Trip:
    """Pia's completed trip, tapped by Omar at the minutes above."""
    begin = begin or begins()
    agreed = {"scheduled_at": begin + timedelta(minutes=12)}
    trip = cast.trip_in("scheduled", **agreed | fields)
    for minute, action in (
        (ASSIGNED, "assign"),
        (ASSIGNED, "dispatch"),
        (STARTED, "start"),
        (ARRIVED, "arrive_pickup"),
        (PICKED_UP, "pick_up"),
        (DROPPED_OFF, "arrive_dropoff"),
        (COMPLETED, "complete"),
    ):
        trip = cast.tap(trip, action, occurred_at=begin + timedelta(minutes=minute))
    return trip


def way(
    begin: datetime,
    minutes: tuple[float, float],
    places: tuple[tuple[float, float], tuple[float, float]],
    every_s: float = 5.0,
) -> list[tuple[datetime, float, float]]:
    """Moments and places of a straight even drive between two minutes of the ride."""
    lasts_s = (minutes[1] - minutes[0]) * 60
    (lat, lon), (to_lat, to_lon) = places
    count = int(lasts_s / every_s)
    return [
        (
            begin + timedelta(minutes=minutes[0], seconds=n * every_s),
            lat + (to_lat - lat) * n / count,
            lon + (to_lon - lon) * n / count,
        )
        for n in range(count + 1)
    ]


def loaded_way(begin: datetime) -> list[tuple[datetime, float, float]]:
    """From the door to the clinic."""
    return way(begin, (PICKED_UP, DROPPED_OFF), (PICKUP, DROPOFF))


def unloaded_way(begin: datetime) -> list[tuple[datetime, float, float]]:
    """From the depot to the door."""
    return way(begin, (STARTED, ARRIVED), (DEPOT, PICKUP))


def report(
    vehicle: Vehicle,
    places: Iterable[tuple[datetime, float, float]],
    *,
    device_id: int,
    trip: Trip | None = None,
    received_at: datetime | None = None,
    clock_ahead: timedelta = timedelta(),
    verdict: str = "kept",
) -> None:
    """Fixes as the GPS door keeps them."""
    rows = [
        GpsFix(
            device_id=device_id,
            vehicle_id=vehicle.pk,
            trip=trip,
            recorded_at=at + clock_ahead,
            corrected_at=at if clock_ahead else None,
            received_at=received_at or at,
            latitude=latitude,
            longitude=longitude,
            verdict=verdict,
        )
        for at, latitude, longitude in places
    ]
    with connection.cursor() as cursor:
        for day in {row.recorded_at.date() for row in rows}:
            cursor.execute("SELECT trips_gpsfix_make_day(%s)", [day])
    GpsFix.objects.bulk_create(rows)


def marker(vehicle: Vehicle, at: datetime, place: tuple[float, float]) -> None:
    """The newest position of a vehicle."""
    now = timezone.now()
    values = {"latitude": place[0], "longitude": place[1], "recorded_at": at, "updated_at": now}
    VehiclePosition.objects.update_or_create(vehicle=vehicle, defaults=values)
