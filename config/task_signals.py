"""What is noted around each Celery task: its request's id, its metrics, its log lines' fields."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from celery import signals
from django.db import close_old_connections

from config import logs, metrics
from config.arguments import InvalidArguments, by_name
from config.db_pool import note_pool

#: Of a task that runs in this process (one; several where eager tasks call each other).
_begun: dict[str, tuple[float, logs.Before]] = {}


def connect() -> None:
    """From now on, in whichever process this is called and its children."""
    signals.before_task_publish.connect(_sent)
    signals.task_prerun.connect(_begins)
    signals.task_postrun.connect(_ended)
    signals.task_failure.connect(_lost)
    signals.task_revoked.connect(_revoked)


def _sent(headers: dict[str, Any], **_: object) -> None:
    # Messages carry no time of their own, and an operator asks how old the oldest is.
    headers["sent_at"] = time.time()
    if name := logs.request_id.get():
        headers["request_id"] = name


def _begins(
    task_id: str, task: Any, args: Sequence[Any], kwargs: Mapping[str, Any], **_: object
) -> None:
    # What beat sends begins a story of its own, which has the task's id.
    name = getattr(task.request, "request_id", None) or logs.request_id.get() or task_id
    before = logs.begin(name, {"task": task.name, "task_id": task_id, **_about(task, args, kwargs)})
    _begun[task_id] = time.perf_counter(), before
    sent_at = getattr(task.request, "sent_at", None)
    queue = (task.request.delivery_info or {}).get("routing_key")
    # What had to wait for its moment did not wait for a worker.
    if sent_at and queue and not task.request.eta:
        metrics.TASK_WAIT.labels(queue).observe(max(0.0, time.time() - sent_at))


def _about(task: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    try:
        named = by_name(task.run, args, kwargs)
    except InvalidArguments:
        return {}
    found = {"trip": named.get("trip_id"), "user": named.get("user_id")}
    return {key: value for key, value in found.items() if isinstance(value, int)}


def _ended(task_id: str, task: Any, state: str | None = None, **_: object) -> None:
    metrics.TASKS.labels(task.name, (state or "unknown").lower()).inc()
    if not task.request.is_eager:
        close_old_connections()
    note_pool()
    if found := _begun.pop(task_id, None):
        begun, before = found
        metrics.TASK_SECONDS.labels(task.name).observe(time.perf_counter() - begun)
        logs.back_to(before)


def _lost(sender: Any, exception: BaseException, **_: object) -> None:
    """Told by the worker's main process of a child that died or was ended."""
    if isinstance(exception, WorkerLostError | TimeLimitExceeded):
        metrics.TASKS.labels(sender.name, "lost").inc()


def _revoked(sender: Any, expired: bool = False, **_: object) -> None:
    metrics.TASKS.labels(sender.name, "expired" if expired else "revoked").inc()
