"""Fixtures for tests with workers of their own."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator

import pytest
from celery import current_app

from config import publish
from tests.plugin import Services
from tests.tasks.own_broker import Broker, Worker

StartWorker = Callable[..., Worker]


@pytest.fixture
def broker(settings: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    """An empty broker; what the test's own process would publish is dropped."""
    monkeypatch.setattr(publish, "_waiting", queue.Queue(10_000))
    monkeypatch.setattr(publish, "_start", lambda: None)
    found = Broker()
    settings.BROKER_URL = found.url  # type: ignore[attr-defined]
    yield found
    found.redis.flushdb()


@pytest.fixture
def worker(
    services: Services, process_env: dict[str, str], broker: Broker
) -> Iterator[StartWorker]:
    """Make a worker with these arguments; it is ended after the test."""
    made: list[Worker] = []

    def make(*arguments: str) -> Worker:
        made.append(Worker(services, process_env, broker, arguments))
        return made[-1]

    yield make
    for one in made:
        if one.runs:
            one.kill()


@pytest.fixture
def eager() -> Iterator[None]:
    """Tasks run where they are called."""
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False
