"""One beat at a time: a PostgreSQL advisory lock on a connection of its own.

The lock lives as long as the connection, so a beat that dies or loses its database gives it
up without doing anything. A pooler in transaction mode (pgbouncer) must not stand between.
"""

import contextlib
import logging

import psycopg
from django.db import connections

logger = logging.getLogger(__name__)

#: Any number that nothing else in this database locks.
KEY = 0x41545742


class BeatLock:
    """Held by at most one process per database."""

    def __init__(self) -> None:
        self._connection: psycopg.Connection[tuple[bool]] | None = None
        self._held = False

    def held(self) -> bool:
        """Whether this process holds the lock, or has just got it. Asks the server each time."""
        try:
            if self._connection is None or self._connection.closed:
                self._connection = _connect()
            statement = "SELECT true" if self._held else f"SELECT pg_try_advisory_lock({KEY})"
            row = self._connection.execute(statement.encode()).fetchone()
        except psycopg.Error as exc:
            logger.warning("beat lost its database: %s", type(exc).__name__)
            self.release()
            return False
        self._held = bool(row and row[0])
        return self._held

    def release(self) -> None:
        """Give the lock up with its connection."""
        broken, self._connection, self._held = self._connection, None, False
        if broken is not None:
            with contextlib.suppress(psycopg.Error):
                broken.close()


def _connect() -> "psycopg.Connection[tuple[bool]]":
    given = connections["default"].settings_dict
    return psycopg.connect(
        dbname=given["NAME"],
        user=given["USER"],
        password=given["PASSWORD"],
        host=given["HOST"],
        port=given["PORT"],
        application_name="atw-beat-lock",
        connect_timeout=2,
        autocommit=True,
        # A server that fell silent must not hold up the clock for hours.
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=3,
    )
