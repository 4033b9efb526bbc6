"""A record of plain tasks that failed for good, and running one of them again.

What is never retried is left out: a broadcast is stale a second later, and deliveries, mails
and long jobs have records of their own.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from celery import Task
from celery.signals import task_failure
from django.db import connection
from django.utils import timezone
from django.utils.module_loading import import_string

from config.arguments import InvalidArguments, by_name
from trips.models import TaskFailure

logger = logging.getLogger(__name__)


def connect() -> None:
    """Record from now on in this process: workers' children, their parents, eager callers."""
    task_failure.connect(_on_failure, dispatch_uid="trips.task_failures")


def _on_failure(
    sender: "Task[..., Any]",
    task_id: str,
    exception: BaseException,
    args: Sequence[Any] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    **_: object,
) -> None:
    if sender.max_retries == 0:
        return
    try:
        TaskFailure.objects.update_or_create(
            task_id=task_id,
            defaults={
                "task": sender.name,
                "arguments": numbers_only(sender, args or (), kwargs or {}),
                "error": type(exception).__name__,
                "retries": getattr(sender.request, "retries", None) or 0,
                "failed_at": timezone.now(),
            },
        )
    except Exception as exc:
        # The failure itself is in the log already; its record must not break the worker.
        logger.warning("failure of task %s not recorded: %s", task_id, type(exc).__name__)
    finally:
        if not sender.request.is_eager:
            # A parent records for its dead child; the next child must not inherit the pool.
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]


def numbers_only(
    task: "Task[..., Any]", args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The arguments by name, or None: text and what does not fit may be a patient's data."""
    try:
        named = by_name(task.run, args, kwargs)
    except InvalidArguments:
        return None
    plain = all(value is None or isinstance(value, int | float) for value in named.values())
    return named if plain else None


def retry(failure: TaskFailure) -> str:
    """Send the task again; the new task's id. ValueError where its arguments were not kept."""
    if failure.arguments is None:
        raise ValueError(f"the arguments of {failure.task} {failure.task_id} were not kept")
    sent = import_string(failure.task).apply_async(kwargs=failure.arguments)
    failure.retried_at = timezone.now()
    failure.save(update_fields=["retried_at"])
    return str(sent.id)
