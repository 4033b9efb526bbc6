"""The one base Task class: what holds for every task, because Celery's settings do not say it."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from celery import Task
from celery.result import EagerResult
from django.db import connections

from config.arguments import InvalidArguments, check


class BaseTask(Task):  # type: ignore[type-arg]
    """3 retries, 60 s, doubled each time, with jitter; invalid arguments fail at once.

    The settings of these names do nothing in Celery, so they stand here.
    """

    autoretry_for = (Exception,)
    dont_autoretry_for = (InvalidArguments, TypeError, ValueError, LookupError)
    max_retries = 3
    default_retry_delay = 60
    retry_backoff = 60
    retry_backoff_max = 900
    retry_jitter = True
    # Their text is the answer to a caller's mistake: no traceback in the log.
    throws = (InvalidArguments,)
    # A child process that dies takes its task along; 3 times, then it is a failure on record.
    retry_on_worker_lost = True

    def before_start(self, task_id: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Outside of what is retried: wrong arguments stay wrong."""
        check(self.run, args, kwargs)

    def apply(self, *args: Any, **kwargs: Any) -> "EagerResult[Any]":
        """Run it here and now (eager mode); under a running event loop in a thread of its own.

        Django refuses the database on an event loop's thread. Such a task sees committed rows.
        """
        if not _on_event_loop():
            return super().apply(*args, **kwargs)
        with ThreadPoolExecutor(1, "eager-task") as thread:
            return thread.submit(self._apply_and_close, args, kwargs).result()

    def _apply_and_close(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> "EagerResult[Any]":
        try:
            return super().apply(*args, **kwargs)
        finally:
            connections.close_all()


def _on_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
