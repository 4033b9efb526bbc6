"""Which rows run beside each other, and which once more without a neighbour."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from prove.report import Proved
from prove.row import Row

Prove = Callable[[Row], Proved]


def in_two_lanes(rows: Sequence[Row], prove: Prove) -> list[Proved]:
    """Two rows at once: many mostly wait, and their times add up to far more than is wanted.

    Those that want a quiet machine come first, among themselves.
    """
    quiet = [row for row in rows if row.quiet]
    return _lanes(quiet, prove) + _lanes([row for row in rows if not row.quiet], prove)


def _lanes(rows: Sequence[Row], prove: Prove) -> list[Proved]:
    """One lane takes the longest that is left, the other one the shortest."""
    left = deque(sorted(rows, key=lambda row: row.bound_s))

    def lane(take: Callable[[], Row]) -> list[Proved]:
        found: list[Proved] = []
        while True:
            try:
                row = take()
            except IndexError:
                return found
            found.append(prove(row))

    with ThreadPoolExecutor(2) as lanes:
        both = [lanes.submit(lane, take) for take in (left.pop, left.popleft)]
        return [found for lane_of in both for found in lane_of.result()]


def again_alone(found: Proved, prove: Prove) -> Proved:
    """Measure once more what missed nothing but a time: times are meant for a quiet machine."""
    misses = found.outcome.misses
    if not misses or any(miss.kind != "time" for miss in misses):
        return found
    again = prove(found.row)
    told = "; ".join(miss.text for miss in misses)
    again.outcome.notes.append(f"run again without a neighbour; beside one: {told}")
    return again
