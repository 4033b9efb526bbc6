"""Measured rows and the tables made of them (pure)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from bench.stats import Cost


@dataclass(frozen=True)
class Row:
    """One measured thing. `more_is_better` decides which way the ratio goes."""

    what: str
    unit: str
    ours: float | None
    textbook: float | None = None
    target: str = ""
    more_is_better: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times better ours is."""
        if not self.ours or not self.textbook or math.isnan(self.ours + self.textbook):
            return None
        return self.ours / self.textbook if self.more_is_better else self.textbook / self.ours

    def cells(self) -> list[str]:
        """The row as texts."""
        numbers = [_number(self.ours), _number(self.textbook), _times(self.ratio)]
        return [self.what, self.unit, *numbers, self.target, self.note]


@dataclass(frozen=True)
class CostRow:
    """CPU microseconds per unit of work, by part."""

    what: str
    cost: Cost


@dataclass
class Results:
    """What the sections found, in order."""

    say: Callable[[str], None]
    rows: list[Row] = field(default_factory=list)
    costs: list[CostRow] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Keep a row, and show it at once."""
        self.rows.append(row)
        ratio = f"; textbook {_number(row.textbook)}, {_times(row.ratio)}" if row.textbook else ""
        self.say(f"  {row.what}: {_number(row.ours)} {row.unit}{ratio}; {row.note}")

    def add_cost(self, what: str, cost: Cost) -> None:
        """Keep what a unit of work cost, and show it at once."""
        self.costs.append(CostRow(what, cost))
        parts = ", ".join(f"{name} {_number(us)}" for name, us in cost.items())
        self.say(f"  CPU µs per unit: {parts}")

    def markdown(self) -> str:
        """Both tables."""
        head = ["what", "unit", "ours", "textbook", "ratio", "target", "remarks"]
        measured = _table(head, (row.cells() for row in self.rows))
        parts = list(dict.fromkeys(part for row in self.costs for part in row.cost))
        costs = _table(
            ["CPU µs per unit of work", *parts],
            ([row.what, *(_number(row.cost.get(part)) for part in parts)] for row in self.costs),
        )
        return f"{measured}\n{costs}" if self.costs else measured


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    if math.isnan(value):
        return "none came"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _times(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:,.0f}x" if ratio >= 10 else f"{ratio:.1f}x"
