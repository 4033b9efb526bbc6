"""Drivers: the list, and one with papers, shift, phones and today's trips."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from trips.desk_fleet.client import Answer, ask
from trips.desk_fleet.common import dispatch_page, file_of, listing, one, show, told
from trips.queries import company_day

PAPERS = ("licence_expires", "medical_expires")
COLUMNS = (
    "id",
    "name",
    "username",
    "phone",
    "is_active",
    "vehicle",
    "qualifications",
    "licence",
    *PAPERS,
    "trips_today",
)


@require_safe
@dispatch_page
def drivers(request: HttpRequest) -> HttpResponseBase:
    """Drivers by the API's filters, the active ones unless asked; `?csv=1` as a file."""
    names = ("q", "on_duty", "active")
    found = listing(request, "driver-list", *names, usual={"active": "true"})
    if "csv" in request.GET and not found.errors:
        return file_of(request, "driver-list", found, COLUMNS, "drivers.csv")
    context = {"found": found, "today": company_day(timezone.now())}
    return show(request, "drivers", context, found.status)


@require_http_methods(["GET", "HEAD", "POST"])
@dispatch_page
def driver(request: HttpRequest, driver_id: int) -> HttpResponseBase:
    """One driver; POST changes what stands in the form."""
    found = one(request, "driver-detail", driver_id)
    answer = None
    if request.method == "POST":
        changes = _changes(request)
        answer = ask(request, "PATCH", "driver-detail", driver_id, body=changes)
        if answer.ok:
            told(request, answer, _("Saved."))
            return redirect("fleet:driver", driver_id)
        found |= changes
    return show(
        request, "driver", _context(request, found, answer), answer.status if answer else 200
    )


def _changes(request: HttpRequest) -> dict[str, Any]:
    words = request.POST.get("qualifications", "").split(",")
    papers = {name: request.POST.get(name) or None for name in PAPERS}
    return {
        "licence": request.POST.get("licence", "").strip(),
        "qualifications": [word.strip() for word in words if word.strip()],
        **papers,
    }


def _context(request: HttpRequest, found: dict[str, Any], answer: Answer | None) -> dict[str, Any]:
    today = company_day(timezone.now())
    of_driver = {"driver": found["id"], "date": today.isoformat()}
    return {
        "driver": found,
        "errors": answer.errors if answer else {},
        "devices": one(request, "device-list", driver=found["id"])["results"],
        "trips": one(request, "trip-list", **of_driver, page_size=200)["results"],
        "shifts": one(request, "shift-list", **of_driver)["results"],
        "today": today,
    }


@require_POST
@dispatch_page
def account(request: HttpRequest, driver_id: int) -> HttpResponseBase:
    """Close the account, or open it again."""
    if request.POST.get("do") == "enable":
        answer = ask(request, "POST", "driver-enable", driver_id)
        told(request, answer, _("The account is open again; phones have to be signed in anew."))
    else:
        answer = ask(request, "POST", "driver-disable", driver_id)
        told(request, answer, _("The account is closed: phones and sessions have ended."))
    return redirect("fleet:driver", driver_id)
