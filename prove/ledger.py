"""What was answered and what was shown, as lines of JSON; and the judgement over the files.

Seconds are monotonic: all processes of a run share one machine.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from bench.stats import percentile
from prove.checker import Change, Picture, Position, check_changes, check_positions

What = Change | Picture | Position


class Entry(NamedTuple):
    """Something that was answered or shown, and when."""

    at: float
    what: What


class Ledger:
    """A file to which entries are appended; in the file at `flush` or `close` at the latest."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("a")

    def note(self, what: What) -> None:
        """It happened now."""
        line = {"second": round(time.monotonic(), 6), "kind": type(what).__name__, **what._asdict()}
        self._file.write(json.dumps(line) + "\n")

    def flush(self) -> None:
        """What happened so far is in the file."""
        if not self._file.closed:
            self._file.flush()

    def close(self) -> None:
        """Nothing more happens."""
        self._file.close()


def read(path: Path) -> list[Entry]:
    """The entries of a file, in order; ValueError, KeyError or TypeError for anything else."""
    with path.open() as lines:
        return [_entry(json.loads(line)) for line in lines]


def _entry(line: dict[str, Any]) -> Entry:
    at, kind = float(line.pop("second")), line.pop("kind")
    if kind == "Picture":
        return Entry(at, Picture({int(trip): v for trip, v in line["versions"].items()}))
    kinds: dict[str, type[Change] | type[Position]] = {"Change": Change, "Position": Position}
    return Entry(at, kinds[kind](**line))


@dataclass
class Judgement:
    """What is wrong, and how late each change was on each screen (seconds after its answer)."""

    faults: list[str] = field(default_factory=list)
    lateness_s: list[float] = field(default_factory=list)
    answered: int = 0

    def late_s(self, percent: float) -> float:
        """A percentile of the lateness; NaN where nothing was shown."""
        return percentile(self.lateness_s, percent)


def judge(answers: Path, screens: Iterable[Path]) -> Judgement:
    """Hold every screen's file against the answers'."""
    answered = read(answers)
    found = Judgement(answered=sum(isinstance(entry.what, Change) for entry in answered))
    for path in screens:
        shown = read(path)
        found.faults += [f"{path.stem}: {fault}" for fault in check(answered, shown)]
        found.lateness_s += lateness_s(answered, shown)
    return found


def check(answered: Sequence[Entry], shown: Sequence[Entry]) -> list[str]:
    """What is wrong with one screen: lost, duplicated, out of order, elsewhere."""
    changes = [entry.what for entry in answered if isinstance(entry.what, Change)]
    drawn = [entry.what for entry in shown if not isinstance(entry.what, Position)]
    tracks = [entry.what for entry in answered if isinstance(entry.what, Position)]
    markers = [entry.what for entry in shown if isinstance(entry.what, Position)]
    return check_changes(changes, drawn) + check_positions(tracks, markers)


def lateness_s(answered: Sequence[Entry], shown: Sequence[Entry]) -> list[float]:
    """For each answered change that was shown: seconds from the answer to the screen."""
    seen: dict[tuple[int, int], float] = {}
    pictured: dict[int, list[tuple[float, int]]] = {}
    for at, what in shown:
        if isinstance(what, Change):
            seen.setdefault((what.trip_id, what.version), at)
        elif isinstance(what, Picture):
            for trip_id, version in what.versions.items():
                pictured.setdefault(trip_id, []).append((at, version))
    found = []
    for at, what in answered:
        if isinstance(what, Change):
            drawn = (when for when, version in pictured.get(what.trip_id, ())
                     if version >= what.version)  # fmt: skip
            first = min(seen.get((what.trip_id, what.version), float("inf")),
                        next(drawn, float("inf")))  # fmt: skip
            if first < float("inf"):
                found.append(max(0.0, first - at))
    return found
