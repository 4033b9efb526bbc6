"""What the users app forgets, and when. docs/RETENTION.md says why."""

from datetime import datetime, timedelta
from typing import Any

from django.core.management import call_command
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from knox.models import AuthToken

from config.bounded import delete_some
from trips import calendars
from trips.models import Shift
from users.models import AuditEntry, Enrolment, Notification, WebhookDelivery

#: Accounts that did nothing for so long lose their tokens; the person may log in anew.
IDLE = timedelta(days=30)
KEEP_ENROLMENTS = timedelta(days=30)
#: Of both, once they are through.
KEEP_NOTICES = timedelta(days=365)
KEEP_WEBHOOK_DELIVERIES = timedelta(days=90)

_State = Notification.State
_ENDED = (_State.SENT, _State.FAILED, _State.UNKNOWN, _State.SKIPPED)
_Delivered = WebhookDelivery.State


def delete_expired_tokens() -> tuple[int, int]:
    """(expired tokens, tokens of idle accounts) deleted; expired sessions go, too."""
    now = timezone.now()
    expired = delete_some(AuthToken.objects.filter(expiry__lt=now))
    call_command("clearsessions")
    return expired, delete_some(_idle(now - IDLE))


def _idle(since: datetime) -> QuerySet[Any]:
    """Tokens older than `since` of accounts that nothing has been seen of since then.

    A driver's phone that only sends positions is not in the audit; his shifts are. A calendar
    reads without anybody, for years.
    """
    seen = AuditEntry.objects.filter(actor_id=OuterRef("user_id"), at__gte=since)
    driven = Shift.objects.filter(driver__user_id=OuterRef("user_id")).filter(
        Q(ends_at__gte=since) | Q(ends_at=None)
    )
    old = AuthToken.objects.filter(created__lt=since).exclude(
        token_key__startswith=calendars.PREFIX
    )
    active = Q(user__last_login__gte=since) | Q(Exists(seen)) | Q(Exists(driven))
    idle: QuerySet[Any] = old.exclude(active)
    return idle


def cleanup() -> dict[str, int]:
    """{what: rows deleted} of one bounded run."""
    now = timezone.now()
    notices = Notification.objects.filter(state__in=_ENDED, created_at__lt=now - KEEP_NOTICES)
    webhooks = WebhookDelivery.objects.exclude(state=_Delivered.QUEUED)
    return {
        "notices": delete_some(notices),
        "webhook deliveries": delete_some(
            webhooks.filter(created_at__lt=now - KEEP_WEBHOOK_DELIVERIES)
        ),
        "enrolments": delete_some(Enrolment.objects.filter(expires_at__lt=now - KEEP_ENROLMENTS)),
    }
