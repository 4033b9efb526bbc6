"""The state of the running system in one look: parts, queues, workers, what is owed, the clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatch

import redis
from celery import current_app
from django.db.models import Count, Max, Min
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from config import workers
from config.celery import QUEUES
from config.queues import get_oldest_age_s, get_queue_length, get_unacknowledged
from trips.models import Delivery, TaskFailure
from users.models import Notification

#: The clock runs something every 5 s; silent for longer than this it is ill.
BEAT_SILENT_S = 60.0
#: Mails that went wrong are counted for so long: the index is by time, and most were sent.
MAIL_DAYS = 7
_UNSENT = (
    Notification.State.CLAIMED,
    Notification.State.FAILED,
    Notification.State.UNKNOWN,
)


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue: messages that wait, that workers hold, the oldest one's age, its workers."""

    name: str
    waiting: int
    held: int
    oldest_s: float | None
    workers: list[str]


@dataclass(frozen=True, slots=True)
class Route:
    """A task, its queue, and what is wrong: it is not registered, or has no route of its own."""

    task: str
    queue: str
    problem: str = ""


def queue_states() -> list[QueueState]:
    """Every queue in the order in which it is served. Raises redis.RedisError."""
    held = get_unacknowledged()
    return [
        QueueState(
            name=name,
            waiting=get_queue_length(name),
            held=held.get(name, 0),
            oldest_s=get_oldest_age_s(name),
            workers=workers.nodes(name),
        )
        for name in QUEUES
    ]


def routes() -> list[Route]:
    """Every task of ours with its queue, then the routes that no registered task takes."""
    current_app.loader.import_default_modules()
    patterns = list(current_app.conf.task_routes)
    names = sorted(name for name in current_app.tasks if not name.startswith("celery."))
    found = [_route(name, patterns) for name in names]
    idle = [pattern for pattern in patterns if not any(fnmatch(name, pattern) for name in names)]
    return found + [Route(pattern, "-", "no such task") for pattern in idle]


def _route(name: str, patterns: list[str]) -> Route:
    queue = current_app.amqp.router.route({}, name)["queue"].name
    explicit = any(fnmatch(name, pattern) for pattern in patterns)
    return Route(name, queue, "" if explicit else "no route of its own")


def owed() -> dict[str, dict[str, int]]:
    """What is owed or was given up: {"outbox": {state: rows}, "mail": …, "tasks": …}.

    Screens ask often: every count has an index. Mails that went wrong are those of MAIL_DAYS.
    """
    pending = Delivery.objects.filter(state=Delivery.State.PENDING).count()
    failed = TaskFailure.objects.filter(retried_at__isnull=True).count()
    return {
        "outbox": _some({"dead": buried(), "pending": pending}),
        "mail": _some(_mails()),
        "tasks": _some({"failed": failed}),
    }


def _mails() -> dict[str, int]:
    """Mails by state: those that wait, and of the last MAIL_DAYS those that were tried."""
    mails = Notification.objects.filter(channel=Notification.Channel.EMAIL)
    tried = mails.filter(
        state__in=_UNSENT, claimed_at__gt=timezone.now() - timedelta(days=MAIL_DAYS)
    )
    queued = mails.filter(state=Notification.State.QUEUED).count()
    return dict(tried.values_list("state").annotate(Count("pk")).order_by("state")) | {
        "queued": queued
    }


def _some(counts: dict[str, int]) -> dict[str, int]:
    return {state: rows for state, rows in counts.items() if rows}


def outbox() -> tuple[int, float]:
    """(deliveries that wait, seconds since the oldest of them was written)."""
    pending = Delivery.objects.filter(state=Delivery.State.PENDING)
    found = pending.aggregate(rows=Count("pk"), oldest=Min("created_at"))
    oldest_s = (timezone.now() - found["oldest"]).total_seconds() if found["oldest"] else 0.0
    return found["rows"], oldest_s


def buried() -> int:
    """Deliveries that wait for a person; by the index of these few."""
    return Delivery.objects.filter(state=Delivery.State.DEAD).count()


def message_oldest_s() -> float:
    """Age of the oldest message that was tried and still waits; 0.0 where none does."""
    waiting = Notification.objects.filter(state=Notification.State.QUEUED, claimed_at__isnull=False)
    oldest: datetime | None = waiting.aggregate(oldest=Min("created_at"))["oldest"]
    return (timezone.now() - oldest).total_seconds() if oldest else 0.0


def beat_silent_s() -> float | None:
    """Seconds since beat last sent a task; None where it never has."""
    last: datetime | None = PeriodicTask.objects.aggregate(last=Max("last_run_at"))["last"]
    return (timezone.now() - last).total_seconds() if last else None


def lines(parts: dict[str, str]) -> Iterator[str]:
    """The overview as text, of what `config.health.readiness` found; no part away is an error."""
    yield "parts    " + ", ".join(f"{name} {outcome}" for name, outcome in parts.items())
    if parts["broker"] == "ok":
        yield from queue_lines()
    if parts["database"] == parts["migrations"] == "ok":
        yield from _database_lines()


def queue_lines() -> Iterator[str]:
    """The queues as a table."""
    yield f"{'queue':<15}{'waiting':>8}{'held':>6}{'oldest':>9}  workers"
    try:
        for queue in queue_states():
            oldest = "-" if queue.oldest_s is None else f"{queue.oldest_s:.1f} s"
            nodes = ", ".join(queue.workers) or "none"
            yield f"{queue.name:<15}{queue.waiting:>8}{queue.held:>6}{oldest:>9}  {nodes}"
    except redis.RedisError as exc:
        yield f"the broker is away: {type(exc).__name__}"


def _database_lines() -> Iterator[str]:
    for name, counts in owed().items():
        yield f"{name:<9}" + (", ".join(f"{n} {state}" for state, n in counts.items()) or "nothing")
    silent_s = beat_silent_s()
    yield "beat     " + (
        "never ran" if silent_s is None else f"last sent a task {silent_s:.0f} s ago"
    )


def is_well(parts: dict[str, str]) -> bool:
    """Whether every part is ready and the clock runs."""
    if any(outcome != "ok" for outcome in parts.values()):
        return False
    silent_s = beat_silent_s()
    return silent_s is not None and silent_s < BEAT_SILENT_S
