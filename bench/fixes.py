"""The fleet under load and what it posts (pure). Each fix carries a mark in its heading."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

#: Marks repeat after so many: a heading has thousandths of a degree.
MARKS = 360_000
_MARK = re.compile(rb'"heading": ?([0-9.]+)')


@dataclass(frozen=True)
class Crew:
    """A driver with a trip: who posts, and whose watchers are shown it."""

    trip_id: int
    token: str


@dataclass(frozen=True)
class Fleet:
    """Everybody that a measurement needs; `watchers` are dispatchers' tokens."""

    crews: list[Crew]
    watchers: list[str]

    @classmethod
    def from_json(cls, text: str) -> Fleet:
        """What a seed prints."""
        found = json.loads(text)
        return cls([Crew(*crew) for crew in found["crews"]], found["watchers"])


def gps_path(crew: Crew) -> str:
    """Where the crew's phone posts."""
    return f"/api/trips/{crew.trip_id}/gps/"


def fix(crew_number: int, n: int, at: float) -> str:
    """Fix `n` of all, at `at` unix seconds, as JSON: a vehicle that creeps north-east
    and back in jumps that a filter believes."""
    latitude = 57.6 + (crew_number % 97) * 0.002 + (n % 1_000) * 1e-6
    longitude = 11.8 + (crew_number % 89) * 0.004 + (n % 1_000) * 1e-6
    return (
        f'{{"latitude":{latitude:.6f},"longitude":{longitude:.6f},"recorded_at":{at:.6f},'
        f'"speed":12.5,"heading":{mark_of(n) / 1_000:.3f},"accuracy":5.0}}'
    )


def mark_of(n: int) -> int:
    """The mark of fix `n`."""
    return n % MARKS


def marks(frame: bytes) -> list[int]:
    """The marks of all fixes in a frame."""
    return [round(float(heading) * 1_000) for heading in _MARK.findall(frame)]
