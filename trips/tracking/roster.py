"""Who reports, for which vehicle and trip: a cache that is right within a second.

Each process asks the database about all that it has cached once a second, so a revoked
token, an ended assignment or a started trip is seen without Redis and without signals.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Iterable
from math import inf

import msgspec

from trips.lifecycle import STARTED
from trips.tracking.batched import Batched
from trips.tracking.lane import Lane, Unavailable

logger = logging.getLogger(__name__)

REFRESH_S = 0.9
#: `last_seen_at` may lag by this much while a device reports often.
SEEN_EVERY_S = 15.0
#: Entries beyond which the caches start afresh: a bound on memory, not a working size.
MOST_CACHED = 50_000


class Reporter(msgspec.Struct, frozen=True):
    """Whose credential it is: a driver's phone or a vehicle's tracker."""

    device_id: int
    driver_id: int | None
    vehicle_id: int | None


class OnShift(msgspec.Struct, frozen=True):
    """A driver on duty now, since that unix second."""

    vehicle_id: int
    since: float


class Held(msgspec.Struct, frozen=True):
    """A time during which a driver had a trip, in unix seconds; `until` inf: still."""

    vehicle_id: int
    since: float
    until: float


# A driver's phone is known from its first report on.
_PHONE = """made AS (
        INSERT INTO trips_device (driver_id, name, is_active)
        SELECT DISTINCT id, '', true FROM driver
        ON CONFLICT (driver_id) DO NOTHING RETURNING id, driver_id
    )
    SELECT driver.digest, dev.id, dev.driver_id, NULL::bigint FROM trips_device dev
    JOIN driver ON dev.driver_id = driver.id WHERE dev.is_active
    UNION SELECT driver.digest, made.id, made.driver_id, NULL
    FROM made JOIN driver ON made.driver_id = driver.id"""
_DRIVER_QUERY = f"""
    WITH driver AS (
        SELECT t.digest, d.id FROM knox_authtoken t
        JOIN users_user u ON u.id = t.user_id AND u.is_active AND u.role = 'driver'
        JOIN trips_driver d ON d.user_id = u.id
        WHERE t.digest = ANY(%s) AND (t.expiry IS NULL OR t.expiry > now())
    ), {_PHONE}"""  # noqa: S608 - constants
_USER_QUERY = f"""
    WITH driver AS (SELECT '' AS digest, id FROM trips_driver WHERE user_id = %s), {_PHONE}"""  # noqa: S608
_TRACKER_QUERY = """
    SELECT dev.token_digest, dev.id, dev.driver_id, dev.vehicle_id FROM trips_device dev
    LEFT JOIN trips_driver d ON d.id = dev.driver_id LEFT JOIN users_user u ON u.id = d.user_id
    WHERE dev.token_digest = ANY(%s) AND dev.is_active AND coalesce(u.is_active, true)"""
_ANYBODY_QUERY = """
    SELECT 1 FROM knox_authtoken t JOIN users_user u ON u.id = t.user_id AND u.is_active
    WHERE t.digest = %s AND (t.expiry IS NULL OR t.expiry > now())"""
_REPORTERS_QUERY = """
    SELECT t.digest, false, dev.id, dev.driver_id, NULL::bigint FROM knox_authtoken t
    JOIN users_user u ON u.id = t.user_id AND u.is_active AND u.role = 'driver'
    JOIN trips_driver d ON d.user_id = u.id
    JOIN trips_device dev ON dev.driver_id = d.id AND dev.is_active
    WHERE t.digest = ANY(%s) AND (t.expiry IS NULL OR t.expiry > now())
    UNION ALL
    SELECT dev.token_digest, true, dev.id, dev.driver_id, dev.vehicle_id FROM trips_device dev
    LEFT JOIN trips_driver d ON d.id = dev.driver_id LEFT JOIN users_user u ON u.id = d.user_id
    WHERE dev.token_digest = ANY(%s) AND dev.is_active AND coalesce(u.is_active, true)"""
_SEEN_QUERY = "UPDATE trips_device SET last_seen_at = now() WHERE id = ANY(%s)"
_HELD_QUERY = """
    SELECT trip_id, driver_id, vehicle_id, extract(epoch FROM started_at)::float8,
           coalesce(extract(epoch FROM ended_at)::float8, 'infinity'::float8)
    FROM trips_assignment WHERE (trip_id, driver_id) IN (
        SELECT * FROM unnest(%s::bigint[], %s::bigint[]))"""
_ABOARD_QUERY = """
    SELECT vehicle_id, id FROM trips_trip
    WHERE status = ANY(%s) AND vehicle_id IS NOT NULL ORDER BY state_since DESC"""
_ON_SHIFT_QUERY = """
    SELECT DISTINCT ON (driver_id) driver_id, vehicle_id,
           extract(epoch FROM starts_at)::float8
    FROM trips_shift
    WHERE NOT planned AND starts_at <= now() AND (ends_at IS NULL OR ends_at > now())
    ORDER BY driver_id, starts_at DESC"""
# Where a backlog belongs: the shift and the started trip of then, not of now.
_BACK_THEN_QUERY = """
    SELECT v.vehicle_id, t.trip_id
    FROM (SELECT to_timestamp(s) AS at, n FROM unnest(%s::float8[]) WITH ORDINALITY AS u (s, n)) f
    CROSS JOIN LATERAL (SELECT coalesce(%s::bigint, (
        SELECT vehicle_id FROM trips_shift
        WHERE driver_id = %s AND NOT planned AND starts_at <= f.at
          AND (ends_at IS NULL OR ends_at > f.at) ORDER BY starts_at DESC LIMIT 1)) AS vehicle_id) v
    LEFT JOIN LATERAL (
        SELECT a.trip_id FROM trips_assignment a
        JOIN trips_tripevent e ON e.trip_id = a.trip_id AND e.event = 'trip.en_route_pickup'
        WHERE a.vehicle_id = v.vehicle_id AND a.started_at <= f.at AND e.occurred_at <= f.at
          AND (a.ended_at IS NULL OR a.ended_at >= f.at)
        ORDER BY e.occurred_at DESC LIMIT 1) t ON true
    ORDER BY f.n"""
_STARTED = sorted(status.value for status in STARTED)


class Roster:
    """The caches of one process."""

    def __init__(self) -> None:
        self._lane = Lane()
        self._reporters: dict[tuple[str, bool], Reporter] = {}
        self._held: dict[tuple[int, int], list[Held]] = {}
        self._aboard: dict[int, tuple[int, ...]] = {}
        self._on_shift: dict[int, OnShift] = {}
        self._unknown = Batched(self._find_reporters)
        self._unheld = Batched(self._find_held)
        self._first = Batched(self._refresh_once)
        self._refreshing: asyncio.Task[None] | None = None
        #: Devices that reported anything, heartbeats too, since `last_seen_at` was written.
        self.seen: set[int] = set()
        self._seen_written = 0.0

    async def reporter(self, digest: str, *, device: bool) -> Reporter | None:
        """Who holds a driver's login or (`device`) a device's own token, by its digest."""
        await self._start()
        return self._reporters.get((digest, device)) or await self._unknown.get((digest, device))

    async def _find_reporters(
        self, keys: Iterable[tuple[str, bool]]
    ) -> dict[tuple[str, bool], Reporter]:
        found: dict[tuple[str, bool], Reporter] = {}
        for device, query in ((True, _TRACKER_QUERY), (False, _DRIVER_QUERY)):
            if digests := [digest for digest, is_device in keys if is_device is device]:
                rows = await self._lane.run((query, [digests]))
                found |= {(digest, device): Reporter(*row) for digest, *row in rows}
        self._reporters |= found
        return found

    async def known(self, digest: str) -> bool:
        """Whether it is the token of anybody at all, e.g. of a dispatcher."""
        return bool(await self._lane.run((_ANYBODY_QUERY, [digest])))

    async def driver(self, user_id: int) -> Reporter | None:
        """The phone of the driver with this account (its socket is authenticated already)."""
        await self._start()
        rows = await self._lane.run((_USER_QUERY, [user_id]))
        return Reporter(*rows[0][1:]) if rows else None

    async def held(self, trip_id: int, driver_id: int) -> list[Held]:
        """When the driver had the trip; empty: never."""
        key = (trip_id, driver_id)
        return self._held.get(key) or await self._unheld.get(key) or []

    async def _find_held(
        self, keys: Iterable[tuple[int, int]]
    ) -> dict[tuple[int, int], list[Held]]:
        """What is found is cached; what is not may be there at the next request."""
        asked = list(keys)
        trips, drivers = [key[0] for key in asked], [key[1] for key in asked]
        found: dict[tuple[int, int], list[Held]] = defaultdict(list)
        for trip_id, driver_id, *held in await self._lane.run((_HELD_QUERY, [trips, drivers])):
            found[trip_id, driver_id].append(Held(*held))
        self._held |= found
        return found

    def vehicle_of(self, reporter: Reporter) -> int | None:
        """The vehicle whose position it is: its own, or the one of the driver's shift."""
        if reporter.driver_id is None:
            return reporter.vehicle_id
        shift = self._on_shift.get(reporter.driver_id)
        return shift.vehicle_id if shift else None

    def surely_on_shift(self, reporter: Reporter, at: float) -> bool:
        """Whether a position of that time may be kept; False: the database has to be asked.

        A vehicle's tracker always reports, a driver's phone on duty only.
        """
        if reporter.driver_id is None:
            return True
        shift = self._on_shift.get(reporter.driver_id)
        return shift is not None and shift.since <= at

    def aboard(self, vehicle_id: int | None) -> tuple[int, ...]:
        """The started trips of a vehicle, latest first."""
        return self._aboard.get(vehicle_id, ()) if vehicle_id is not None else ()

    async def back_then(
        self, reporter: Reporter, times: list[float]
    ) -> list[tuple[int | None, int | None]]:
        """(vehicle, started trip) of the reporter at each of `times`, in unix seconds."""
        parameters = [times, reporter.vehicle_id, reporter.driver_id]
        return await self._lane.run((_BACK_THEN_QUERY, parameters))

    async def _start(self) -> None:
        if self._refreshing is None or self._refreshing.done():
            await self._first.get(None)

    async def _refresh_once(self, _: Iterable[None]) -> dict[None, None]:
        """The first reading, which every request waits for; then once a second."""
        if self._refreshing is None or self._refreshing.done():
            await self._refresh()
            self._refreshing = asyncio.create_task(self._refresh_forever())
        return {}

    async def _refresh_forever(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                await self._refresh()
            except Unavailable as exc:
                logger.warning("roster not refreshed: %s", exc)

    async def _refresh(self) -> None:
        if len(self._reporters) + len(self._held) > MOST_CACHED:
            self._reporters, self._held = {}, {}
        await self._refresh_reporters()
        await self._refresh_held()
        aboard: dict[int, tuple[int, ...]] = {}
        for vehicle_id, trip_id in await self._lane.run((_ABOARD_QUERY, [_STARTED])):
            aboard[vehicle_id] = (*aboard.get(vehicle_id, ()), trip_id)
        self._aboard = aboard
        shifts = await self._lane.run((_ON_SHIFT_QUERY, []))
        self._on_shift = {driver_id: OnShift(*shift) for driver_id, *shift in shifts}
        await self.write_seen(time.monotonic())

    async def _refresh_reporters(self) -> None:
        keys = list(self._reporters)
        digests = [digest for digest, _ in keys]
        rows = await self._lane.run((_REPORTERS_QUERY, [digests, digests]))
        fresh = {(digest, device): Reporter(*row) for digest, device, *row in rows}
        for key in keys:
            self._reporters.pop(key, None)
        self._reporters.update({key: fresh[key] for key in keys if key in fresh})

    async def write_seen(self, now_s: float) -> None:
        """Note who was heard of, in one statement for all; `now_s` in monotonic seconds."""
        if self.seen and now_s - self._seen_written > SEEN_EVERY_S:
            seen, self.seen = self.seen, set()
            self._seen_written = now_s
            await self._lane.run((_SEEN_QUERY, [sorted(seen)]))

    async def _refresh_held(self) -> None:
        keys = list(self._held)
        fresh = await self._find_held(keys)
        for key in keys:
            if key not in fresh:
                self._held.pop(key, None)


def at_time(held: list[Held], at: float) -> Held | None:
    """The time of `held` that covers unix second `at`."""
    return next((one for one in held if one.since <= at <= one.until), None)


def still_held(held: list[Held]) -> bool:
    """Whether the driver has the trip now."""
    return any(one.until == inf for one in held)
