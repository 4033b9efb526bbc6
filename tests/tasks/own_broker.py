"""A broker database and workers of the test's own, so that no other worker takes the tasks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

import redis
from celery import Task

from config.celery import app
from devtools import programs
from devtools.processes import STAGE_WORKER
from tests.fixtures_processes import RealProcess, wait_until
from tests.plugin import Services

QUEUES = list(programs.QUEUES.values())
URL_DB = 7


class Broker:
    """Sends to a database that only this test's workers read."""

    def __init__(self) -> None:
        self.url = f"{os.environ['REDIS_URL']}/{URL_DB}"
        self.redis = redis.Redis.from_url(self.url)
        self.redis.flushdb()

    def send(self, task: Task[..., Any], *args: Any, **options: Any) -> None:
        """Publish one task."""
        with app.connection_for_write(self.url) as connection:
            task.apply_async(args=args, connection=connection, **options)  # type: ignore[call-arg]

    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is in any worker's hands."""
        waiting = any(self.redis.llen(queue) for queue in QUEUES)
        return not (waiting or self.redis.hlen("unacked"))

    def wait_idle(self, timeout_s: float = 60.0) -> None:
        """Wait for that."""
        wait_until(self.is_idle, timeout_s, "an idle worker")


class Worker(RealProcess):
    """`celery -A config worker …` on that broker."""

    def __init__(
        self, services: Services, env: dict[str, str], broker: Broker, arguments: Sequence[str]
    ) -> None:
        argv = ["-m", "celery", "-A", "config", "worker", "-l", "WARNING", *arguments]
        argv += ["--without-gossip", "--without-mingle"]
        env = {**env, "CELERY_BROKER_URL": broker.url}
        program = programs.python("own-worker", argv, STAGE_WORKER, env)
        super().__init__(services.reaper, program, services.logs / "own-worker.log")
        self._broker = broker

    def start(self) -> None:
        """Start; signs of life of a killed one do not count."""
        keys: Iterable[Any] = self._broker.redis.scan_iter("atw:worker:*")
        for key in keys:
            self._broker.redis.delete(key)
        super().start()

    @property
    def runs(self) -> bool:
        """Whether it was started and not ended."""
        return self._process is not None

    def answers(self) -> bool:
        """Whether it shows signs of life."""
        return any(self._broker.redis.scan_iter("atw:worker:*"))
