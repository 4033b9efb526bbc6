"""Vehicles: the list, and one with its papers, seats, devices and today's trips."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from trips.desk_fleet.client import Answer, ask
from trips.desk_fleet.common import (
    back,
    dispatch_page,
    file_of,
    given,
    listing,
    one,
    show,
    told,
)
from trips.dispatch.seats import PLACES
from trips.queries import company_day

PAPERS = ("inspection_due", "lift_inspection_due", "insurance_expires")
COLUMNS = (
    "id",
    "name",
    "plate",
    "state",
    "out_of_service_reason",
    "has_lift",
    *PAPERS,
    "driver",
    "recorded_at",
    "trips_today",
)
SEATS = list(dict.fromkeys(name for places in PLACES.values() for name in places))


@require_safe
@dispatch_page
def vehicles(request: HttpRequest) -> HttpResponseBase:
    """All vehicles by the API's filters; `?csv=1` as a file."""
    found = listing(request, "vehicle-list", "q", "state")
    if "csv" in request.GET and not found.errors:
        return file_of(request, "vehicle-list", found, COLUMNS, "vehicles.csv")
    context = {"found": found, "today": company_day(timezone.now())}
    return show(request, "vehicles", context, found.status)


@require_http_methods(["GET", "HEAD", "POST"])
@dispatch_page
def vehicle(request: HttpRequest, vehicle_id: int) -> HttpResponseBase:
    """One vehicle; POST changes what stands in the form."""
    found = one(request, "vehicle-detail", vehicle_id)
    answer = None
    if request.method == "POST":
        changes = _changes(request)
        answer = ask(request, "PATCH", "vehicle-detail", vehicle_id, body=changes)
        if answer.ok:
            told(request, answer, _("Saved."))
            return redirect("fleet:vehicle", vehicle_id)
        found |= {name: changes[name] for name in changes if name != "capacities"}
    return show(
        request, "vehicle", _context(request, found, answer), answer.status if answer else 200
    )


def _context(request: HttpRequest, found: dict[str, Any], answer: Answer | None) -> dict[str, Any]:
    today = company_day(timezone.now())
    of_vehicle = {"vehicle": found["id"], "date": today.isoformat(), "page_size": 200}
    return {
        "vehicle": found,
        "errors": answer.errors if answer else {},
        "seats": SEATS,
        # One line more than there are, for another way to arrange them.
        "seatings": [*(_changes(request)["capacities"] if answer else found["capacities"]), {}],
        "devices": one(request, "device-list", vehicle=found["id"])["results"],
        "trips": one(request, "trip-list", **of_vehicle)["results"],
        "shifts": one(request, "shift-list", vehicle=found["id"], date=today)["results"],
        "today": today,
    }


def _changes(request: HttpRequest) -> dict[str, Any]:
    papers = {name: request.POST.get(name) or None for name in PAPERS}
    seatings = [_seating(request, line) for line in range(16)]
    return {
        "plate": request.POST.get("plate", "").strip(),
        "has_lift": "has_lift" in request.POST,
        "capacities": [seating for seating in seatings if seating],
        **papers,
    }


def _seating(request: HttpRequest, line: int) -> dict[str, Any]:
    """Kinds of seat with a number; one that is none is left to the API to refuse."""
    asked = given(request, *(f"seat-{line}-{name}" for name in SEATS))
    named = {key.rpartition("-")[2]: value for key, value in asked.items()}
    numbers = {name: int(n) if n.isdecimal() else n for name, n in named.items()}
    return {name: number for name, number in numbers.items() if number != 0}


@require_POST
@dispatch_page
def service(request: HttpRequest, vehicle_id: int) -> HttpResponseBase:
    """Out of service, with a reason, or back in it."""
    state = request.POST.get("state", "")
    reason = request.POST.get("out_of_service_reason", "").strip()
    body = {"state": state} | ({"out_of_service_reason": reason} if reason else {})
    answer = ask(request, "PATCH", "vehicle-detail", vehicle_id, body=body)
    told(request, answer, _("In service again.") if state == "in_service" else _("Out of service."))
    return redirect("fleet:vehicle", vehicle_id)


@require_POST
@dispatch_page
def revoke(request: HttpRequest, device_id: int) -> HttpResponseBase:
    """A device's token ends."""
    answer = ask(request, "POST", "device-revoke", device_id)
    told(request, answer, _("Its token has ended: nothing more is taken from it."))
    return back(request, "fleet:vehicles")
