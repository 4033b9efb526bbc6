"""What the trips app forgets, and when. docs/RETENTION.md says why."""

import logging
from contextlib import suppress
from datetime import timedelta

from django.core.files.storage import default_storage
from django.utils import timezone

from config.bounded import delete_some
from trips.attachments import begin_work
from trips.models import Attachment, Delivery, Message, QuarantinedFix, TapAnswer, TaskRun
from trips.task_runs import TooMany

logger = logging.getLogger(__name__)

#: A phone that was away for longer asks for the trip as it is.
KEEP_TAP_ANSWERS = timedelta(days=30)
KEEP_QUARANTINED = timedelta(days=90)
#: Done: the event itself is kept.
KEEP_DELIVERIES = timedelta(days=90)
#: Free text about the day's work.
KEEP_MESSAGES = timedelta(days=365)
#: A file as it came whose pictures are made, or that is none, where its deletion failed.
KEEP_RAW = timedelta(days=7)
_MOST_FILES = 500
_WAITING = Attachment.State.WAITING


def cleanup() -> dict[str, int]:
    """{what: rows deleted, or files} of one bounded run."""
    now = timezone.now()
    done = Delivery.objects.filter(state=Delivery.State.DONE)
    return {
        "tap answers": delete_some(TapAnswer.objects.filter(created_at__lt=now - KEEP_TAP_ANSWERS)),
        "quarantined fixes": delete_some(
            QuarantinedFix.objects.filter(received_at__lt=now - KEEP_QUARANTINED)
        ),
        "deliveries": delete_some(done.filter(done_at__lt=now - KEEP_DELIVERIES)),
        "messages": delete_some(Message.objects.filter(sent_at__lt=now - KEEP_MESSAGES)),
        "raw files": _forget_raw(),
        "lost files": _work_again(),
    }


def _forget_raw() -> int:
    """Delete files as they came that nothing needs any more."""
    done = Attachment.objects.exclude(raw="").exclude(state=_WAITING)
    rows = list(done.filter(received_at__lt=timezone.now() - KEEP_RAW).order_by("pk")[:_MOST_FILES])
    for row in rows:
        # Ready and refused are for good. File first: who dies in between finds the name again.
        default_storage.delete(row.raw)
        Attachment.objects.filter(pk=row.pk, raw=row.raw).update(raw="")
    return len(rows)


def _work_again() -> int:
    """Begin once more what waits and has no task any more; how many files were lost.

    A signature that was answered 2xx is evidence: it waits for as long as nobody can work on it.
    """
    waiting = Attachment.objects.filter(state=_WAITING).select_related("sent_by")
    idle = waiting.exclude(task__in=TaskRun.objects.filter(state__in=TaskRun.UNDER_WAY))
    lost = 0
    for row in idle.order_by("pk")[:_MOST_FILES]:
        if row.raw and default_storage.exists(row.raw):
            with suppress(TooMany):  # the rest of this person's tomorrow
                begin_work(row)
        else:
            # Unless its pictures were made just now: then the file is gone because of that.
            still = Attachment.objects.filter(pk=row.pk, state=_WAITING)
            if still.update(state=Attachment.State.REFUSED, reason="lost", raw=""):
                logger.error("attachment %d: its file is gone from the storage", row.pk)
                lost += 1
    return lost
