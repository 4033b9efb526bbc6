"""What the trips app forgets, and when. docs/RETENTION.md says why."""

from datetime import timedelta

from django.core.files.storage import default_storage
from django.utils import timezone

from config.bounded import delete_some
from trips.models import Attachment, Delivery, Message, QuarantinedFix, TapAnswer

#: A phone that was away for longer asks for the trip as it is.
KEEP_TAP_ANSWERS = timedelta(days=30)
KEEP_QUARANTINED = timedelta(days=90)
#: Done: the event itself is kept.
KEEP_DELIVERIES = timedelta(days=90)
#: Free text about the day's work.
KEEP_MESSAGES = timedelta(days=365)
#: What came and was never made a picture, whatever its task died of.
KEEP_UNPROCESSED = timedelta(days=7)


def cleanup() -> dict[str, int]:
    """{what: rows deleted} of one bounded run."""
    now = timezone.now()
    done = Delivery.objects.filter(state=Delivery.State.DONE)
    return {
        "tap answers": delete_some(TapAnswer.objects.filter(created_at__lt=now - KEEP_TAP_ANSWERS)),
        "quarantined fixes": delete_some(
            QuarantinedFix.objects.filter(received_at__lt=now - KEEP_QUARANTINED)
        ),
        "deliveries": delete_some(done.filter(done_at__lt=now - KEEP_DELIVERIES)),
        "messages": delete_some(Message.objects.filter(sent_at__lt=now - KEEP_MESSAGES)),
        "unprocessed files": _forget_unprocessed(),
    }


def _forget_unprocessed() -> int:
    old = Attachment.objects.exclude(raw="").filter(
        received_at__lt=timezone.now() - KEEP_UNPROCESSED
    )
    rows = list(old.order_by("pk")[:500])
    for row in rows:
        default_storage.delete(row.raw)
        state = Attachment.State.REFUSED if row.state == Attachment.State.WAITING else row.state
        reason = row.reason or ("expired" if state == Attachment.State.REFUSED else "")
        Attachment.objects.filter(pk=row.pk).update(raw="", state=state, reason=reason)
    return len(rows)
