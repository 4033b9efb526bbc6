"""Handing tasks to the broker without making a request wait for it.

What must not be lost is in the database before it is published (the outbox, the streams);
a broker that is away therefore costs a delay, never a 2xx. One thread per process publishes,
so a frozen Redis holds up nobody; above its bound the queue drops doorbells, which the
sweeper and the streams' heads repair.
"""

import logging
import queue
import sys
import threading
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any

from celery import current_app
from django.utils.module_loading import import_string

logger = logging.getLogger(__name__)

_LIMIT = 10_000
#: A busy event loop lets the publisher run so often; Python's 5 ms would be its latency.
SWITCH_S = 0.001
Done = Callable[[], None]
Waiting = tuple[str, tuple[Any, ...], dict[str, Any], Done | None, Context]
_waiting: queue.Queue[Waiting] = queue.Queue(_LIMIT)
_starting = threading.Lock()
_thread: threading.Thread | None = None


def publish(task: str, *args: Any, done: Done | None = None, **options: Any) -> None:
    """Send the task of this dotted name soon; `options` as of `apply_async`.

    By name, because who records an event is below who reacts to it. Runs it now in eager mode.
    `done` is called, from the publishing thread, once it was sent or given up.
    """
    if current_app.conf.task_always_eager:
        import_string(task).apply(args=args, **options)
        return done() if done else None
    _start()
    try:
        # With the context, which has the id of the request that this follows from.
        _waiting.put_nowait((task, args, options, done, copy_context()))
    except queue.Full:
        logger.warning("publisher is full: %s left to the sweeper", task)
        return done() if done else None


def _start() -> None:
    global _thread
    if _thread is not None and _thread.is_alive():
        return
    with _starting:
        if _thread is None or not _thread.is_alive():
            sys.setswitchinterval(SWITCH_S)
            _thread = threading.Thread(target=_publish_forever, name="publisher", daemon=True)
            _thread.start()


def _publish_forever() -> None:
    while True:
        task, args, options, done, context = _waiting.get()
        try:
            send = import_string(task).apply_async
            context.run(send, args=args, retry=False, ignore_result=True, **options)
        except Exception as exc:
            logger.warning("broker away, %s not sent: %s", task, type(exc).__name__)
        finally:
            _waiting.task_done()
            if done is not None:
                done()


def drain() -> None:
    """Wait until everything handed over so far was sent or given up."""
    _waiting.join()
