"""A period's trips as CSV, each as its reader may see it."""

import csv
import gzip
import io
import unicodedata
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import QuerySet

from trips import access, queries
from trips.models import TaskRun, Trip
from trips.realtime.messages import iso
from trips.realtime.projections import Audience, audience_of, trip_view
from trips.task_runs import Outcome, Report
from users.models import User

#: Trips in one export; a longer period is two exports.
MOST_TRIPS = 50_000
PAGE = 500

HEADER = (
    "id",
    "external_id",
    "status",
    "scheduled_at",
    "window_minutes",
    "appointment_at",
    "ready_at",
    "return_of",
    "mobility",
    "needs",
    "escorts",
    "patient",
    "facility",
    "payer",
    "pickup_address",
    "pickup_latitude",
    "pickup_longitude",
    "dropoff_address",
    "dropoff_latitude",
    "dropoff_longitude",
    "driver",
    "vehicle",
    "arrived_pickup_at",
    "picked_up_at",
    "dropped_off_at",
    "cancel_kind",
    "cancelled_by",
    "version",
)
#: What narrows an export, beside its days: name -> lookup.
FILTERS = {
    "status": "status__in",
    "driver_id": "driver_id",
    "vehicle_id": "vehicle_id",
    "patient_id": "patient_id",
    "facility_id": "facility_id",
    "payer_id": "payer_id",
}


_SIGNS = ("=", "+", "-", "@")
#: Programs that import a cell may end it there, and read on.
_BREAKS = ("\t", "\r", "\n")


def safe_cell(value: object) -> object:
    """`value` so that no spreadsheet takes text for a formula; numbers pass unchanged.

    Spreadsheets skip leading blanks and take full-width signs for their narrow ones.
    """
    if isinstance(value, str):
        begin = unicodedata.normalize("NFKC", value.lstrip())
        return f"'{value}" if begin.startswith(_SIGNS) or value.startswith(_BREAKS) else value
    return "" if value is None else value


def exported_trips(owner: User, first_day: date, last_day: date, **filters: Any) -> QuerySet[Trip]:
    """The trips that `owner` may see, scheduled on these days of the company's calendar.

    `filters` by the names of FILTERS.
    """
    begin, end = queries.day_bounds(first_day)[0], queries.day_bounds(last_day)[1]
    visible = access.visible_trips(owner).filter(scheduled_at__gte=begin, scheduled_at__lt=end)
    chosen = {FILTERS[name]: value for name, value in filters.items()}
    return visible.filter(**chosen).distinct()


def export(run: TaskRun, report: Report) -> Outcome:
    """The work of the job: a gzipped CSV file."""
    days = {name: date.fromisoformat(run.parameters[name]) for name in ("first_day", "last_day")}
    trips = exported_trips(run.owner, **{**run.parameters, **days})
    total, audience = trips.count(), audience_of(run.owner)
    report(0, total)
    file, rows = io.BytesIO(), 0
    with gzip.open(file, "wt", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(HEADER)
        for trip in _in_pages(trips):
            writer.writerow(_row(trip, audience))
            rows += 1
            report(rows, total)
    result = {"rows": rows, "audience": audience.value, "file": f"/api/tasks/{run.pk}/file/"}
    return Outcome(result, file.getvalue())


def _in_pages(trips: QuerySet[Trip]) -> Iterator[Trip]:
    """By key, so that neither memory nor a transaction grows with the period."""
    last = 0
    while page := list(queries.with_related(trips).filter(pk__gt=last).order_by("pk")[:PAGE]):
        yield from page
        last = page[-1].pk


#: Of no person, and in no frame.
_OF_THE_TRIP = ("external_id", "cancel_kind", "cancelled_by")


def _row(trip: Trip, audience: Audience) -> list[object]:
    view = trip_view(trip, audience)
    named = {name: getattr(view, name) for name in ("patient", "facility", "payer")}
    named |= {"driver": view.driver, "vehicle": view.vehicle}
    values: dict[str, Any] = {name: one.name if one else None for name, one in named.items()}
    values |= {"needs": ";".join(view.needs or ())}
    for end, place in (("pickup", view.pickup), ("dropoff", view.dropoff)):
        for part in ("address", "latitude", "longitude"):
            values[f"{end}_{part}"] = getattr(place, part)
    times = ("arrived_pickup_at", "picked_up_at", "dropped_off_at")
    values |= {name: iso(at) if (at := getattr(trip, name)) else None for name in times}
    values |= {name: getattr(trip, name) for name in _OF_THE_TRIP}
    return [safe_cell(values[name] if name in values else getattr(view, name)) for name in HEADER]
