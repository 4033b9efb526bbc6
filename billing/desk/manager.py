"""The manager's page: how well the company drives, what it is owed, whether the system keeps up.

It stands here, on top of the layers, since it shows the reports beside what is owed.
"""

from datetime import date, timedelta
from typing import Any

import redis
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe
from rest_framework import exceptions

from billing.aging import BUCKETS, aging, totals
from billing.desk.common import asked, only_for, read, texts_of, user_of
from billing.desk.owed import HUES
from billing.models import Invoice, Payment
from trips.operations import overview as operations
from trips.queries import company_day
from trips.report_api import PeriodSerializer
from trips.reports import charts, queries
from trips.reports.definitions import COMPANY_COUNTERS, COMPANY_RATIOS
from users.roles import Permission

Row = dict[str, Any]
#: A longer period is drawn by weeks.
MOST_DAYS_DRAWN = 62
PRESETS = (7, 30, 90, 365)
#: Hue and counter of each part of a bar of trips, from the ground up.
ENDINGS = (
    ("aboard", "completed"),
    ("assigned", "open"),
    ("idle", "cancelled"),
    ("open", "no_shows"),
    ("trouble", "missed"),
)


@require_safe
@only_for(Permission.SEE_REPORTS)
def overview(request: HttpRequest) -> HttpResponse:
    """The numbers of a period; 400 for one that makes no sense, with those of 30 days."""
    errors: list[str] = []
    try:
        wanted = read(PeriodSerializer, asked(request))
    except exceptions.ValidationError as exc:
        errors, wanted = texts_of(exc.detail), read(PeriodSerializer, {})
    first, last = wanted["from"], wanted["to"]
    context = {"first": first, "last": last, "errors": errors, "presets": _presets()}
    context |= _service(first, last) | {"queues": _queues(), "demand": _demand(first, last)}
    if user_of(request).may(Permission.SEE_INVOICES):
        context["owed"] = _owed()
    return render(request, "billing/desk/manage.html", context, status=400 if errors else 200)


def _presets() -> list[Row]:
    today = company_day(timezone.now())
    return [{"days": n, "from": today - timedelta(days=n - 1), "to": today} for n in PRESETS]


def _service(first: date, last: date) -> Row:
    """Sums, charts by day or by week, and drivers."""
    by_week = (last - first).days >= MOST_DAYS_DRAWN
    if by_week:
        rows = list(queries.company_rows(queries.weeks(first, last), "monday"))
    else:
        rows = _every_day(first, last)
    return {
        "total": queries.company_total(queries.days(first, last)),
        "rows": rows,
        "by_week": by_week,
        "begin": _name(rows[0]) if rows else "",
        "finish": _name(rows[-1]) if rows else "",
        "trips": _trips(rows),
        "endings": ENDINGS,
        "shares": [
            _line(rows, "on_time_pickups", _("Pick-ups on time"), "aboard"),
            _line(rows, "no_show_rate", _("No-shows"), "open", least=0.1),
            _line(rows, "utilisation", _("Utilisation"), "driving"),
        ],
        "drivers": list(queries.driver_rows(first, last)),
    }


def _every_day(first: date, last: date) -> list[Row]:
    """A row for each day of the period, also for those of which nothing is known."""
    known = {row["day"]: row for row in queries.company_rows(queries.days(first, last), "day")}
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    unknown = dict.fromkeys([*COMPANY_COUNTERS, *COMPANY_RATIOS])
    return [known.get(day, {"day": day} | unknown) for day in days]


def _name(row: Row) -> str:
    day: date = row.get("day") or row["monday"]
    return date_format(day, pgettext("short day", "M j"), use_l10n=False)


def _trips(rows: list[Row]) -> charts.Chart:
    series = [(hue, [row[name] or 0 for row in rows]) for hue, name in ENDINGS]
    texts = [
        _("%(day)s: %(trips)s trips, %(completed)s completed")
        % {"day": _name(row), "trips": row["trips"] or 0, "completed": row["completed"] or 0}
        for row in rows
    ]
    return charts.bars(series, texts)


def _line(rows: list[Row], name: str, title: str, hue: str, least: float = 1.0) -> Row:
    """A ratio over time; `least` is what its axis reaches at least."""
    values = [row[name] for row in rows]
    highest = max((value for value in values if value is not None), default=0)
    texts = [
        f"{_name(row)}: " + ("–" if value is None else f"{100 * value:.1f} %")
        for row, value in zip(rows, values, strict=True)
    ]
    reach = min(1.0, charts.top(100 * max(highest, least)) / 100)
    chart = charts.line(values, texts, reach)
    top, middle = (f"{100 * share:.0f} %" for share in (reach, reach / 2))
    return {"title": title, "hue": hue, "chart": chart, "top": top, "middle": middle}


def _demand(first: date, last: date) -> Row:
    """Trips agreed per hour of the company's clock."""
    found = {row["hour"]: row["trips"] for row in queries.demand_rows(first, last, "hour")}
    values = [found.get(hour, 0) for hour in range(24)]
    texts = [_("%(hour)s:00: %(trips)s trips") % {"hour": h, "trips": values[h]} for h in range(24)]
    return {"chart": charts.bars([("driving", values)], texts), "total": sum(values)}


def _owed() -> list[Row]:
    """What is owed in each currency, by days past the due day."""
    today = company_day(timezone.now())
    sums = totals(aging(Invoice.objects.all(), Payment.objects.all(), today))
    return [
        total | {"share": charts.share([max(total[name], 0) for name in BUCKETS], HUES)}
        for total in sums
    ]


def _queues() -> Row:
    """How full the queues are; `away` where the broker does not answer."""
    found: Row = {"owed": operations.owed(), "beat_s": operations.beat_silent_s()}
    found["beat_well"] = found["beat_s"] is not None and found["beat_s"] < operations.BEAT_SILENT_S
    try:
        return found | {"states": operations.queue_states()}
    except redis.RedisError:
        return found | {"away": True}
