"""Group commit: the fixes of many requests in one statement, each answered after the commit."""

import asyncio
import hashlib
import time
from contextvars import Context
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg

from trips.tracking.counted import FixCounts
from trips.tracking.lane import Lane, Unavailable
from trips.tracking.positions import Positions
from trips.tracking.rows import Doubt, Row, columns

#: Rows per statement; more wait for the next one.
GROUP_SIZE = 5_000
#: While one statement runs the next group gathers; this much longer to gather more.
GATHER_S = 0.004
#: Rows waiting beyond which a process refuses more rather than answer late.
MOST_WAITING = 50_000


class _Waiting(msgspec.Struct, gc=False):
    rows: list[Row]
    doubts: list[Doubt]
    done: "asyncio.Future[list[bool]]"


_COLUMNS = (
    "device_id, vehicle_id, driver_id, trip_id, recorded_at, corrected_at, latitude,"
    " longitude, speed_mps, heading_deg, accuracy_m, altitude_m, battery, client_id, verdict"
)
# Rows are inserted in key order: two processes with the same fixes never deadlock.
_KEEP = f"""
    WITH input AS (
        SELECT device_id, vehicle_id, driver_id, trip_id,
               'epoch'::timestamptz + us * interval '1 microsecond' AS recorded_at,
               'epoch'::timestamptz + corrected_us * interval '1 microsecond' AS corrected_at,
               latitude, longitude, speed_mps, heading_deg, accuracy_m, altitude_m, battery,
               client_id, verdict, n
        FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
                    %s::bigint[], %s::float8[], %s::float8[], %s::float8[], %s::float8[],
                    %s::float8[], %s::float8[], %s::float8[], %s::text[], %s::text[])
             WITH ORDINALITY
             AS t (device_id, vehicle_id, driver_id, trip_id, us, corrected_us, latitude, longitude,
                   speed_mps, heading_deg, accuracy_m, altitude_m, battery, client_id,
                   verdict, n)
    ), kept AS (
        INSERT INTO trips_gpsfix ({_COLUMNS}, received_at)
        SELECT {_COLUMNS}, now() FROM input
        ORDER BY device_id, recorded_at, latitude, longitude
        ON CONFLICT DO NOTHING
        RETURNING device_id, recorded_at, latitude, longitude
    )
    SELECT CASE WHEN (SELECT count(*) FROM kept) < %s THEN ARRAY(
        SELECT min(i.n) FROM input i JOIN kept USING (device_id, recorded_at, latitude, longitude)
        GROUP BY device_id, recorded_at, latitude, longitude) END"""  # noqa: S608 - constants
_DOUBT = """
    INSERT INTO trips_quarantinedfix (device_id, trip_id, reason, raw, digest, received_at)
    SELECT *, now() FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::bytea[], %s::bytea[])
    ON CONFLICT DO NOTHING"""
_MAKE_DAY = "SELECT trips_gpsfix_make_day(%s::date)"


class GroupCommit:
    """One per process: `keep` returns once its rows are committed."""

    def __init__(self) -> None:
        self._lane = Lane()
        self._waiting: list[_Waiting] = []
        self._count = 0
        self._wake = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._days: set[int] = set()
        self._positions = Positions()
        self.counts = FixCounts()

    async def keep(self, rows: list[Row], doubts: list[Doubt]) -> list[bool]:
        """For each row whether it is new (else a duplicate), after the commit; or Unavailable."""
        if self._count > MOST_WAITING:
            raise Unavailable("too many fixes are waiting")
        if self._writer is None or self._writer.done():
            # In no request's context: the first one's id is not that of all that follow.
            self._writer = asyncio.create_task(self._write_forever(), context=Context())
        done: asyncio.Future[list[bool]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(rows, doubts, done))
        self._count += len(rows) + len(doubts)
        self._wake.set()
        return await done

    async def _write_forever(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(GATHER_S)
            await self._write_group(self._next_group())

    def _next_group(self) -> list[_Waiting]:
        size, n = 0, 0
        while n < len(self._waiting) and size < GROUP_SIZE:
            size += len(self._waiting[n].rows) + len(self._waiting[n].doubts)
            n += 1
        group, self._waiting = self._waiting[:n], self._waiting[n:]
        self._count -= size
        if not self._waiting:
            self._wake.clear()
        return group

    async def _write_group(self, group: list[_Waiting]) -> None:
        rows = [row for one in group for row in one.rows]
        doubts = [doubt for one in group for doubt in one.doubts]
        begun = time.perf_counter()
        try:
            new = await self._write(rows, doubts)
        except Exception as exc:
            failure = exc if isinstance(exc, Unavailable) else Unavailable(type(exc).__name__)
            # Who waited behind this group would wait too long: they hear it now as well.
            waiting, self._waiting, self._count = self._waiting, [], 0
            self._wake.clear()
            for one in (*group, *waiting):
                if not one.done.done():
                    one.done.set_exception(failure)
            return
        self.counts.kept(rows, doubts, new, begun)
        start = 0
        for one in group:
            if not one.done.done():
                one.done.set_result(new[start : start + len(one.rows)])
            start += len(one.rows)

    async def _write(self, rows: list[Row], doubts: list[Doubt]) -> list[bool]:
        if doubts:
            await self._lane.run((_DOUBT, _doubt_columns(doubts)))
        if not rows:
            return []
        await self._make_days(rows)
        parameters = [*columns(rows), len(rows)]
        try:
            result = await self._lane.run((_KEEP, parameters))
        except psycopg.errors.CheckViolation:
            # A day that this process knew was dropped since.
            self._days.clear()
            await self._make_days(rows)
            result = await self._lane.run((_KEEP, parameters))
        new = _which_are_new(result[0][0], len(rows))
        self._positions.move(row for row, is_new in zip(rows, new, strict=True) if is_new)
        return new

    async def _make_days(self, rows: list[Row]) -> None:
        days = {row.recorded_us // _DAY_US for row in rows} - self._days
        for day in sorted(days):
            date = datetime.fromtimestamp(day * 86_400, UTC).date()
            await self._lane.run((_MAKE_DAY, [date]))
            self._days.add(day)


_DAY_US = 86_400_000_000


def _doubt_columns(doubts: list[Doubt]) -> list[list[Any]]:
    columns = [[getattr(doubt, name) for doubt in doubts] for name in Doubt.__struct_fields__]
    return [*columns, [hashlib.sha256(doubt.raw).digest() for doubt in doubts]]


def _which_are_new(kept: list[int] | None, count: int) -> list[bool]:
    """`kept`: the 1-based numbers of the rows that were inserted; None: all."""
    if kept is None:
        return [True] * count
    new = [False] * count
    for n in kept:
        new[n - 1] = True
    return new
