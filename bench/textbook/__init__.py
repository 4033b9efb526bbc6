"""The recipe that every tutorial teaches, as the yardstick: one project in a few short files.

DRF serializer, one ORM insert and one `.delay()` per fix, `async_to_sync(group_send)` in the
task, one consumer and one group per trip, the core Redis channel layer, one Celery queue.
"""

from bench.textbook.celery import app

__all__ = ["app"]
