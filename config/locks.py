"""Statements that need a table for themselves, on tables that others are writing to."""

import logging
import time

import psycopg
from django.db import OperationalError, connection, transaction

logger = logging.getLogger(__name__)

ATTEMPTS, PAUSE_S = 5, 0.5


def briefly(sql: str, within_ms: int) -> bool:
    """Run `sql` in one transaction if its locks are free in time; False where they never were.

    Who waits for such a lock holds up everybody behind it, so the wait is given up soon.
    """
    for _ in range(ATTEMPTS):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{within_ms}ms'")
                cursor.execute(sql)
        except OperationalError as exc:
            if not isinstance(exc.__cause__, psycopg.errors.LockNotAvailable):
                raise
            time.sleep(PAUSE_S)
        else:
            return True
    logger.warning("a partition is in use; the next run tries again")
    return False
