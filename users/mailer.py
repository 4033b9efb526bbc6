"""Mail: one row, one attempt at a time, and the truth about what happened to it.

queued -> claimed -> sent | failed (refused for good) | unknown (the answer never came).
A row is claimed and committed before the mail server is spoken to, so no two workers send the
same one; what was claimed by a worker that died is `unknown`, and is not sent again blindly.
"""

import logging
import smtplib
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial

from django.core.exceptions import ObjectDoesNotExist
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from config.publish import publish
from config.subscriptions import AFTER_MAIL
from users.models import Notification

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 8
#: A worker that claimed a mail and says nothing for so long has died.
CLAIM_GOOD_FOR = timedelta(minutes=5)
#: The kick on commit normally sends at once; the sweeper looks after this.
SWEEP_AFTER = timedelta(seconds=10)
REQUEUE_AFTER = timedelta(seconds=60)
SWEEP_SIZE = 200

State = Notification.State
Compose = Callable[[Notification], EmailMultiAlternatives]


def queue_mail(notification: Notification) -> None:
    """Hand a committed row to the low queue."""
    publish("users.tasks.send_mail", notification.pk)


def send(notification_id: int, compose: Compose) -> str:
    """Send one queued row; its new state, or "nothing to do" where another worker has it."""
    claimed = Notification.objects.filter(pk=notification_id, state=State.QUEUED).update(
        state=State.CLAIMED, claimed_at=timezone.now()
    )
    if not claimed:
        return "nothing to do"
    row = Notification.objects.select_related("user").get(pk=notification_id)
    row.attempts += 1
    row.state, row.error = _attempt(row, compose)
    if row.state == State.QUEUED and row.attempts >= MOST_ATTEMPTS:
        row.state = State.FAILED
    now = timezone.now()
    row.sent_at = now if row.state == State.SENT else None
    row.due_at = now + timedelta(seconds=min(15 * 2**row.attempts, 3600))
    with transaction.atomic():
        row.save(update_fields=["state", "error", "attempts", "sent_at", "due_at"])
        if row.state == State.SENT and row.kind in AFTER_MAIL:
            import_string(AFTER_MAIL[row.kind])(row)
    if row.state != State.SENT:
        logger.warning("mail %d is %s: %s", row.pk, row.state, row.error)
    return row.state


def _attempt(row: Notification, compose: Compose) -> tuple[State, str]:
    """(new state, error). Errors are named by type and code: their text may hold an address."""
    try:
        mail = compose(row)
        connection = get_connection()
        connection.open()
    except (LookupError, ObjectDoesNotExist) as exc:
        return State.FAILED, type(exc).__name__
    except Exception as exc:  # nothing was handed over yet, so a next attempt is safe
        return State.QUEUED, type(exc).__name__
    try:
        connection.send_messages([mail])
    except smtplib.SMTPRecipientsRefused as exc:
        codes = {code for code, _ in exc.recipients.values()}
        return (State.FAILED if min(codes) >= 500 else State.QUEUED), f"refused {codes}"
    except smtplib.SMTPResponseException as exc:
        return (State.FAILED if exc.smtp_code >= 500 else State.QUEUED), str(exc.smtp_code)
    except (smtplib.SMTPException, OSError) as exc:
        # The line broke while the mail was under way: it may have been taken.
        return State.UNKNOWN, type(exc).__name__
    finally:
        connection.close()
    return State.SENT, ""


def sweep_mail() -> int:
    """Queue again what is due, and mark what died with its worker; how many were due."""
    now = timezone.now()
    mails = Notification.objects.filter(channel=Notification.Channel.EMAIL)
    mails.filter(state=State.CLAIMED, claimed_at__lt=now - CLAIM_GOOD_FOR).update(
        state=State.UNKNOWN, error="the worker died while sending"
    )
    due = list(mails.filter(state=State.QUEUED, due_at__lte=now).order_by("due_at")[:SWEEP_SIZE])
    mails.filter(pk__in=[row.pk for row in due]).update(due_at=now + REQUEUE_AFTER)
    for row in due:
        queue_mail(row)
    return len(due)


def send_again(pks: Iterable[int]) -> int:
    """Queue mails that failed, or whose fate is unknown and a person has decided; how many."""
    given_up = Notification.objects.filter(
        pk__in=pks,
        channel=Notification.Channel.EMAIL,
        state__in=(State.FAILED, State.UNKNOWN),
    )
    with transaction.atomic():
        rows = list(given_up.select_for_update().order_by("pk"))
        for row in rows:
            row.state, row.attempts = State.QUEUED, 0
            row.due_at = timezone.now() + SWEEP_AFTER
            transaction.on_commit(partial(queue_mail, row))
        Notification.objects.bulk_update(rows, ["state", "attempts", "due_at"])
    return len(rows)
