"""Where each vehicle stands, one row a vehicle, written close behind its fixes.

A statement of its own, for many groups of fixes at once: inside theirs, two processes would wait
for each other's commits. What a crash leaves behind `heal` finds in the fixes.
"""

import asyncio
import logging
from collections.abc import Iterable

import psycopg
from django.db import connection

from trips.tracking.lane import Lane, Unavailable
from trips.tracking.rows import Row, numbers

logger = logging.getLogger(__name__)

#: Statements are at least this far apart, and further after a large one; meanwhile newer
#: positions replace older ones.
APART_S, APART_PER_VEHICLE_S = 0.02, 0.0005

# In vehicle order: two processes never deadlock.
_MOVE_ON = """
    ON CONFLICT (vehicle_id) DO UPDATE SET
        driver_id = excluded.driver_id, latitude = excluded.latitude,
        longitude = excluded.longitude, speed_mps = excluded.speed_mps,
        heading_deg = excluded.heading_deg, recorded_at = excluded.recorded_at,
        updated_at = excluded.updated_at
    WHERE p.recorded_at < excluded.recorded_at"""
_INTO = """
    INSERT INTO trips_vehicleposition AS p (vehicle_id, driver_id, latitude, longitude,
        speed_mps, heading_deg, recorded_at, updated_at)"""
_MOVE = f"""{_INTO}
    SELECT vehicle_id, driver_id, latitude, longitude, speed_mps, heading_deg,
        'epoch'::timestamptz + us * interval '1 microsecond', clock_timestamp()
    FROM unnest(%s::bigint[], %s::bigint[], %s::float8[], %s::float8[], %s::float8[],
        %s::float8[], %s::bigint[])
        AS t (vehicle_id, driver_id, latitude, longitude, speed_mps, heading_deg, us)
    WHERE EXISTS (SELECT FROM trips_vehicle WHERE id = vehicle_id)
    ORDER BY vehicle_id {_MOVE_ON}"""  # noqa: S608 - constants
_FIELDS = (
    "vehicle_id",
    "driver_id",
    "latitude",
    "longitude",
    "speed_mps",
    "heading_deg",
    "at_us",
)
# The newest fix of each device by its unique index; quick for any number of fixes.
_HEAL = f"""{_INTO}
    SELECT DISTINCT ON (f.vehicle_id) f.vehicle_id, f.driver_id, f.latitude, f.longitude,
        f.speed_mps, f.heading_deg, coalesce(f.corrected_at, f.recorded_at), clock_timestamp()
    FROM trips_device d CROSS JOIN LATERAL (
        SELECT * FROM trips_gpsfix
        WHERE device_id = d.id AND verdict = 'kept' AND vehicle_id IS NOT NULL
          AND recorded_at > now() - interval '1 day'
        ORDER BY recorded_at DESC LIMIT 1) f
    JOIN trips_vehicle v ON v.id = f.vehicle_id
    WHERE d.last_seen_at > now() - interval '10 minutes'
    ORDER BY f.vehicle_id, coalesce(f.corrected_at, f.recorded_at) DESC {_MOVE_ON}"""  # noqa: S608 - constants


class Positions:
    """One per process: the newest position per vehicle on its way to the table."""

    def __init__(self) -> None:
        self._lane = Lane()
        self._newest: dict[int, Row] = {}
        self._writer: asyncio.Task[None] | None = None

    def move(self, rows: Iterable[Row]) -> None:
        """Take note of committed fixes; those that are believed move their vehicles."""
        for row in rows:
            if row.vehicle_id is None or row.verdict != "kept":
                continue
            known = self._newest.get(row.vehicle_id)
            if known is None or known.at_us < row.at_us:
                self._newest[row.vehicle_id] = row
        if self._newest and (self._writer is None or self._writer.done()):
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while self._newest:
            rows, self._newest = list(self._newest.values()), {}
            columns = [numbers([getattr(row, name) for row in rows]) for name in _FIELDS]
            try:
                await self._lane.run((_MOVE, columns))
            except (Unavailable, psycopg.Error) as exc:
                logger.warning("positions left to be healed: %s", type(exc).__name__)
                return
            await asyncio.sleep(APART_S + APART_PER_VEHICLE_S * len(rows))


def heal() -> int:
    """Move the vehicles whose newest fix was committed just before a crash; how many."""
    with connection.cursor() as cursor:
        cursor.execute(_HEAL)
        moved: int = cursor.rowcount
    return moved
