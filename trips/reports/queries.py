"""Reading the roll-up tables: few statements, none of them on trips, events or shifts."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django.db.models import QuerySet, Sum

from trips.models import DayReport, DemandHour, Driver, DriverDay, WeekReport
from trips.realtime.messages import iso
from trips.reports.definitions import (
    CELL_DEG,
    COMPANY_COUNTERS,
    COMPANY_RATIOS,
    DRIVER_COUNTERS,
    DRIVER_RATIOS,
    Ratio,
    monday_of,
    ratios,
)

Row = dict[str, Any]
_DRIVER_SUMS = {f"sum_{name}": Sum(name) for name in DRIVER_COUNTERS}
#: Ways to add demand up: the columns shown, and those of the table behind them.
DEMAND = {
    "hour": {"hour": "hour"},
    "area": {"latitude": "latitude_e2", "longitude": "longitude_e2"},
}
DEMAND["hour,area"] = DEMAND["hour"] | DEMAND["area"]


def days(first: date, last: date) -> "QuerySet[DayReport]":
    """The days from `first` to `last`, both included."""
    return DayReport.objects.filter(day__range=(first, last)).order_by("day")


def weeks(first: date, last: date) -> "QuerySet[WeekReport]":
    """The weeks that have a day in the period."""
    return WeekReport.objects.filter(monday__range=(monday_of(first), last)).order_by("monday")


def company_rows(reports: "QuerySet[Any]", key: str) -> Iterator[Row]:
    """A row per day or week: `key`, counters, ratios, `computed_at`."""
    for values in reports.values(key, *COMPANY_COUNTERS, "computed_at").iterator():
        computed_at = iso(values.pop("computed_at"))
        yield values | ratios(COMPANY_RATIOS, values) | {"computed_at": computed_at}


def company_total(reports: "QuerySet[Any]") -> Row:
    """The same over all of them; ratios of the sums, not means of ratios."""
    sums = reports.aggregate(**{name: Sum(name) for name in COMPANY_COUNTERS})
    return _with_ratios(COMPANY_RATIOS, sums)


def _with_ratios(table: Mapping[str, Ratio], sums: Mapping[str, int | None]) -> Row:
    counters = {name: value or 0 for name, value in sums.items()}
    return counters | ratios(table, counters)


def driver_rows(first: date, last: date) -> Iterator[Row]:
    """A row per driver with anything in the period, by name."""
    per_driver = DriverDay.objects.filter(day__range=(first, last)).values("driver")
    sums: dict[int, Row] = {row["driver"]: dict(row) for row in per_driver.annotate(**_DRIVER_SUMS)}
    named = Driver.objects.select_related("user").filter(pk__in=sums)
    for driver in named.order_by("user__last_name", "user__first_name", "pk"):
        counters = {name: sums[driver.pk][f"sum_{name}"] for name in DRIVER_COUNTERS}
        who = {"driver": driver.pk, "name": driver.user.display_name}
        yield who | _with_ratios(DRIVER_RATIOS, counters)


def driver_total(first: date, last: date) -> Row:
    """All drivers together. `assigned` counts a trip once for each driver who had it."""
    period = DriverDay.objects.filter(day__range=(first, last))
    sums = period.aggregate(**{name: Sum(name) for name in DRIVER_COUNTERS})
    return _with_ratios(DRIVER_RATIOS, sums)


def demand_rows(first: date, last: date, by: str) -> Iterator[Row]:
    """Trips per hour, per area or both (`by` of DEMAND), in their order.

    An area is the centre of its cell, in degrees.
    """
    columns = DEMAND[by]
    found = DemandHour.objects.filter(day__range=(first, last)).values(*columns.values())
    for row in found.annotate(wanted=Sum("trips")).order_by(*columns.values()).iterator():
        shown = {
            name: row[column] if name == "hour" else _centre(row[column])
            for name, column in columns.items()
        }
        yield shown | {"trips": row["wanted"]}


def demand_total(first: date, last: date) -> Row:
    """All of it."""
    found = DemandHour.objects.filter(day__range=(first, last)).aggregate(wanted=Sum("trips"))
    return {"trips": found["wanted"] or 0}


def _centre(corner_e2: int) -> float:
    return round((corner_e2 + 0.5) * CELL_DEG, 4)
