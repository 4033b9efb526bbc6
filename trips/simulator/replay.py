"""Posts a recorded track as a phone would: in order, as time passes, again until answered."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from trips.simulator.api import Api, Refused
from trips.simulator.tracks import Track, TrackPoint, Unreadable, post_times, shifted

LARGEST_BATCH = 100


@dataclass(frozen=True, slots=True)
class Pace:
    """`speed` times faster than recorded; no pause between posts longer than `max_gap_s`."""

    speed: float
    max_gap_s: float


@dataclass
class Report:
    """What became of a file's points. `quarantined` and `rejected` count by reason.

    A rejected point was refused by the server (400); an unreadable one was never posted.
    """

    file: str
    posted: int = 0
    accepted: int = 0
    duplicates: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    unreadable: list[Unreadable] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Whether every point of the file was accepted, a duplicate or quarantined."""
        answered = self.accepted + self.duplicates + self.quarantined.total()
        return answered == self.posted and not self.unreadable

    def as_json(self) -> dict[str, Any]:
        """The numbers under the names above, unreadable places as `[{place, reason}]`."""
        return {
            "file": self.file,
            "posted": self.posted,
            "accepted": self.accepted,
            "duplicates": self.duplicates,
            "quarantined": dict(self.quarantined),
            "rejected": dict(self.rejected),
            "unreadable": [bad._asdict() for bad in self.unreadable],
        }


async def replay(
    api: Api, trip_id: int, name: str, track: Track, pace: Pace, advance: Callable[[int], None]
) -> Report:
    """Post `track` to the trip; `advance(n)` is called after every n points answered.

    Times are shifted so that the latest point is recorded when the replay ends; the recorded
    spacing is kept, so the first points arrive as late as after a tunnel. Points that fall due
    together go as one list, as a phone empties its queue. Raises `Refused` where the login or
    the trip is not accepted, `Unreachable` when the server stays away.
    """
    report = Report(name, unreadable=track.unreadable)
    due_s = post_times(track.points, speed=pace.speed, max_gap_s=pace.max_gap_s)
    finish = datetime.now(UTC) + timedelta(seconds=due_s[-1] if due_s else 0)
    points = shifted(track.points, finish)
    started = time.monotonic()
    done = 0
    while done < len(points):
        await asyncio.sleep(due_s[done] - (time.monotonic() - started))
        batch = points[done : done + _due(due_s[done:], time.monotonic() - started)]
        fixes = _fixes(name, done, batch)
        await _post(api, f"/api/trips/{trip_id}/gps/", fixes, report)
        done += len(batch)
        advance(len(batch))
    return report


def _due(due_s: list[float], elapsed_s: float) -> int:
    """How many of the next points to post now: at least the one that was waited for."""
    return max(1, sum(due <= elapsed_s for due in due_s[:LARGEST_BATCH]))


def _fixes(name: str, done: int, batch: list[TrackPoint]) -> list[dict[str, Any]]:
    return [point.as_fix(f"{name[:48]}-{done + n}") for n, point in enumerate(batch)]


async def _post(api: Api, path: str, fixes: list[dict[str, Any]], report: Report) -> None:
    report.posted += len(fixes)
    try:
        receipt = await api.post(path, fixes if len(fixes) > 1 else fixes[0])
    except Refused as refused:
        if refused.status != 400:
            raise
        report.rejected[str(refused)] += len(fixes)
        return
    report.accepted += receipt["accepted"]
    report.duplicates += receipt["duplicates"]
    report.quarantined.update(refusal["reason"] for refusal in receipt["quarantined"])
