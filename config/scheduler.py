"""django-celery-beat's scheduler with four changes.

It would rewrite rows from `beat_schedule` at each start, losing an admin's change, and keep
what left the code; this one creates what is missing, overwrites nothing and disables what
left. Only the beat that holds the lock ticks, and it catches up with what was missed.
"""

import logging
from collections.abc import Mapping
from typing import Any

from django.db import Error, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

from config.beat_lock import BeatLock
from trips.models import CodeSchedule

logger = logging.getLogger(__name__)

#: How often a beat that waits looks whether the other one has ended.
WAIT_S = 2.0


class Entry(ModelEntry):  # type: ignore[misc]
    """A row of the schedule; nobody waits for what it starts, so no result is kept."""

    def __init__(self, model: PeriodicTask, app: Any = None) -> None:
        super().__init__(model, app=app)
        self.options["ignore_result"] = True


class Scheduler(DatabaseScheduler):  # type: ignore[misc]
    """`beat_scheduler` of the Celery app."""

    Entry = Entry

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._lock = BeatLock()
        self._ticking = False
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        """No default entries: Redis forgets results by itself."""
        self.update_from_dict(self.app.conf.beat_schedule)

    def enabled_models_qs(self) -> "QuerySet[PeriodicTask]":
        """All: the library leaves out hours far from now, and so never catches up with them."""
        enabled: QuerySet[PeriodicTask] = self.Model.objects.enabled()
        return enabled

    def update_from_dict(self, mapping: Mapping[str, Mapping[str, Any]]) -> None:
        """Bring the rows up to what the code asks for."""
        with transaction.atomic():
            for name, entry in mapping.items():
                _want(name, entry)
            _retire(set(mapping))

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; seconds until the next look."""
        if not self._lock.held():
            self._ticking = False
            return WAIT_S
        if not self._ticking:
            # Another beat may have run things since the rows were read.
            self._ticking, self._initial_read, self._heap = True, True, None
        try:
            return float(super().tick(*args, **kwargs))
        except Error as exc:
            logger.warning("beat waits for its database: %s", type(exc).__name__)
            self._ticking = False
            return WAIT_S

    def close(self) -> None:
        super().close()
        self._lock.release()


def _want(name: str, entry: Mapping[str, Any]) -> None:
    known, _ = CodeSchedule.objects.get_or_create(name=name)
    if not PeriodicTask.objects.filter(name=name).exists():
        Entry.from_entry(name, **entry)
    elif known.retired_at is not None:
        _save(name, enabled=True)
    if known.retired_at is not None:
        known.retired_at = None
        known.save()


def _retire(wanted: set[str]) -> None:
    """What the code no longer asks for; an admin who enables it again keeps it."""
    gone = CodeSchedule.objects.filter(retired_at__isnull=True).exclude(name__in=wanted)
    for row in gone:
        _save(row.name, enabled=False)
    gone.update(retired_at=timezone.now())


def _save(name: str, *, enabled: bool) -> None:
    for task in PeriodicTask.objects.filter(name=name):
        task.enabled = enabled
        task.save()  # tells a running beat
