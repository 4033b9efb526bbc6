"""The pages of the signed-in application, and what every template is given."""

import json
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.views.i18n import JSONCatalog

from trips.models import Company
from users.languages import DEFAULT
from users.models import User
from users.roles import Permission


@dataclass(frozen=True, slots=True)
class Page:
    """One entry of the navigation, for who holds `permission`."""

    label: Any
    route: str
    permission: Permission


PAGES = (
    Page(gettext_lazy("Board"), "dashboard:board", Permission.SEE_BOARD),
    Page(gettext_lazy("Phones"), "setup", Permission.SEE_BOARD),
    Page(gettext_lazy("Manifest"), "manifest", Permission.SEE_BOARD),
    Page(gettext_lazy("Billing"), "desk:invoices", Permission.SEE_INVOICES),
    Page(gettext_lazy("Manager"), "desk:manage", Permission.SEE_REPORTS),
    Page(gettext_lazy("Trips"), "me", Permission.SEE_OWN_PAGES),
    Page(gettext_lazy("Book a trip"), "me-book", Permission.SEE_OWN_PAGES),
    Page(gettext_lazy("Invoices"), "me-invoices", Permission.SEE_OWN_PAGES),
    Page(gettext_lazy("Notices"), "me-notices", Permission.SEE_OWN_PAGES),
    Page(gettext_lazy("Settings"), "me-settings", Permission.SEE_OWN_PAGES),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of every template: `company`, `navigation` and the scripts' `words`.

    Functions, which templates call: a page outside the frame asks the database for nothing.
    """
    return {
        "company": cache(Company.get),
        "navigation": partial(_navigation, request),
        "words": partial(words, request),
    }


def _navigation(request: HttpRequest) -> list[dict[str, Any]]:
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return []
    mine = [(page, reverse(page.route)) for page in PAGES if user.may(page.permission)]
    # /dispatch/setup/ is not the board's, though it begins like it.
    here = max((url for _page, url in mine if request.path.startswith(url)), key=len, default="")
    return [{"label": page.label, "url": url, "is_current": url == here} for page, url in mine]


def words(request: HttpRequest) -> dict[str, Any]:
    """The scripts' phrases in the reader's language, by the English one; {} for English."""
    if (get_language() or DEFAULT).startswith(DEFAULT):
        return {}
    answer = JSONCatalog().get(request)
    found: dict[str, Any] = json.loads(answer.content)["catalog"]
    return found
