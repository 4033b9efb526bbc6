"""How full this process's pool of database connections is, noted once a second at most."""

import time

from django.db import connections

from config import metrics

EVERY_S = 1.0
_noted_at = 0.0


def note_pool() -> None:
    """Note it where that is due: after a request, after a task."""
    global _noted_at
    now = time.monotonic()
    if now - _noted_at < EVERY_S:
        return
    _noted_at = now
    pool = getattr(connections["default"], "pool", None)
    if pool is None:
        return
    stats: dict[str, int] = pool.get_stats()
    metrics.POOL.labels("open").set(stats.get("pool_size", 0))
    metrics.POOL.labels("idle").set(stats.get("pool_available", 0))
    metrics.POOL.labels("waiting").set(stats.get("requests_waiting", 0))
