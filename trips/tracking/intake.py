"""From parsed fixes to kept ones: whose they are, whether to believe them, commit, push.

The road of every position, whether it came by POST, from a phone app or over a socket.
"""

import time
from collections.abc import Sequence
from typing import Any

import msgspec
from django.conf import settings

from config.buckets import Bucket
from trips.realtime.broadcast import LiveFix
from trips.tracking.filters import NEWEST_S, OLDEST_S, Track, Verdict, judge
from trips.tracking.fixes import BadFix, Fix
from trips.tracking.pusher import Pusher
from trips.tracking.roster import Held, Reporter, Roster, at_time, still_held
from trips.tracking.rows import Doubt, Row, microseconds
from trips.tracking.store import GroupCommit

#: Devices whose last position a process remembers.
MOST_TRACKS = 20_000
#: Whose an older position is, is looked up; younger ones are placed by the caches.
CACHED_FOR_S = 60.0
#: Why a driver's phone is not listened to.
OFF_SHIFT = "off_shift"

#: What a phone may send at once when it was long without coverage; then as many a second as
#: settings say, of this process.
MOST_BURST_FIXES = 10_000


# Read once: settings cost a microsecond per look.
MOST_FIXES_PER_S: int = settings.MAX_FIXES_PER_S if settings.RATE_LIMITS else 0


class TooFast(Exception):
    """A device sends more than any does; nothing was kept. `wait_s` until it may again."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


Parsed = tuple[bytes, Fix | BadFix]


class Outcome(msgspec.Struct):
    """The answer to one report, as JSON."""

    accepted: int
    duplicates: int
    quarantined: list[dict[str, Any]]


class Addressed(msgspec.Struct, frozen=True):
    """The trip in the URL, and when the reporting driver had it."""

    trip_id: int
    held: list[Held]


class Intake:
    """One per process."""

    def __init__(self) -> None:
        self.roster = Roster()
        self._store = GroupCommit()
        self._pusher = Pusher()
        self._tracks: dict[int, Track] = {}
        self._buckets: dict[int, Bucket] = {}

    async def take(
        self, reporter: Reporter, addressed: Addressed | None, parsed: Sequence[Parsed]
    ) -> Outcome:
        """Keep or quarantine each of `parsed`; returns after the commit. Unavailable, TooFast."""
        now = time.time()
        self._bound(reporter.device_id, len(parsed), now)
        rows: list[Row] = []
        doubts: list[Doubt] = []
        refused: list[dict[str, Any]] = []
        trip_id = addressed.trip_id if addressed else None
        track = self._track(reporter.device_id)
        self.roster.seen.add(reporter.device_id)
        self._learn_clock(track, parsed, now)
        off_shift = await self._off_shift(reporter, track, parsed, now)
        if off_shift:
            self._store.counts.refused(OFF_SHIFT, len(off_shift))
        for index, (raw, fix) in enumerate(parsed):
            if index in off_shift:
                refused.append({"index": index, "reason": OFF_SHIFT})
                continue
            verdict, reason = self._judge(fix, track, now)
            if verdict is None or isinstance(fix, BadFix):
                doubts.append(Doubt(reporter.device_id, trip_id, reason, raw))
                refused.append({"index": index, "reason": reason})
            else:
                raw_at = now if fix.recorded_at is None else fix.recorded_at
                row = self._row(reporter, addressed, fix, raw_at, track.clock.offset_s)
                row.verdict = verdict.value
                rows.append(row)
        await self._place_backlog(reporter, addressed, rows, now)
        try:
            new = await self._store.keep(rows, doubts)
        except BaseException:
            # What was not kept must be news when it is sent again.
            track.last = None
            track.doubted.clear()
            raise
        self._push([row for row, is_new in zip(rows, new, strict=True) if is_new], addressed, now)
        return Outcome(sum(new), len(new) - sum(new), refused)

    async def _off_shift(
        self, reporter: Reporter, track: Track, parsed: Sequence[Parsed], now: float
    ) -> frozenset[int]:
        """Which of `parsed` a driver's phone sent about a time off duty.

        Of those nothing is kept, not even in doubt: where a driver is then is nobody's business.
        """
        offset_s = track.clock.offset_s
        unsure = {
            index: at
            for index, (_, fix) in enumerate(parsed)
            if not self.roster.surely_on_shift(reporter, at := _time_of(fix, now) + offset_s)
        }
        if not unsure:
            return frozenset()
        places = await self.roster.back_then(reporter, list(unsure.values()))
        rows = zip(unsure, places, strict=True)
        return frozenset(index for index, (vehicle_id, _) in rows if vehicle_id is None)

    async def _place_backlog(
        self, reporter: Reporter, addressed: Addressed | None, rows: list[Row], now: float
    ) -> None:
        """What is old belongs to the shift and trip of its time; the caches know those of now.

        Nor do they know a shift that began within the last second.
        """
        old = [
            row
            for row in rows
            if (row.vehicle_id is None or row.at_us < (now - CACHED_FOR_S) * 1e6)
            and not (addressed and row.trip_id)
        ]
        if not old:
            return
        places = await self.roster.back_then(reporter, [row.at_us / 1e6 for row in old])
        for row, (vehicle_id, trip_id) in zip(old, places, strict=True):
            row.vehicle_id = vehicle_id
            row.trip_id = None if addressed else trip_id

    def _learn_clock(self, track: Track, parsed: Sequence[Parsed], now: float) -> None:
        """Only a position that came alone was not buffered."""
        fix = parsed[0][1] if len(parsed) == 1 else None
        if isinstance(fix, Fix) and fix.recorded_at is not None:
            track.clock.learn(fix.recorded_at, now)

    def _judge(self, fix: Fix | BadFix, track: Track, now: float) -> tuple[Verdict | None, str]:
        if isinstance(fix, BadFix):
            return None, fix.reason
        return judge(fix, now if fix.recorded_at is None else fix.recorded_at, track, now)

    def _bound(self, device_id: int, count: int, now: float) -> None:
        if not MOST_FIXES_PER_S:
            return
        if len(self._buckets) > MOST_TRACKS:
            self._buckets.clear()
        if (bucket := self._buckets.get(device_id)) is None:
            bucket = self._buckets[device_id] = Bucket()
        if wait_s := bucket.take(count, now, per_s=MOST_FIXES_PER_S, burst=MOST_BURST_FIXES):
            raise TooFast(wait_s)

    def _track(self, device_id: int) -> Track:
        if len(self._tracks) > MOST_TRACKS:
            self._tracks.clear()
        return self._tracks.setdefault(device_id, Track())

    def _row(
        self,
        reporter: Reporter,
        addressed: Addressed | None,
        fix: Fix,
        raw_at: float,
        offset_s: float,
    ) -> Row:
        at = raw_at + offset_s
        vehicle_id = self.roster.vehicle_of(reporter)
        aboard = self.roster.aboard(vehicle_id)
        trip_id = aboard[0] if aboard else None
        if addressed is not None:
            held = at_time(addressed.held, at)
            trip_id = addressed.trip_id if held else None
            vehicle_id = held.vehicle_id if held else vehicle_id
        return Row(
            reporter.device_id,
            vehicle_id,
            reporter.driver_id,
            trip_id,
            microseconds(raw_at),
            microseconds(at) if offset_s else None,
            fix.latitude,
            fix.longitude,
            fix.speed_mps,
            fix.heading_deg,
            fix.accuracy_m,
            fix.altitude_m,
            fix.battery,
            fix.client_id,
        )

    def _push(self, rows: list[Row], addressed: Addressed | None, now: float) -> None:
        """Hand the newest believed position of each vehicle to the high-priority queue."""
        newest: dict[int | None, Row] = {}
        for row in rows:
            known = newest.get(row.vehicle_id)
            if row.verdict == Verdict.KEPT and (known is None or known.at_us < row.at_us):
                newest[row.vehicle_id] = row
        for row in newest.values():
            trips = list(self.roster.aboard(row.vehicle_id))
            if addressed and addressed.trip_id not in trips and still_held(addressed.held):
                trips.append(addressed.trip_id)
            if row.vehicle_id is not None or trips:
                self._pusher.push(_live(row, trips, now))


def _time_of(fix: Fix | BadFix, now: float) -> float:
    """When it was; now where that is not said or cannot be."""
    at = None if isinstance(fix, BadFix) else fix.recorded_at
    return now if at is None or not now - OLDEST_S <= at <= now + NEWEST_S else at


def _live(row: Row, trips: list[int], now: float) -> LiveFix:
    return LiveFix(
        vehicle=row.vehicle_id,
        driver=row.driver_id,
        trip=row.trip_id,
        trips=trips,
        lat=row.latitude,
        lon=row.longitude,
        speed=row.speed_mps,
        heading=row.heading_deg,
        at=row.at_us / 1_000_000,
        received=now,
    )
