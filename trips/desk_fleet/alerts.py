"""Alarms: open, seen to, over; by whom and when."""

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from trips.desk_fleet.client import ask
from trips.desk_fleet.common import back, dispatch_page, file_of, given, listing, show, told

COLUMNS = (
    "id",
    "kind",
    "state",
    "source_name",
    "message",
    "trip",
    "latitude",
    "longitude",
    "raised_at",
    "acknowledged_by_name",
    "acknowledged_at",
    "escalated_at",
    "resolved_by_name",
    "resolved_at",
    "resolution",
)


@require_safe
@dispatch_page
def alerts(request: HttpRequest) -> HttpResponseBase:
    """Alarms by the API's filters, the open ones unless asked; `?csv=1` as a file."""
    names = ("state", "kind", "vehicle", "driver", "trip")
    found = listing(request, "alert-list", *names, usual={"state": "open"})
    if "csv" in request.GET and not found.errors:
        return file_of(request, "alert-list", found, COLUMNS, "alerts.csv")
    return show(request, "alerts", {"found": found}, found.status)


@require_POST
@dispatch_page
def acknowledge(request: HttpRequest, alert_id: int) -> HttpResponseBase:
    """I see to it."""
    told(request, ask(request, "POST", "alert-acknowledge", alert_id), _("You see to it."))
    return back(request, "fleet:alerts")


@require_POST
@dispatch_page
def resolve(request: HttpRequest, alert_id: int) -> HttpResponseBase:
    """It is over, and what came of it."""
    body = given(request, "resolution")
    told(request, ask(request, "POST", "alert-resolve", alert_id, body=body), _("It is over."))
    return back(request, "fleet:alerts")
