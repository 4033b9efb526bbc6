"""The daily digest: a person's day in one mail."""

from django.utils import timezone

from users.models import User
from users.notifications import mail


def queue_digest(user: User) -> str:
    """Queue today's digest, unless it was queued already."""
    key = f"digest:{timezone.now():%Y-%m-%d}"
    new = mail(kind="daily_digest", key=key, user=user)
    return f"digest of user {user.pk} {'queued' if new else 'already queued'}"
