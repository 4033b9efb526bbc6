"""Doing the same thing at once, each thread with a database connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

from django.db import connection


def at_once(work: Callable[[], Any], times: int) -> list[Any]:
    """What `times` simultaneous calls return or raise, in no particular order."""
    results: list[Any] = []
    barrier = Barrier(times)

    def run() -> None:
        barrier.wait(timeout=20)
        try:
            results.append(work())
        except Exception as exc:
            results.append(exc)
        finally:
            connection.close()

    threads = [Thread(target=run, daemon=True) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(results) == times, "a thread hangs"
    return results
