"""The positions that a measurement rests on: raw ones, or what was sealed of them."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from trips.evidence.distance import Travelled, along_sealed
from trips.models import TrackSeal, Trip
from trips.tracking.filters import Verdict
from trips.tracking.simplify import Point

#: A device's clock that is off by more is not looked for.
CLOCK_OFF = timedelta(days=1)

# A fix belongs to a trip because it says so, or because its vehicle had the trip then: of two
# trips aboard a fix names one. Both by index, in the partitions of the time asked for.
_FIXES = """
    SELECT device_id, extract(epoch FROM at)::float8, latitude, longitude FROM (
        SELECT id, device_id, latitude, longitude, coalesce(corrected_at, recorded_at) AS at
        FROM trips_gpsfix
        WHERE trip_id = %(trip)s AND verdict = ANY(%(believed)s)
          AND recorded_at BETWEEN %(early)s AND %(late)s
        UNION
        SELECT f.id, f.device_id, f.latitude, f.longitude, coalesce(f.corrected_at, f.recorded_at)
        FROM trips_assignment a
        JOIN trips_device d ON d.vehicle_id = a.vehicle_id OR d.driver_id = a.driver_id
        JOIN trips_gpsfix f ON f.device_id = d.id AND f.vehicle_id = a.vehicle_id
        WHERE a.trip_id = %(trip)s AND f.verdict = ANY(%(believed)s)
          AND f.recorded_at BETWEEN %(from)s AND %(to)s
          AND f.recorded_at BETWEEN a.started_at AND coalesce(a.ended_at, 'infinity')) found
    WHERE at BETWEEN %(from)s AND %(to)s"""


def raw_tracks(trip: Trip, begin: datetime, end: datetime) -> list[list[Point]]:
    """What each device reported for the trip between two times, in any order."""
    parameters: dict[str, Any] = {
        "trip": trip.pk,
        "believed": [Verdict.KEPT.value, Verdict.LATE.value],
        "from": begin,
        "to": end,
        "early": begin - CLOCK_OFF,
        "late": end + CLOCK_OFF,
    }
    tracks: dict[int, list[Point]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_FIXES, parameters)
        for device_id, *point in cursor.fetchall():
            tracks[device_id].append(Point(*point))
    return list(tracks.values())


def sealed(trip: Trip, begin_at: float, end_at: float) -> Travelled:
    """What was sealed of the trip's positions between two times (unix s); no fixes: nothing."""
    seals = list(TrackSeal.objects.filter(trip=trip).values_list("track", "gaps"))
    track = sorted(Point(*point) for points, _ in seals for point in points)
    track = [point for point in track if begin_at <= point.at <= end_at]
    if len(track) < 2:
        return Travelled(0.0, 0, [])
    gaps = [(gap[0], gap[1]) for _, gaps in seals for gap in gaps]
    within = [(begin, end) for begin, end in gaps if begin_at <= begin and end <= end_at]
    return Travelled(along_sealed(track, within), len(track), within)
