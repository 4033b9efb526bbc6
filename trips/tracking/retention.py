"""Days of fixes: made ahead, sealed and dropped when they are older than the kept days.

A day goes in three steps, each of which a crash may follow: its partition is detached (from
then on nobody writes to it), each of its trips is sealed, and the table is dropped. Only the
first needs a lock that ingest feels; it is asked for briefly and given up, because whoever
waits for it holds up every fix behind it.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from config.locks import briefly
from trips.models import TrackSeal
from trips.tracking.filters import OLDEST_S, Verdict
from trips.tracking.simplify import Point, gaps, length_m, simplify

logger = logging.getLogger(__name__)

#: Partitions that exist before their day begins, so that no fix has to make its own.
DAYS_AHEAD = 3
PREFIX, CLOSED_PREFIX = "trips_gpsfix_", "trips_gpsfix_closed_"
#: After its last moment a day stays so long: fixes judged just in time are still on their way.
MARGIN = timedelta(hours=1)
#: How long ingest may be held up at once, and how long a table that is nobody's is waited for
#: (beyond PostgreSQL's deadlock_timeout, after which an autovacuum gives way).
DETACH_WITHIN_MS, DROP_WITHIN_MS = 100, 5_000
TOLERANCE_M = 20.0
#: Phones report at least every half minute while they drive.
LONGEST_SILENCE_S = 120.0


def roll_days() -> tuple[int, int]:
    """(days made, days dropped). Dropping a partition takes the same time for any size."""
    now = timezone.now()
    existing, made = _attached_days(), make_days_ahead()
    oldest, closed = _oldest_kept(now), _closed_days()
    for day in existing:
        if day < oldest and day not in closed:
            close = _CLOSE.format(open=f"{PREFIX}{day:%Y%m%d}", closed=_closed(day))
            briefly(close, DETACH_WITHIN_MS)
    return made, sum(_seal_and_drop(day) for day in _closed_days())


def make_days_ahead() -> int:
    """Make the days from yesterday on that have no partition yet; how many."""
    today, existing = timezone.now().date(), _attached_days()
    ahead = [today + timedelta(days=n) for n in range(-1, DAYS_AHEAD + 1)]
    made = [day for day in ahead if day not in existing]
    for day in made:
        _execute("SELECT trips_gpsfix_make_day(%s)", day)
    return len(made)


def days_ahead() -> int:
    """How many days from today (UTC) on have their partition, without a gap."""
    today, existing = timezone.now().date(), set(_attached_days())
    number = 0
    while today + timedelta(days=number) in existing:
        number += 1
    return number


def _oldest_kept(now: datetime) -> date:
    # Never a day for which the door still takes fixes: they would be dropped unsealed.
    kept = max(timedelta(days=settings.GPS_KEEP_DAYS), timedelta(seconds=OLDEST_S))
    return (now - kept - MARGIN).date()


def _seal_and_drop(day: date) -> bool:
    """Seal a detached day and drop it; False where it has to stay."""
    table = _closed(day)
    fixes = dict(_rows(_FIXES_BY_TRIP.format(table=table)))
    sealed = set(TrackSeal.objects.filter(day=day).values_list("trip_id", flat=True))
    for trip_id in sorted(fixes.keys() - sealed):
        _seal(table, day, trip_id)
    counts = TrackSeal.objects.filter(day=day, trip__in=fixes).values_list("trip_id", "fixes")
    if dict(counts) != fixes:
        # Raw points are evidence: what no seal covers is for a person to look at.
        logger.error("day %s of fixes does not match its seals and stays", day)
        return False
    return briefly(f"DROP TABLE IF EXISTS {table}", DROP_WITHIN_MS)


# --- the seal


def _seal(table: str, day: date, trip_id: int) -> None:
    rows = _rows(_RAW.format(table=table), trip_id)
    times = [_time_us(row) for row in rows]
    believed = sorted(_believed(rows))
    seal = TrackSeal(
        trip_id=trip_id,
        day=day,
        fixes=len(rows),
        first_at=_moment(min(times)),
        last_at=_moment(max(times)),
        distance_m=length_m(believed),
        track=_simplified(believed),
        gaps=gaps(believed, LONGEST_SILENCE_S),
        raw_sha256=raw_sha256(rows),
    )
    TrackSeal.objects.bulk_create([seal], ignore_conflicts=True)


def raw_sha256(rows: Iterable[tuple[Any, ...]]) -> str:
    """SHA-256 (hex) over `raw_line` of each of a trip's raw points, in key order."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(raw_line(row))
    return digest.hexdigest()


def raw_line(row: tuple[Any, ...]) -> bytes:
    """One raw point as hashed: a JSON array without spaces and a line feed.

    [device_id, recorded_us, corrected_us, received_us, latitude, longitude, speed_mps,
    heading_deg, accuracy_m, altitude_m, battery, client_id, vehicle_id, driver_id, verdict];
    times in unix microseconds, lines ordered by (recorded_us, device_id, latitude, longitude).
    """
    return json.dumps(row, separators=(",", ":")).encode() + b"\n"


def _believed(rows: Iterable[tuple[Any, ...]]) -> Iterator[Point]:
    for row in rows:
        if row[-1] in (Verdict.KEPT, Verdict.LATE):
            yield Point(_time_us(row) / 1_000_000, row[4], row[5])


def _simplified(points: list[Point]) -> list[Point]:
    """Simplified between gaps, so that nothing is interpolated over a silence."""
    kept: list[Point] = []
    piece: list[Point] = []
    for point in points:
        if piece and point.at - piece[-1].at > LONGEST_SILENCE_S:
            kept += simplify(piece, TOLERANCE_M)
            piece = []
        piece.append(point)
    return kept + simplify(piece, TOLERANCE_M)


def _time_us(row: tuple[Any, ...]) -> int:
    """When it was, as well as it is known."""
    recorded_us: int = row[1]
    corrected_us: int | None = row[2]
    return recorded_us if corrected_us is None else corrected_us


def _moment(unix_us: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=unix_us)


# --- statements

_ATTACHED = "SELECT relid::regclass::text FROM pg_partition_tree('trips_gpsfix') WHERE isleaf"
_DETACHED = """SELECT relname FROM pg_class
    WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
      AND starts_with(relname, %s)"""
# The first lock is `trips_gpsfix_make_day`'s: a day is not made while it is closed. Under the
# new name it is in nobody's way.
_CLOSE = """
    SELECT pg_advisory_xact_lock(hashtext('trips_gpsfix_make_day'));
    ALTER TABLE trips_gpsfix DETACH PARTITION {open};
    ALTER TABLE {open} RENAME TO {closed}"""
_FIXES_BY_TRIP = """
    SELECT trip_id, count(*) FROM {table} JOIN trips_trip ON trips_trip.id = trip_id
    GROUP BY trip_id"""
_RAW = """
    SELECT device_id, (extract(epoch FROM recorded_at) * 1000000)::bigint,
           (extract(epoch FROM corrected_at) * 1000000)::bigint,
           (extract(epoch FROM received_at) * 1000000)::bigint,
           latitude, longitude, speed_mps, heading_deg, accuracy_m, altitude_m, battery,
           client_id, vehicle_id, driver_id, verdict
    FROM {table} WHERE trip_id = %s ORDER BY recorded_at, device_id, latitude, longitude"""


def _closed(day: date) -> str:
    return f"{CLOSED_PREFIX}{day:%Y%m%d}"


def _attached_days() -> list[date]:
    return _days(PREFIX, _rows(_ATTACHED))


def _closed_days() -> list[date]:
    return _days(CLOSED_PREFIX, _rows(_DETACHED, CLOSED_PREFIX))


def _days(prefix: str, rows: list[tuple[Any, ...]]) -> list[date]:
    names = sorted(name.removeprefix(prefix) for (name,) in rows)
    return [datetime.strptime(name, "%Y%m%d").replace(tzinfo=UTC).date() for name in names]


def _execute(sql: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)


def _rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
