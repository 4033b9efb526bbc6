"""What leaves the house: one row, one attempt at a time, and the truth about what happened.

queued -> claimed -> sent | failed (refused for good) | unknown (the answer never came) | skipped.
A row is claimed and committed before a server is spoken to, so no two workers send the same one;
what was claimed by a worker that died is `unknown`, and is not sent again blindly.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from config import metrics
from config.publish import publish
from config.subscriptions import AFTER_MAIL
from users.channels import gateway, smtp
from users.channels.outcome import Compose, Outcome
from users.kinds import OUTSIDE
from users.models import Notification

logger = logging.getLogger(__name__)

#: A server may be away over a weekend's night and more; after that a message is old news.
GIVE_UP_AFTER = timedelta(hours=48)
#: Pauses after failed attempts: 30 s, 1 min, 2 min, … up to this.
LONGEST_PAUSE = timedelta(minutes=30)
#: A worker that claimed a mail and says nothing for so long has died.
CLAIM_GOOD_FOR = timedelta(minutes=5)
#: The kick on commit normally sends at once; the sweeper looks after this.
SWEEP_AFTER = timedelta(seconds=10)
REQUEUE_AFTER = timedelta(seconds=60)
SWEEP_SIZE = 200
_WINDOW = timedelta(minutes=1)

State = Notification.State
_SENDERS: dict[str, Callable[[Notification, Compose], Outcome]] = {
    Notification.Channel.EMAIL: smtp.send,
    Notification.Channel.SMS: gateway.send,
    Notification.Channel.PUSH: gateway.send,
}


def queue_mail(notification: Notification) -> None:
    """Hand a committed row to the low queue."""
    publish("users.tasks.send_mail", notification.pk)


def send(notification_id: int, compose: Compose) -> str:
    """Send one queued row; its new state, or "nothing to do" where another worker has it."""
    claimed = _claim(notification_id, timezone.now())
    if claimed is not None:
        return claimed
    row = Notification.objects.select_related("user").get(pk=notification_id)
    row.state, row.error = _SENDERS[row.channel](row, compose)
    rested = row.error == smtp.AWAY
    row.attempts += not rested
    now = timezone.now()
    row.due_at = now + (timedelta(seconds=smtp.REST_S) if rested else pause(row.attempts))
    if row.state == State.QUEUED and now >= _give_up_at(row):
        row.state = State.FAILED
    row.sent_at = now if row.state == State.SENT else None
    with transaction.atomic():
        row.save(update_fields=["state", "error", "attempts", "sent_at", "due_at"])
        if row.state == State.SENT and row.kind in AFTER_MAIL:
            import_string(AFTER_MAIL[row.kind])(row)
    metrics.MESSAGES.labels(row.channel, row.state).inc()
    if row.state not in (State.SENT, State.SKIPPED):
        logger.warning("message %d is %s: %s", row.pk, row.state, row.error)
    return row.state


def pause(attempts: int) -> timedelta:
    """How long to wait after that many attempts."""
    return min(timedelta(seconds=15 * 2 ** min(attempts, 12)), LONGEST_PAUSE)


def _give_up_at(row: Notification) -> datetime:
    return row.give_up_at or row.created_at + GIVE_UP_AFTER


def _claim(notification_id: int, now: datetime) -> str | None:
    """Take the row for this worker; else why it was not taken."""
    queued = Notification.objects.filter(pk=notification_id, state=State.QUEUED)
    with transaction.atomic():
        wait = _wait(now) if settings.MAILS_PER_MINUTE else None
        if wait and queued.filter(channel=Notification.Channel.EMAIL).update(due_at=now + wait):
            return "the mail server's limit is reached"
        if not queued.update(state=State.CLAIMED, claimed_at=now):
            return "nothing to do"
    return None


def _wait(now: datetime) -> timedelta | None:
    """How long the limit of the mail server holds us up; all workers count together.

    The lock is held until the claim that follows is committed.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('users_notification'))")
    lately = Notification.objects.filter(
        channel=Notification.Channel.EMAIL, claimed_at__gt=now - _WINDOW
    ).order_by("-claimed_at")
    most = settings.MAILS_PER_MINUTE
    claims = list(lately.values_list("claimed_at", flat=True)[most - 1 : most])
    return claims[0] + _WINDOW - now if claims and claims[0] else None


def sweep_mail() -> int:
    """Queue again what is due, and mark what died with its worker; how many were due."""
    now = timezone.now()
    messages = Notification.objects.filter(channel__in=OUTSIDE)
    messages.filter(state=State.CLAIMED, claimed_at__lt=now - CLAIM_GOOD_FOR).update(
        state=State.UNKNOWN, error="the worker died while sending"
    )
    queued = messages.filter(state=State.QUEUED, due_at__lte=now)
    due = list(queued.order_by("due_at")[:SWEEP_SIZE])
    queued.filter(pk__in=[row.pk for row in due]).update(due_at=now + REQUEUE_AFTER)
    for row in due:
        queue_mail(row)
    return len(due)


def send_again(pks: Iterable[int]) -> int:
    """Queue what failed, or whose fate is unknown and a person has decided; how many."""
    given_up = Notification.objects.filter(
        pk__in=pks, channel__in=OUTSIDE, state__in=(State.FAILED, State.UNKNOWN)
    )
    with transaction.atomic():
        rows = list(given_up.select_for_update().order_by("pk"))
        now = timezone.now()
        for row in rows:
            row.state, row.attempts = State.QUEUED, 0
            row.due_at, row.give_up_at = now + SWEEP_AFTER, now + GIVE_UP_AFTER
            transaction.on_commit(partial(queue_mail, row))
        Notification.objects.bulk_update(rows, ["state", "attempts", "due_at", "give_up_at"])
    return len(rows)
