"""Doing things at once, each thread with a database connection of its own; held locks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


@contextmanager
def held(statement: str, *parameters: str) -> Iterator[None]:
    """Somebody else's transaction that holds the locks of `statement`."""
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute(statement, parameters)
        yield
    finally:
        other.rollback()
        other.close()


def waiting_for_locks() -> int:
    """How many statements on this server wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])
