"""What failed for good and waits for a person: buried deliveries and failed plain tasks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from config.subscriptions import SUBSCRIBERS
from trips import task_failures
from trips.events import relay
from trips.models import Delivery, TaskFailure

DELIVERY, TASK = "delivery", "task"


class UnknownKey(ValueError):
    """A key is not of the form `delivery:<id>` or `task:<id>`."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure; `key` names it to `retry`, `kind` is its subscriber or task."""

    key: str
    kind: str
    about: str
    error: str
    attempts: int
    since: datetime
    may_retry: bool


def find(*, kind: str = "", limit: int | None = None) -> list[Failure]:
    """The failures that nobody has tried again, newest first; of one kind where it is given."""
    deliveries = Delivery.objects.filter(state=Delivery.State.DEAD).order_by("-due_at")
    tasks = TaskFailure.objects.filter(retried_at__isnull=True).order_by("-failed_at")
    if kind:
        deliveries, tasks = deliveries.filter(subscriber=kind), tasks.filter(task=kind)
    found = [*map(_of_delivery, deliveries[:limit]), *map(_of_task, tasks[:limit])]
    return sorted(found, key=lambda failure: failure.since, reverse=True)[:limit]


def _of_delivery(row: Delivery) -> Failure:
    return Failure(
        key=f"{DELIVERY}:{row.pk}",
        kind=row.subscriber,
        about=f"{row.topic} {row.subject_id}",
        error=row.error,
        attempts=row.attempts,
        since=row.due_at,
        may_retry=row.subscriber in SUBSCRIBERS,
    )


def _of_task(row: TaskFailure) -> Failure:
    arguments = row.arguments or {}
    return Failure(
        key=f"{TASK}:{row.pk}",
        kind=row.task,
        about=" ".join(f"{name}={value}" for name, value in arguments.items()),
        error=row.error,
        attempts=row.retries + 1,
        since=row.failed_at,
        may_retry=row.arguments is not None,
    )


def retry(keys: Iterable[str]) -> int:
    """Queue these again; how many were. Raises UnknownKey before anything is done."""
    pks: dict[str, list[int]] = {DELIVERY: [], TASK: []}
    for key in keys:
        kind, _, number = key.partition(":")
        if kind not in pks or not (number.isascii() and number.isdigit()):
            raise UnknownKey(key)
        pks[kind].append(int(number))
    return relay.revive(pks[DELIVERY]) + rerun(pks[TASK])


def rerun(pks: Iterable[int]) -> int:
    """Send failed plain tasks again, each once; those whose arguments were not kept are left."""
    return sum(map(_rerun, pks))


def _rerun(pk: int) -> bool:
    # The row stays locked until the broker has the message: two operators send it once.
    with transaction.atomic():
        failed = TaskFailure.objects.select_for_update()
        row = failed.filter(pk=pk, retried_at__isnull=True, arguments__isnull=False).first()
        if row is None:
            return False
        task_failures.retry(row)
    return True
