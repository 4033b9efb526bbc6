"""Counting in plain Python on an event loop, written to the metrics' files once a second.

A write to a file costs a microsecond and more, a position in all about eighty: so its counters are
a list's and a dict's, and what a killed process had not yet written (a second) is not counted.
"""

import asyncio
from bisect import bisect_left
from collections import Counter as Counts
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from prometheus_client import Histogram

EVERY_S = 1.0
Key = TypeVar("Key", bound=Hashable)


class Tally(Generic[Key]):
    """Counts by key; `write` gets each key's number of the last second. One event loop only."""

    def __init__(self, write: Callable[[Key, int], None]) -> None:
        self._write = write
        self._counts: Counts[Key] = Counts()
        self._due = False

    def add(self, key: Key, number: int = 1) -> None:
        """Count `number` more under `key`."""
        self._counts[key] += number
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_later(EVERY_S, self.flush)

    def flush(self) -> None:
        """Write what was counted so far."""
        counts, self._counts, self._due = self._counts, Counts(), False
        for key, number in counts.items():
            self._write(key, number)


class Durations:
    """Observations of one histogram (no labels left open); one event loop only."""

    def __init__(self, histogram: Histogram) -> None:
        self._histogram = histogram
        self._bounds: list[float] = histogram._upper_bounds
        self._counts = [0] * len(self._bounds)
        self._sum = 0.0
        self._due = False

    def add(self, value: float) -> None:
        """Observe `value`."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_later(EVERY_S, self.flush)

    def flush(self) -> None:
        """Write what was observed so far. The library has no way to observe many at once."""
        self._histogram._sum.inc(self._sum)
        for bucket, number in zip(self._histogram._buckets, self._counts, strict=True):
            if number:
                bucket.inc(number)
        self._counts, self._sum, self._due = [0] * len(self._bounds), 0.0, False
