"""The pages of the signed-in application, and what every template is given."""

import json
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from django.conf import settings
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
    """One entry of the navigation, for who holds `permission`.

    Pages of a `section` share one entry, and stand beside each other on each of them, and on
    every path that begins as `under`. A page is the current one where its own address begins.
    """

    label: Any
    route: str
    permission: Permission
    section: str = ""
    under: str = ""


#: In the bar stands a section's name, which leads to its first page.
SECTIONS = {
    "bookings": gettext_lazy("Bookings"),
    "fleet": gettext_lazy("Fleet"),
}

PAGES = (
    Page(gettext_lazy("Board"), "dashboard:board", Permission.SEE_BOARD),
    Page(
        gettext_lazy("New trip"),
        "bookings:trip-new",
        Permission.DISPATCH_TRIPS,
        "bookings",
        under="/dispatch/trips/",
    ),
    Page(
        gettext_lazy("Standing orders"),
        "bookings:orders",
        Permission.DISPATCH_TRIPS,
        "bookings",
    ),
    Page(
        gettext_lazy("Import and export"),
        "bookings:import",
        Permission.DISPATCH_TRIPS,
        "bookings",
    ),
    Page(gettext_lazy("Places"), "bookings:places", Permission.DISPATCH_TRIPS, "bookings"),
    Page(gettext_lazy("Vehicles"), "fleet:vehicles", Permission.DISPATCH_TRIPS, "fleet"),
    Page(gettext_lazy("Drivers"), "fleet:drivers", Permission.DISPATCH_TRIPS, "fleet"),
    Page(gettext_lazy("Shifts"), "fleet:shifts", Permission.DISPATCH_TRIPS, "fleet"),
    Page(gettext_lazy("Messages"), "fleet:messages", Permission.DISPATCH_TRIPS, "fleet"),
    Page(gettext_lazy("Alarms"), "fleet:alerts", Permission.DISPATCH_TRIPS, "fleet"),
    Page(gettext_lazy("Trouble"), "fleet:trouble", Permission.DISPATCH_TRIPS, "fleet"),
    Page(gettext_lazy("Papers"), "fleet:expiries", Permission.DISPATCH_TRIPS, "fleet"),
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

#: Of the demo only.
DEMO_PAGES = (Page(gettext_lazy("Break something"), "break", Permission.DISPATCH_TRIPS),)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of every template: `company`, both navigations and the scripts' `words`.

    Functions, which templates call: a page outside the frame asks the database for nothing.
    """
    return {
        "company": cache(Company.get),
        "navigation": partial(_navigation, request),
        "subnavigation": partial(_subnavigation, request),
        "words": partial(words, request),
    }


def _navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The bar: each page of its own, and each section once."""
    mine, here = _pages(request), _current(request)
    shown: dict[str, dict[str, Any]] = {}
    for page in mine:
        label = SECTIONS[page.section] if page.section else page.label
        is_current = here is not None and (
            page is here or (bool(page.section) and page.section == here.section)
        )
        entry = {"label": label, "url": reverse(page.route), "is_current": is_current}
        shown.setdefault(page.section or page.route, entry)
    return list(shown.values())


def _subnavigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The pages of the section that the reader is in; [] outside of any."""
    here = _current(request)
    if here is None or not here.section:
        return []
    return [
        {
            "label": page.label,
            "url": reverse(page.route),
            "is_current": page is here and request.path.startswith(reverse(page.route)),
        }
        for page in _pages(request)
        if page.section == here.section
    ]


def _pages(request: HttpRequest) -> list[Page]:
    user = getattr(request, "user", None)
    pages = PAGES + DEMO_PAGES if settings.DEMO else PAGES
    return [page for page in pages if user.may(page.permission)] if isinstance(user, User) else []


def _current(request: HttpRequest) -> Page | None:
    # /dispatch/setup/ is not the board's, though it begins like it.
    begins = {page.under or reverse(page.route): page for page in _pages(request)}
    found = [begin for begin in begins if request.path.startswith(begin)]
    return begins[max(found, key=len)] if found else None


def words(request: HttpRequest) -> dict[str, Any]:
    """The scripts' phrases in the reader's language, by the English one; {} for English."""
    if (get_language() or DEFAULT).startswith(DEFAULT):
        return {}
    answer = JSONCatalog().get(request)
    found: dict[str, Any] = json.loads(answer.content)["catalog"]
    return found
