"""Shifts: a day's or a week's, one to put right; begin, plan, pause, end."""

from datetime import date, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from trips.desk_fleet.client import Answer, ask
from trips.desk_fleet.common import (
    Listing,
    Row,
    all_rows,
    back,
    dispatch_page,
    file_of,
    fresh_key,
    given,
    listing,
    moments,
    one,
    show,
    told,
)
from trips.queries import company_day

WEEK = 7
COLUMNS = (
    "id",
    "state",
    "driver_name",
    "vehicle_name",
    "starts_at",
    "ends_at",
    "planned_ends_at",
    "odometer_start",
    "odometer_end",
    "reason",
)
#: What can be done to a shift with no more than a click, by its route.
STEPS = {"break": "shift-pause", "resume": "shift-resume"}


@require_safe
@dispatch_page
def shifts(request: HttpRequest) -> HttpResponseBase:
    """A day's shifts, or with `?days=7` a week's as a grid; `?csv=1` as a file."""
    return _page(request, {}, {}, 200)


def _page(
    request: HttpRequest, form: Row, errors: dict[str, list[str]], status: int
) -> HttpResponseBase:
    today = company_day(timezone.now())
    names = ("date", "days", "driver", "vehicle")
    found = listing(request, "shift-list", *names, usual={"date": today.isoformat()})
    if "csv" in request.GET and not found.errors:
        return file_of(request, "shift-list", found, COLUMNS, "shifts.csv")
    day = _day(found, today)
    days = [day + timedelta(days=n) for n in range(WEEK)] if "days" in found.asked else []
    if days:
        found.rows = [] if found.errors else all_rows(request, "shift-list", found.asked)
    context = {
        "found": found,
        "day": day,
        "today": today,
        "before": day - timedelta(days=len(days) or 1),
        "after": day + timedelta(days=len(days) or 1),
        "days": days,
        "grid": _grid(found.rows, days),
        "key": fresh_key(),
        "form": form,
        "errors": errors,
        **_choices(request),
    }
    return show(request, "shifts", context, status if found.status == 200 else found.status)


def _day(found: Listing, today: date) -> date:
    try:
        day = date.fromisoformat(found.asked.get("date", ""))
    except ValueError:
        return today
    # Its neighbours are linked to.
    near = date(2000, 1, 1) <= day <= date(2199, 12, 31)
    return day if near else today


def _grid(rows: list[Row], days: list[date]) -> list[tuple[str, list[list[Row]]]]:
    """(driver, the shifts of each day) by name; a shift stands on the days that it touches."""
    names = sorted(
        {(row["driver_name"].casefold(), row["driver_name"], row["driver"]) for row in rows}
    )
    return [
        (name, [[row for row in rows if row["driver"] == driver and _on(row, day)] for day in days])
        for _folded, name, driver in names
    ]


def _on(row: Row, day: date) -> bool:
    begin, end = parse_datetime(row["starts_at"]), parse_datetime(row["ends_at"] or "")
    first = timezone.localtime(begin).date()
    last = timezone.localtime(end).date() if end else company_day(timezone.now())
    return first <= day <= max(first, last)


def _choices(request: HttpRequest) -> dict[str, Any]:
    drivers = all_rows(request, "driver-list", {"active": "true"})
    return {"drivers": drivers, "vehicles": all_rows(request, "vehicle-list", {})}


@require_POST
@dispatch_page
def begin(request: HttpRequest) -> HttpResponseBase:
    """Put somebody on duty now, or plan a shift: the form's `do` says which."""
    form = {name: request.POST.get(name, "") for name in request.POST}
    names = ["driver_id", "vehicle_id", "reason", "client_event_id"]
    names += ["starts_at", "ends_at"] if form.get("do") == "plan" else ["odometer"]
    body = moments(given(request, *names), "starts_at", "ends_at")
    if form.get("do") != "plan" and "handover" in request.POST:
        body["handover"] = True
    answer = ask(request, "POST", "shift-list", body=body)
    if answer.ok:
        planned = answer.body["state"] == "planned"
        told(request, answer, _("The shift is planned.") if planned else _("On duty now."))
        return back(request, "fleet:shifts")
    return _page(request, form, answer.errors, answer.status)


@require_http_methods(["GET", "HEAD", "POST"])
@dispatch_page
def shift(request: HttpRequest, shift_id: int) -> HttpResponseBase:
    """One shift; POST puts its times and odometers right."""
    found = one(request, "shift-detail", shift_id)
    answer: Answer | None = None
    form: Row = {}
    if request.method == "POST":
        names = ("starts_at", "ends_at", "odometer_start", "odometer_end", "reason")
        form = given(request, *names)
        body = moments(_changed(found, form), "starts_at", "ends_at")
        answer = ask(request, "POST", "shift-correct", shift_id, body=body)
        if answer.ok:
            told(request, answer, _("The shift is put right."))
            return redirect("fleet:shift", shift_id)
    context = {"shift": found, "form": form, "errors": answer.errors if answer else {}}
    return show(request, "shift", context, answer.status if answer else 200)


def _changed(found: Row, form: Row) -> Row:
    """Without the times that are as they were: a field has minutes, a shift has seconds."""
    same = {
        name
        for name in ("starts_at", "ends_at")
        if (at := parse_datetime(found[name] or "")) is not None
        and form.get(name) == f"{timezone.localtime(at):%Y-%m-%dT%H:%M}"
    }
    return {name: value for name, value in form.items() if name not in same}


@require_POST
@dispatch_page
def step(request: HttpRequest, shift_id: int) -> HttpResponseBase:
    """`do`: break, resume, end (with a reason), or drop (a plan)."""
    do = request.POST.get("do", "")
    if do == "drop":
        told(request, ask(request, "DELETE", "shift-detail", shift_id), _("The plan is dropped."))
        return back(request, "fleet:shifts")
    if do == "end":
        body = given(request, "reason", "odometer")
        answer = ask(request, "POST", "shift-end", shift_id, body=body)
        told(request, answer, _("The shift has ended."))
    elif do in STEPS:
        answer = ask(request, "POST", STEPS[do], shift_id, body=given(request, "reason"))
        told(request, answer, _("The break begins.") if do == "break" else _("The break is over."))
    else:
        raise Http404
    return redirect("fleet:shift", shift_id)
