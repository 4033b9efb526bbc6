"""Talking to the running workers and the broker: what they do, round trips, revoking, purging."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from celery import current_app
from celery.exceptions import TimeoutError as NoAnswer
from celery.result import AsyncResult

from config import workers
from config.celery import QUEUES, debug_task

#: How long workers may take to answer a question.
ANSWER_WITHIN_S = 2.0


def active() -> dict[str, list[str]]:
    """{worker: what it runs now}. Names, ids and seconds; arguments may hold anything."""
    now = time.time()
    return {
        worker: [
            f"{task['name']} {task['id']} for {now - task['time_start']:.1f} s" for task in tasks
        ]
        for worker, tasks in _asked("active").items()
    }


def waiting() -> dict[str, list[str]]:
    """{worker: what it has taken and not begun: for a later time, or behind another task}."""
    later = _asked("scheduled")
    behind = _asked("reserved")
    return {
        worker: [
            f"{task['request']['name']} {task['request']['id']} at {task['eta']}" for task in tasks
        ]
        + [f"{task['name']} {task['id']} next" for task in behind.get(worker, [])]
        for worker, tasks in later.items()
    }


def _asked(question: str) -> dict[str, list[dict[str, Any]]]:
    inspect = current_app.control.inspect(timeout=ANSWER_WITHIN_S, limit=_answers())
    ask = getattr(inspect, question)
    return dict(sorted((ask() or {}).items()))


def _answers() -> int:
    """How many workers will answer, so that nobody waits for more; at least one."""
    return len({node for queue in QUEUES for node in workers.nodes(queue)}) or 1


def _require_broker() -> None:
    """RedisError at once where it is away: kombu would try for seconds."""
    workers.client().ping()


def round_trips(count: int, timeout_s: float) -> Iterator[tuple[str, list[float]]]:
    """(queue, seconds of each answered round trip) for every queue; stops at the first silence."""
    _require_broker()
    for queue in QUEUES:
        yield queue, list(_timed(queue, count, timeout_s))


def _timed(queue: str, count: int, timeout_s: float) -> Iterator[float]:
    for _ in range(count):
        began = time.perf_counter()
        result: AsyncResult[str] = debug_task.apply_async(queue=queue)
        try:
            result.get(timeout=timeout_s)
        except NoAnswer:
            return
        yield time.perf_counter() - began


def revoke(task_ids: list[str], *, terminate: bool) -> int:
    """Forbid tasks to start, or end running ones too; how many workers have heard it."""
    heard = current_app.control.revoke(
        task_ids, terminate=terminate, reply=True, timeout=ANSWER_WITHIN_S, limit=_answers()
    )
    return len(heard or [])


def purge(queue: str) -> int:
    """Drop every message that waits in `queue`; how many there were."""
    _require_broker()
    with current_app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        return int(channel.queue_purge(queue) or 0)


class Watch:
    """Shows a line per event of the workers' tasks, `limit` at most; 0: without end."""

    def __init__(self, show: Callable[[str], None], limit: int) -> None:
        self._show = show
        self._limit = limit
        self._state = current_app.events.State()
        self._shown = 0

    def run(self, seconds: float) -> None:
        """Until `seconds` are over (0: never) or enough events were shown."""
        _require_broker()
        current_app.control.enable_events()
        until = time.monotonic() + seconds
        with (
            current_app.connection_for_read() as connection,
            contextlib.suppress(TimeoutError),  # nobody sends anything
        ):
            receiver = current_app.events.Receiver(connection, handlers={"*": self._on_event})
            # The workers' heartbeats turn this loop too.
            for _ in receiver.itercapture(timeout=seconds or None, wakeup=False):
                if (seconds and time.monotonic() > until) or self._is_enough():
                    return

    def _is_enough(self) -> bool:
        return bool(self._limit) and self._shown >= self._limit

    def _on_event(self, event: dict[str, Any]) -> None:
        self._state.event(event)
        if not event["type"].startswith("task-") or self._is_enough():
            return
        self._shown += 1
        task = self._state.tasks.get(event["uuid"])
        name = (task and task.name) or "?"
        at = time.strftime("%H:%M:%S", time.gmtime(event["timestamp"]))
        self._show(f"{at}Z {event['type']:<15} {name} {event['uuid']} {event['hostname']}")
