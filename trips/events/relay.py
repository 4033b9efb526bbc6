"""Running the outbox: claim, run, back off, bury. The one place that retries reactions.

A delivery is run at least once and marked done in the transaction of its handler's own
writes. The message carries the attempt that it expects, so a message that the broker delivers
twice claims nothing the second time.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from config import metrics
from config.publish import publish
from config.subscriptions import SUBSCRIBERS
from trips.models import Delivery

logger = logging.getLogger(__name__)

#: Attempts before a delivery is buried for a person to look at.
MOST_ATTEMPTS = 5
#: How long a claimed delivery is left alone: its worker may have died.
LEASE = timedelta(seconds=20)
#: How long the sweeper waits before it queues the same delivery again.
REQUEUE_AFTER = timedelta(seconds=60)
SWEEP_SIZE = 500

Handler = Callable[[int], object]


def backoff(attempt: int) -> timedelta:
    """The pause after failed attempt number `attempt` (1 is the first): 2 s, 8 s, 32 s, …"""
    return timedelta(seconds=min(2 * 4 ** (attempt - 1), 600))


def kick(delivery: Delivery) -> None:
    """Queue a delivery on its subscriber's queue; a broker that is away leaves it to `sweep`."""
    queue = SUBSCRIBERS[delivery.subscriber].queue
    publish(
        "trips.tasks.deliver",
        delivery.topic,
        delivery.subject_id,
        delivery.subscriber,
        delivery.attempts,
        queue=queue,
    )


def run(topic: str, subject_id: int, subscriber: str, attempt: int) -> str:
    """Run one delivery if `attempt` is still the number of its attempts so far."""
    owed = Delivery.objects.filter(
        topic=topic, subject_id=subject_id, subscriber=subscriber, state=Delivery.State.PENDING
    )
    if not _claim(owed, attempt):
        return "nothing to do"
    try:
        done = _handle(owed, SUBSCRIBERS[subscriber].load(), subject_id)
    except Exception as exc:
        result = _fail(owed, f"{topic} {subject_id} to {subscriber}", attempt + 1, exc)
        metrics.DELIVERIES.labels(subscriber, result).inc()
        return "failed"
    if not done:
        return "nothing to do"
    metrics.DELIVERIES.labels(subscriber, "done").inc()
    return "done"


def _claim(owed: QuerySet[Delivery], attempt: int) -> bool:
    """Count the attempt before it starts: a handler that kills its worker is counted too."""
    claimed = {"attempts": attempt + 1, "due_at": timezone.now() + LEASE}
    return bool(owed.filter(attempts=attempt).update(**claimed))


def _handle(owed: QuerySet[Delivery], handler: Handler, subject_id: int) -> bool:
    with transaction.atomic():
        delivery = owed.select_for_update(skip_locked=True).first()
        if delivery is None:
            return False
        handler(subject_id)
        delivery.state, delivery.done_at = Delivery.State.DONE, timezone.now()
        delivery.error = ""
        delivery.save(update_fields=["state", "done_at", "error"])
    return True


def _fail(owed: QuerySet[Delivery], name: str, attempts: int, exc: Exception) -> str:
    """Note why, and when to try again. The text of an exception may hold a patient's data."""
    dead = attempts >= MOST_ATTEMPTS
    owed.update(
        state=Delivery.State.DEAD if dead else Delivery.State.PENDING,
        due_at=timezone.now() + backoff(attempts),
        error=type(exc).__name__,
    )
    level = logging.ERROR if dead else logging.WARNING
    logger.log(level, "delivery %s failed (attempt %d): %s", name, attempts, type(exc).__name__)
    return "dead" if dead else "failed"


def sweep() -> int:
    """Queue again what is overdue, bury what killed its worker too often; how many were found."""
    now = timezone.now()
    with transaction.atomic():
        overdue = list(
            Delivery.objects.select_for_update(skip_locked=True)
            .filter(state=Delivery.State.PENDING, due_at__lte=now)
            .order_by("due_at")[:SWEEP_SIZE]
        )
        spent = [row.pk for row in overdue if row.attempts >= MOST_ATTEMPTS]
        alive = [row for row in overdue if row.attempts < MOST_ATTEMPTS]
        Delivery.objects.filter(pk__in=spent).update(
            state=Delivery.State.DEAD, error="its worker died"
        )
        Delivery.objects.filter(pk__in=[row.pk for row in alive]).update(due_at=now + REQUEUE_AFTER)
    for row in overdue:
        if row.attempts >= MOST_ATTEMPTS:
            metrics.DELIVERIES.labels(row.subscriber, "dead").inc()
    for row in alive:
        kick(row)
    return len(overdue)


def revive(pks: Iterable[int]) -> int:
    """Give buried deliveries their attempts back and queue them; how many there were."""
    buried = Delivery.objects.filter(
        pk__in=pks, state=Delivery.State.DEAD, subscriber__in=SUBSCRIBERS
    )
    with transaction.atomic():
        rows = list(buried.select_for_update().order_by("pk"))
        for row in rows:
            row.state, row.attempts = Delivery.State.PENDING, 0
            row.due_at = timezone.now() + LEASE
            transaction.on_commit(partial(kick, row))
        Delivery.objects.bulk_update(rows, ["state", "attempts", "due_at"])
    return len(rows)
