"""A person's own notices in the app, and which of them were read."""

from django.db.models import QuerySet
from django.utils import timezone

from trips.events.log import recording
from users.models import Notification


def of(user_id: int) -> QuerySet[Notification]:
    """What this person was told in the app."""
    return Notification.objects.filter(user_id=user_id, channel=Notification.Channel.IN_APP)


def mark_read(user_id: int, *, only: int | None = None) -> int:
    """Mark one (`only`) or all as read; how many were unread.

    Each comes once more on the person's stream, so that every screen learns it, late ones too.
    """
    with recording() as log:
        unread = of(user_id).filter(read_at__isnull=True)
        if only is not None:
            unread = unread.filter(pk=only)
        rows = list(unread.select_for_update(no_key=True).order_by("pk"))
        now = timezone.now()
        Notification.objects.filter(pk__in=[row.pk for row in rows]).update(read_at=now)
        for row in rows:
            log.notification(row)
    return len(rows)
