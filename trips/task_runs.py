"""Long jobs that a person asked for: begun, followed, cancelled, forgotten after some days.

The row is the truth: its state says whether the work goes on, whatever became of messages
and workers. The sweeper queues again what nobody works on.
"""

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Least
from django.utils import timezone

from config.arguments import InvalidArguments
from config.publish import publish
from trips.models import TaskFailure, TaskRun
from trips.realtime.broadcast import send_task
from users.models import User

logger = logging.getLogger(__name__)

#: Jobs that one person may have under way.
MOST_UNDER_WAY = 3
#: Attempts before a job is given up.
MOST_ATTEMPTS = 3
#: A job that reports nothing for so long is queued again.
LEASE = timedelta(seconds=60)
REPORT_EVERY_S = 0.5
KEEP_RUNS = timedelta(days=7)
KEEP_FAILURES = timedelta(days=90)
SWEEP_SIZE = 50

State = TaskRun.State


class TooMany(Exception):
    """The person has enough jobs under way."""


class Cancelled(Exception):
    """The job was cancelled while it worked."""


@dataclass(frozen=True)
class Outcome:
    """What a job answers, and the file that it made (gzipped)."""

    result: dict[str, Any]
    content: bytes | None = None


Report = Callable[[int, int], None]
#: None: the work goes on in other tasks, which tell of it by `step` and `finish`.
Work = Callable[[TaskRun, Report], Outcome | None]


def begin(
    *, owner: User, task: str, parameters: dict[str, Any], content: bytes | None = None
) -> TaskRun:
    """Begin the job `task` (a Celery task that takes run id and attempt); or TooMany.

    `content` is a file that it needs (gzipped), kept only until the job ends.
    """
    with transaction.atomic():
        # The lock makes two requests at once count one after the other.
        User.objects.select_for_update().get(pk=owner.pk)
        mine = TaskRun.objects.filter(owner=owner)
        if mine.filter(state__in=TaskRun.UNDER_WAY).count() >= MOST_UNDER_WAY:
            raise TooMany
        run = TaskRun.objects.create(
            owner=owner,
            task=task,
            parameters=parameters,
            content=content,
            due_at=timezone.now() + LEASE,
        )
        transaction.on_commit(lambda: _queue(run))
    return run


def _queue(run: TaskRun) -> None:
    publish(run.task, str(run.pk), run.attempts, task_id=str(run.pk))


def work_on(run_id: str, attempt: int, work: Work) -> str:
    """Run `work` for a job that is still wanted and had `attempt` attempts so far."""
    try:
        rows = TaskRun.objects.filter(pk=uuid.UUID(run_id))
    except ValueError:
        raise InvalidArguments("run_id: not a UUID") from None
    claimed = rows.filter(state__in=TaskRun.UNDER_WAY, attempts=attempt).update(
        state=State.PROGRESS, attempts=F("attempts") + 1, due_at=timezone.now() + LEASE
    )
    if not claimed:
        return "nothing to do"
    run = rows.select_related("owner").get()
    try:
        outcome = work(run, _reporter(run))
    except Cancelled:
        return "cancelled"
    except Exception as exc:
        _fail(run, type(exc).__name__)
        raise
    if outcome is None:
        return "goes on"
    _end(run, State.SUCCESS, result=outcome.result, content=outcome.content, current=F("total"))
    return "done"


def step(run_id: str) -> None:
    """One part of a job that goes on in several tasks is done; nothing where it has ended."""
    going_on = TaskRun.objects.filter(pk=uuid.UUID(run_id), state=State.PROGRESS)
    current = Least(F("current") + 1, F("total"))
    if going_on.update(current=current, due_at=timezone.now() + LEASE):
        _tell(uuid.UUID(run_id))


def finish(run_id: str, result: dict[str, Any]) -> None:
    """The last part of such a job is done."""
    run = TaskRun.objects.defer("content").get(pk=uuid.UUID(run_id))
    _end(run, State.SUCCESS, result=result, current=F("total"))


def _reporter(run: TaskRun) -> Report:
    """Keeps progress, at most twice a second; raises Cancelled where nobody wants it any more."""
    reported = 0.0

    def report(current: int, total: int) -> None:
        nonlocal reported
        if time.monotonic() - reported < REPORT_EVERY_S and current < total:
            return
        reported = time.monotonic()
        still = TaskRun.objects.filter(pk=run.pk, state=State.PROGRESS).update(
            current=current, total=total, due_at=timezone.now() + LEASE
        )
        if not still:
            raise Cancelled
        _tell(run.pk)

    return report


def show(run: TaskRun, current: int, total: int) -> None:
    """Show progress on the owner's screens only, from inside a transaction.

    `report` there would keep the row locked until the end, and who cancels would wait for it.
    """
    _send(run, run.state, current, total)


def _fail(run: TaskRun, error: str) -> None:
    if run.attempts >= MOST_ATTEMPTS:
        _end(run, State.FAILURE, error=error)
    logger.warning("job %s failed (attempt %d): %s", run.pk, run.attempts, error)


def cancel(run: TaskRun) -> bool:
    """Cancel a job; False where it had ended. The worker notices at its next report."""
    return _end(run, State.REVOKED)


def _end(
    run: TaskRun, state: TaskRun.State, *, content: bytes | None = None, **values: Any
) -> bool:
    open_ = TaskRun.objects.filter(pk=run.pk, state__in=TaskRun.UNDER_WAY)
    ended = open_.update(state=state, content=content, finished_at=timezone.now(), **values)
    if ended:
        _tell(run.pk)
    return bool(ended)


def _tell(run_id: uuid.UUID) -> None:
    """Show the job on its owner's screens; a frame that is lost is healed by asking the API."""
    run = TaskRun.objects.defer("content").get(pk=run_id)
    _send(run, run.state, run.current, run.total)


def _send(run: TaskRun, state: str, current: int, total: int) -> None:
    try:
        send_task(run.owner_id, str(run.pk), state, current, total)
    except Exception as exc:
        logger.warning("state of job %s not shown: %s", run.pk, type(exc).__name__)


def sweep() -> int:
    """Queue again what nobody works on, give up what failed too often; how many were due."""
    now = timezone.now()
    with transaction.atomic():
        locked = TaskRun.objects.defer("content").select_for_update(skip_locked=True)
        due = list(
            locked.filter(state__in=TaskRun.UNDER_WAY, due_at__lte=now).order_by("due_at")[
                :SWEEP_SIZE
            ]
        )
        TaskRun.objects.filter(pk__in=[run.pk for run in due]).update(due_at=now + LEASE)
    for run in due:
        if run.attempts >= MOST_ATTEMPTS:
            _end(run, State.FAILURE, error="given up")
        else:
            _queue(run)
    return len(due)


def forget_old() -> tuple[int, int]:
    """Delete old jobs with their files and old failures; (jobs, failures)."""
    now = timezone.now()
    runs, _ = TaskRun.objects.filter(created_at__lt=now - KEEP_RUNS).delete()
    failures, _ = TaskFailure.objects.filter(failed_at__lt=now - KEEP_FAILURES).delete()
    return runs, failures
