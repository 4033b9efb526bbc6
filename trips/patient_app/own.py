"""What all pages under `/me/` have in common: who gets them, in which language and time zone."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache

from trips.models import Company
from users.languages import language_of
from users.models import User
from users.roles import Permission
from users.zones import zone_of

Page = Callable[..., HttpResponse]


def own_page(view: Page) -> Page:
    """Only for who orders trips; in their language and zone. 403 with a page for other roles."""

    @login_required
    @never_cache
    @wraps(view)
    def page(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        user = user_of(request)
        if not user.may(Permission.SEE_OWN_PAGES):
            raise PermissionDenied
        language = language_of([user.language, translation.get_language() or ""])
        zone = zone_of(user.time_zone, Company.get().time_zone)
        with translation.override(language), timezone.override(zone):
            return view(request, *args, **kwargs)

    return page


def user_of(request: HttpRequest) -> User:
    """Who is signed in; only behind `own_page`."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
