"""The admin, which whoever left it alone for a while must sign in to again."""

from datetime import timedelta

from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.utils import timezone

from config import limits


class Site(AdminSite):
    """For staff; sessions elsewhere (a board on the wall) go on."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether it is staff that was here, or signed in, within ADMIN_IDLE_MINUTES."""
        return super().has_permission(request) and _is_awake(request)


def _is_awake(request: HttpRequest) -> bool:
    # Not in the session, which would live longer with each visit.
    key = limits.key_of("admin-awake", request.session.session_key or "")
    idle = timedelta(minutes=settings.ADMIN_IDLE_MINUTES)
    signed_in = getattr(request.user, "last_login", None)
    is_fresh = signed_in is not None and signed_in > timezone.now() - idle
    if not is_fresh and not limits.counters.left(key):
        return False
    limits.counters.hold(key, idle.total_seconds())
    return True
