"""A worker's signs of life: a key per queue that expires when its main loop stops.

Cheaper than `inspect ping`, which starts a process and waits a second. With it the worker
renews the messages that it holds: kombu itself would hand on what a killed worker held only
after a time that is longer than the longest task.
"""

import contextlib
import logging
import os
import time
from typing import Any

import redis
from celery import bootsteps
from celery.concurrency.solo import TaskPool
from django.conf import settings

from config.watchdog import Watchdog, notify

logger = logging.getLogger(__name__)

EVERY_S = 2.0
BURY_EVERY_S = 60.0
GOOD_FOR_S = 7
#: Messages that nobody has renewed for so long are handed to another worker.
VISIBILITY_TIMEOUT_S = 15
#: What a worker that shuts down warmly may still need for what it has begun.
LAST_TASKS_S = 120
#: Where kombu notes since when each message has been in a worker's hands.
UNACKED_INDEX = "unacked_index"


def key(queue: str, node: str = "*") -> str:
    """The key that a worker `node` keeps while it consumes `queue`."""
    return f"atw:worker:{queue}:{node}"


#: Of the processor's time on a machine that is shared with the live path.
BULK_NICENESS = 10


class BulkYields(bootsteps.Step):
    """A worker without the live queue, the first declared, gives way to those that have it.

    Before the pool: its children inherit the niceness.
    """

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        if parent.app.conf.task_queues[0].name not in parent.app.amqp.queues.consume_from:
            os.nice(BULK_NICENESS)


class WorkerSignsOfLife(bootsteps.StartStopStep):
    """Runs in the consumer's own event loop, so that a hung consumer shows none."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        self._client = client()
        self._timer: Any = None
        super().__init__(parent, **kwargs)

    def start(self, parent: Any) -> None:
        notify("READY=1")
        self._show(parent)
        self._timer = parent.timer.call_repeatedly(EVERY_S, self._show, (parent,))

    def stop(self, parent: Any) -> None:
        _watchdog.rest()
        if self._timer is None:
            return
        self._timer.cancel()
        with contextlib.suppress(redis.RedisError):
            _renew(self._client, parent, time.time() + LAST_TASKS_S)
            self._client.delete(*(key(name, parent.hostname) for name in _queues(parent)))

    shutdown = stop

    def _show(self, parent: Any) -> None:
        (_watchdog.seen if _loop_is_quick(parent) else _watchdog.rest)()
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                for name in _queues(parent):
                    pipeline.set(key(name, parent.hostname), time.time(), ex=GOOD_FOR_S)
                _renew(pipeline, parent, time.time())
                pipeline.execute()
        except redis.RedisError as exc:
            logger.warning("no sign of life sent: %s", type(exc).__name__)


#: The step is made anew at each connection; the loop that is watched stays the same.
_watchdog = Watchdog()


def _loop_is_quick(parent: Any) -> bool:
    """A pool without children works in the loop itself: fine for live frames only."""
    in_loop = isinstance(parent.pool, TaskPool)
    return not in_loop or _queues(parent) == [parent.app.conf.task_queues[0].name]


class WorkerMetrics(bootsteps.StartStopStep):
    """Keeps the metrics' files few, and shows them on ATW_METRICS_PORT where there is one."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        self._server: Any = None
        super().__init__(parent, **kwargs)

    def start(self, parent: Any) -> None:
        # Not before: whatever else imports this module neither shows nor keeps metrics.
        from config import metric_files, scrape

        parent.timer.call_repeatedly(BURY_EVERY_S, metric_files.bury)
        if settings.METRICS_PORT:
            self._server = scrape.serve(settings.METRICS_PORT)

    def stop(self, parent: Any) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


def _renew(redis_: "redis.Redis", parent: Any, since: float) -> None:
    """Note that this worker still has what it holds; what was handed on meanwhile is let go."""
    held = dict.fromkeys(parent.task_consumer.channel.qos._delivered, since)
    if held:
        redis_.zadd(UNACKED_INDEX, held, xx=True)


def _queues(parent: Any) -> list[str]:
    return [queue.name for queue in parent.task_consumer.queues]


def client() -> "redis.Redis":
    """A short-tempered connection to the broker's database."""
    return redis.Redis.from_url(settings.BROKER_URL, socket_timeout=1, socket_connect_timeout=1)


def nodes(queue: str) -> list[str]:
    """The workers that showed a sign of life for `queue`; raises RedisError."""
    prefix = key(queue, "")
    found = client().scan_iter(key(queue), count=500)
    return sorted(name.decode().removeprefix(prefix) for name in found)


def alive(queue: str) -> bool:
    """Whether some worker showed a sign of life for `queue`; raises RedisError."""
    return bool(nodes(queue))
