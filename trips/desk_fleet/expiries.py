"""Papers that run out: of drivers and vehicles, the earliest first."""

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from trips.desk_fleet.client import ask
from trips.desk_fleet.common import dispatch_page, show
from trips.reports.csv_files import csv_answer

COLUMNS = ("paper", "name", "expires", "days_left", "driver", "vehicle")
#: How far ahead the page offers to look.
AHEAD = (30, 90, 180, 366)


@require_safe
@dispatch_page
def expiries(request: HttpRequest) -> HttpResponseBase:
    """`?days=` ahead; `?csv=1` as a file."""
    days = request.GET.get("days") or str(AHEAD[0])
    answer = ask(request, "GET", "expiries", query={"days": days})
    rows = answer.body if answer.ok else []
    if "csv" in request.GET and answer.ok:
        return csv_answer(request, COLUMNS, iter(rows), "expiries.csv")
    context = {"rows": rows, "days": days, "ahead": AHEAD, "errors": answer.errors}
    return show(request, "expiries", context, answer.status)
