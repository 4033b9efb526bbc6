"""What the GPS door counts: in plain Python for each request and group (`config.tally`)."""

import time
from collections import Counter
from collections.abc import Sequence
from itertools import compress

from config import metrics
from config.tally import Durations, Tally
from trips.tracking.rows import Doubt, Row

#: As Django would write the door's routes, had they come so far.
FROM_DRIVER, FROM_PHONE = "api/trips/<int:pk>/gps/", "api/gps/<token>/"
_METHODS = ("GET", "POST", "PUT")


def _answered(key: tuple[str, str, int], number: int) -> None:
    metrics.HTTP_REQUESTS.labels(*key).inc(number)


class DoorCounts:
    """One per process."""

    def __init__(self) -> None:
        self._answers = Tally[tuple[str, str, int]](_answered)
        self._seconds = {
            route: Durations(metrics.HTTP_SECONDS.labels(route))
            for route in (FROM_DRIVER, FROM_PHONE)
        }

    def answered(self, route: str, method: str, status: int, begun: float) -> None:
        """One request, begun at that second of `time.perf_counter`."""
        self._answers.add((route, method if method in _METHODS else "other", status))
        self._seconds[route].add(time.perf_counter() - begun)


class FixCounts:
    """One per group commit."""

    def __init__(self) -> None:
        self._verdicts = Tally[str](lambda word, number: metrics.FIXES.labels(word).inc(number))
        self._sizes = Durations(metrics.GROUP_FIXES.labels("fixes"))
        self._seconds = Durations(metrics.GROUP_SECONDS.labels("fixes"))

    def refused(self, reason: str, number: int) -> None:
        """Positions that never came as far as the table."""
        self._verdicts.add(reason, number)

    def kept(self, rows: list[Row], doubts: list[Doubt], new: Sequence[bool], begun: float) -> None:
        """One group, its statement begun at that second of `time.perf_counter`."""
        self._sizes.add(len(rows) + len(doubts))
        self._seconds.add(time.perf_counter() - begun)
        verdicts = [row.verdict for row in compress(rows, new)]
        words = Counter(verdicts)
        words.update(doubt.reason for doubt in doubts)
        if duplicates := len(rows) - len(verdicts):
            words["duplicate"] = duplicates
        for word, number in words.items():
            self._verdicts.add(word, number)
