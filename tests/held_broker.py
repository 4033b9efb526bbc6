"""A broker that keeps what it is given until the test hands it on, once or more often."""

from __future__ import annotations

import queue
from typing import Any

import pytest
from django.test import TestCase
from django.utils.module_loading import import_string

from config import publish

Message = tuple[str, tuple[Any, ...]]


class HeldBroker:
    """What was published, in order; nothing reaches Valkey or a worker."""

    def __init__(self, waiting: queue.Queue[publish.Waiting]) -> None:
        self._waiting = waiting

    def take(self, task: str = "") -> list[Message]:
        """The messages so far, of one task where it is named; forgets all of them."""
        found: list[Message] = []
        while not self._waiting.empty():
            name, args, *_ = self._waiting.get_nowait()
            if name.endswith(task):
                found.append((name, args))
        return found

    def deliver(self, *, times: int = 1) -> None:
        """Run what is owed, and what that owes in turn, each message `times` times.

        Within a test's own transaction nothing is committed: what waits for it is run too.
        """
        while True:
            with TestCase.captureOnCommitCallbacks(execute=True):
                for name, args in (messages := self.take()):
                    if name.endswith((".deliver", ".send_mail")):
                        for _ in range(times):
                            import_string(name)(*args)
            if not messages:
                return


@pytest.fixture
def held_broker(monkeypatch: pytest.MonkeyPatch) -> HeldBroker:
    """Nobody publishes during this test: `publish` only fills a queue that the test reads."""
    publish.drain()
    waiting: queue.Queue[publish.Waiting] = queue.Queue()
    monkeypatch.setattr(publish, "_waiting", waiting)
    monkeypatch.setattr(publish, "_start", lambda: None)
    return HeldBroker(waiting)
