"""Where an event was: the tap's own position, else the nearest fix of the vehicle in time."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection

from trips.lifecycle import EVENT_OF_STATUS, Action, Status
from trips.models import Trip, TripEvent, VehiclePosition
from trips.tracking.geo import distance_m

TAP, FIX = "tap", "fix"
#: A fix further away in time says nothing about where the event was.
NEAREST_WITHIN = timedelta(minutes=10)
#: States in which the drop-off is the stop that a trip is about.
TO_DROPOFF = frozenset({Status.IN_PROGRESS, Status.ARRIVED_DROPOFF, Status.COMPLETED})
#: A late fact names the tap that it was: these tell of the pick-up.
AT_PICKUP = frozenset({Action.ARRIVE_PICKUP, Action.PICK_UP})
#: They tell of a calculation, not of a place.
NOWHERE = frozenset({"trip.remeasured"})


class Seen(NamedTuple):
    """Where a vehicle was, in degrees, and when."""

    latitude: float
    longitude: float
    at: datetime


def locate(trip: Trip, event: TripEvent) -> None:
    """Give an unsaved event its position, how old that is, and how far from the stop."""
    if event.latitude is not None:
        event.position_source, event.position_age_s = TAP, 0.0
    elif trip.vehicle_id is not None and event.event not in NOWHERE:
        seen = nearest(trip.vehicle_id, trip.driver_id, event.occurred_at)
        if seen is not None:
            event.latitude, event.longitude = seen.latitude, seen.longitude
            event.position_source = FIX
            event.position_age_s = (event.occurred_at - seen.at).total_seconds()
    if event.latitude is not None and event.longitude is not None:
        stop = stop_of(trip, event)
        event.stop_distance_m = distance_m(event.latitude, event.longitude, *stop)


def stop_of(trip: Trip, event: TripEvent) -> tuple[float, float]:
    """(latitude, longitude) of the stop that an event is about: the pick-up until it is done."""
    at_pickup = event.event == EVENT_OF_STATUS[Status.IN_PROGRESS]
    if at_pickup or event.data.get("action") in AT_PICKUP or event.status not in TO_DROPOFF:
        return trip.pickup_latitude, trip.pickup_longitude
    return trip.dropoff_latitude, trip.dropoff_longitude


def nearest(vehicle_id: int, driver_id: int | None, at: datetime) -> Seen | None:
    """Where the vehicle was at the time nearest to `at`, within NEAREST_WITHIN; else None.

    One statement for something that happens now: then its newest position is the nearest. For
    what came late a second one reads the fixes around that time.
    """
    newest = VehiclePosition.objects.filter(
        vehicle_id=vehicle_id, recorded_at__gte=at - NEAREST_WITHIN
    ).first()
    if newest is None:
        return None
    if newest.recorded_at <= at:
        return Seen(newest.latitude, newest.longitude, newest.recorded_at)
    return _nearest_fix(vehicle_id, driver_id, at)


# By the index of each device that reports for the vehicle, and in one or two partitions.
_NEAREST = """
    SELECT latitude, longitude, at FROM (
        SELECT f.latitude, f.longitude, coalesce(f.corrected_at, f.recorded_at) AS at
        FROM trips_device d JOIN trips_gpsfix f ON f.device_id = d.id
        WHERE (d.vehicle_id = %(vehicle)s OR d.driver_id = %(driver)s)
          AND f.vehicle_id = %(vehicle)s AND f.verdict IN ('kept', 'late')
          AND f.recorded_at BETWEEN %(from)s AND %(to)s) near
    WHERE at BETWEEN %(from)s AND %(to)s
    ORDER BY abs(extract(epoch FROM at - %(at)s)) LIMIT 1"""


def _nearest_fix(vehicle_id: int, driver_id: int | None, at: datetime) -> Seen | None:
    around = {"at": at, "from": at - NEAREST_WITHIN, "to": at + NEAREST_WITHIN}
    with connection.cursor() as cursor:
        cursor.execute(_NEAREST, {"vehicle": vehicle_id, "driver": driver_id, **around})
        row = cursor.fetchone()
    return Seen(*row) if row else None
