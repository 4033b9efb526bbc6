"""What a row of the proof is, and what it found."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from prove.stack import Stack

#: A promise that was broken, a time that was too long, a control arm that noticed nothing.
Kind = Literal["promise", "time", "control"]
Value = int | float | str
ROWS = Path(__file__).with_name("rows")
_FILE = re.compile(r"row_(\d\d)_\w+")


@dataclass(frozen=True)
class Miss:
    """One thing that was not reached."""

    kind: Kind
    text: str


@dataclass
class Outcome:
    """What a row measured, what it missed, and what a reader should know."""

    measured: dict[str, Value] = field(default_factory=dict)
    misses: list[Miss] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """`held` or `missed`."""
        return "missed" if self.misses else "held"

    @property
    def broken(self) -> list[str]:
        """The promises that were broken: what counts on a busy machine and at a small scale."""
        return [miss.text for miss in self.misses if miss.kind == "promise"]

    def expect(self, name: str, value: Value, wanted: Value) -> None:
        """Note `value`, which must be `wanted`."""
        self.measured[name] = value
        if value != wanted:
            self._miss("promise", f"{name}: {value}, not {wanted}")

    def at_most(self, name: str, value: float, most: float, *, kind: Kind = "promise") -> None:
        """Note `value`, which may be `most`; durations are of kind `time`. NaN is a miss."""
        self.measured[name] = round(value, 3)
        if not value <= most:
            self._miss(kind, f"{name}: {value:.3g}, more than {most:g}")

    def time_s(self, name: str, seconds: float, most: float) -> None:
        """Note a duration, which may be `most` seconds on a quiet machine."""
        self.at_most(f"{name}, s", seconds, most, kind="time")

    def faults(self, name: str, faults: list[str]) -> None:
        """Note how many faults a checker found, which must be none; the first are kept."""
        self.expect(name, len(faults), 0)
        self.notes += [f"{name}: {fault}" for fault in faults[:5]]

    def control(self, name: str, harm: float) -> None:
        """Note what the fault did to who repairs nothing; 0: it did not bite, nothing is proved."""
        self.measured[name] = round(harm, 3)
        if not harm > 0:
            self._miss("control", f"{name}: {harm:g}, so the fault did not bite")

    def note(self, name: str, value: Value) -> None:
        """Note a number for the reader, without a target."""
        self.measured[name] = round(value, 3) if isinstance(value, float) else value

    def add(self, name: str, part: Outcome) -> None:
        """What one of several parts found, under its name."""
        self.measured |= {f"{name}: {what}": value for what, value in part.measured.items()}
        self.misses += [Miss(miss.kind, f"{name}: {miss.text}") for miss in part.misses]
        self.notes += [f"{name}: {note}" for note in part.notes]

    def _miss(self, kind: Kind, text: str) -> None:
        self.misses.append(Miss(kind, text))

    def to_json(self) -> str:
        """For the process that collects the rows."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Outcome:
        """The other way round; ValueError or TypeError for anything else."""
        found = json.loads(text)
        return cls(found["measured"], [Miss(**miss) for miss in found["misses"]], found["notes"])


@dataclass(frozen=True)
class Row:
    """One row of the table.

    `run(stack, seed, scale)`: the same seed does the same; `scale` 1.0 is the table's size and
    smaller runs less of it, by `scaled`. A run that takes longer than `bound_s` is ended and has
    missed.
    """

    number: int
    fault: str
    reach: str
    bound_s: float
    run: Callable[[Stack, int, float], Outcome]
    #: The scale of `--quick`.
    quick: float = 0.05
    #: Whether its times are not to be had beside rows that keep processors busy.
    quiet: bool = False


def scaled(full: int, scale: float, least: int = 1) -> int:
    """How many of `full` at `scale`, never fewer than `least`."""
    return max(least, round(full * scale))


def numbers() -> list[int]:
    """The rows that there are; known without Django."""
    found = (_FILE.fullmatch(path.stem) for path in ROWS.glob("row_*.py"))
    return sorted(int(match[1]) for match in found if match)


def load(number: int) -> Row:
    """The row; KeyError where there is none. Rows import models: set Django up first."""
    for path in ROWS.glob(f"row_{number:02d}_*.py"):
        row = importlib.import_module(f"prove.rows.{path.stem}").ROW
        if not isinstance(row, Row) or row.number != number:
            raise TypeError(f"{path.name} holds no row {number}")
        return row
    raise KeyError(number)
