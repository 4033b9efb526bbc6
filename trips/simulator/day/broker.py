"""A broker with all the faults of one: it loses, repeats and shuffles what it is given."""

import queue
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from unittest.mock import patch

from django.utils.module_loading import import_string

from config import publish

#: Live frames: nobody watches.
_FRAMES = ("trips.tasks.broadcast_", "trips.tasks.ring")
#: Shares of the messages that get lost, and that come twice.
LOST, TWICE = 0.05, 0.1


class Broker:
    """Runs what was published, in this process."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._waiting: queue.Queue[publish.Waiting] = queue.Queue()
        self.counts: Counter[str] = Counter()

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Publish to this broker instead of the real one."""
        publish.drain()
        with (
            patch.object(publish, "_waiting", self._waiting),
            patch.object(publish, "_start", lambda: None),
        ):
            yield

    def work(self) -> None:
        """Run all that waits, and what that brings about."""
        while messages := self._taken():
            self._rng.shuffle(messages)
            for task, args, options, *_ in messages:
                self._run(task, args, options)

    def _taken(self) -> list[publish.Waiting]:
        messages = []
        while not self._waiting.empty():
            message = self._waiting.get_nowait()
            if not message[0].startswith(_FRAMES):
                messages.append(message)
        return messages

    def _run(self, task: str, args: tuple[object, ...], options: dict[str, object]) -> None:
        fate = self._rng.random()
        times = 0 if fate < LOST else 2 if fate < LOST + TWICE else 1
        self.counts["lost" if times == 0 else "twice" if times == 2 else "once"] += 1
        known = {name: value for name, value in options.items() if name == "task_id"}
        for _ in range(times):
            result = import_string(task).apply(args=args, **known)
            if result.failed():
                self.counts[f"failed {task}: {type(result.result).__name__}"] += 1
