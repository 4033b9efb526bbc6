"""Which fixes are worth believing (pure): kept, late, future, or quarantined with a reason.

Kept: moves the marker. Late: older than what the device already reported; kept, shown in the
track only. Future: the device's clock is ahead; kept, never moves the marker. Quarantined:
not believed, stored apart for a dispatcher to see.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from trips.tracking.clocks import CLOCK_TOLERANCE_S, DeviceClock
from trips.tracking.fixes import Fix
from trips.tracking.geo import distance_m

DAY_S = 86_400.0
#: Fixes outside this window around now are quarantined.
OLDEST_S, NEWEST_S = 30 * DAY_S, 1 * DAY_S
#: Faster than any ambulance; judged only over jumps that noise cannot explain.
MOST_SPEED_MPS = 70.0
SMALLEST_JUMP_M = 250.0
#: Closer than this is below the smallest jump anywhere on earth; saves the trigonometry.
NEAR_DEG = 0.001
#: A worse accuracy says nothing about which street it was.
WORST_ACCURACY_M = 2_000.0
#: So many fixes that agree with each other, but not with the last, are the truth.
CONSISTENT_FIXES = 3


class Verdict(StrEnum):
    """What becomes of a fix."""

    KEPT = "kept"
    LATE = "late"
    FUTURE = "future"


@dataclass(slots=True)
class Track:
    """What is remembered of one device between fixes."""

    clock: DeviceClock = field(default_factory=DeviceClock)
    last: Fix | None = None
    last_at: float = 0.0
    doubted: list[tuple[Fix, float]] = field(default_factory=list)


def judge(fix: Fix, raw_at: float, track: Track, now: float) -> tuple[Verdict | None, str]:
    """(verdict, "") or (None, reason to quarantine); `raw_at` by the device's clock, unix s.

    Remembers in `track` what the next fix is compared with.
    """
    if reason := _impossible(fix, raw_at, now):
        return None, reason
    at = raw_at + track.clock.offset_s
    if at > now + CLOCK_TOLERANCE_S:
        return Verdict.FUTURE, ""
    if track.last is not None:
        if at <= track.last_at:
            return Verdict.LATE, ""
        if not _reachable(track.last, track.last_at, fix, at) and not _anchors_anew(track, fix, at):
            return None, "impossible_speed"
    track.last, track.last_at = fix, at
    track.doubted.clear()
    return Verdict.KEPT, ""


def _impossible(fix: Fix, raw_at: float, now: float) -> str:
    if not now - OLDEST_S <= raw_at <= now + NEWEST_S:
        return "outside_window"
    if abs(fix.latitude) < 0.001 and abs(fix.longitude) < 0.001:
        return "null_island"
    if fix.accuracy_m is not None and fix.accuracy_m > WORST_ACCURACY_M:
        return "poor_accuracy"
    return ""


def _reachable(before: Fix, before_at: float, after: Fix, after_at: float) -> bool:
    if (
        abs(before.latitude - after.latitude) < NEAR_DEG
        and abs(before.longitude - after.longitude) < NEAR_DEG
    ):
        return True
    jump_m = distance_m(before.latitude, before.longitude, after.latitude, after.longitude)
    noise_m = (before.accuracy_m or 0.0) + (after.accuracy_m or 0.0)
    return jump_m <= max(SMALLEST_JUMP_M, (after_at - before_at) * MOST_SPEED_MPS) + noise_m


def _anchors_anew(track: Track, fix: Fix, at: float) -> bool:
    """Whether `fix` is the last of enough doubted fixes that agree with each other."""
    if track.doubted and not _reachable(*track.doubted[-1], fix, at):
        track.doubted.clear()
    track.doubted.append((fix, at))
    return len(track.doubted) >= CONSISTENT_FIXES
