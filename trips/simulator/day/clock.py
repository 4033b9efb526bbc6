"""The day's clock: what `timezone.now()` says, and who does what at which time."""

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from unittest.mock import patch

#: What it returns is nobody's concern.
Job = Callable[[], object]


class Clock:
    """A moment that only the agenda moves."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._jobs: list[tuple[datetime, int, Job]] = []
        self._order = count()

    def now(self) -> datetime:
        """The simulated moment."""
        return self._now

    def at(self, moment: datetime, job: Job) -> None:
        """Do `job` at `moment`, or next where that is over."""
        heapq.heappush(self._jobs, (max(moment, self._now), next(self._order), job))

    def after(self, seconds: float, job: Job) -> None:
        """Do `job` so much later."""
        self.at(self._now + timedelta(seconds=seconds), job)

    def every(self, period: timedelta, end: datetime, job: Job) -> None:
        """Do `job` now and again until `end`."""

        def again() -> None:
            job()
            if self._now + period < end:
                self.at(self._now + period, again)

        self.at(self._now, again)

    def run(self, end: datetime, between: Job) -> None:
        """Do everything up to `end` in order of time, and `between` after each."""
        while self._jobs and self._jobs[0][0] <= end:
            self._now, _, job = heapq.heappop(self._jobs)
            job()
            between()
        self._now = end

    @contextmanager
    def ticking(self) -> Iterator[None]:
        """Let Django's clock, and so every service's, be this one."""
        with patch("django.utils.timezone.now", self.now):
            yield
