"""Stopping tasks in the middle: their statements wait for a lock that the test holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg


@contextmanager
def locked(url: str, *tables: str, mode: str = "EXCLUSIVE") -> Iterator[None]:
    """Hold the tables: EXCLUSIVE lets readers pass, ACCESS EXCLUSIVE nobody."""
    with psycopg.connect(url) as connection:
        connection.execute(f"LOCK TABLE {', '.join(tables)} IN {mode} MODE".encode())
        yield


def blocked(url: str) -> int:
    """How many sessions of this database wait for a lock."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ).fetchone()
    assert row is not None
    return int(row[0])
