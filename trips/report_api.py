"""`/api/reports/…`: numbers per day, week, driver and area, as JSON or CSV."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from trips.list_api import needs
from trips.queries import company_day
from trips.reports import queries
from trips.reports.csv_files import csv_answer
from trips.reports.definitions import (
    COMPANY_COUNTERS,
    COMPANY_RATIOS,
    DRIVER_COUNTERS,
    DRIVER_RATIOS,
    Ratio,
    monday_of,
)
from trips.task_api import EARLIEST, LATEST, MOST_DAYS
from users.roles import Permission

Fields = dict[str, serializers.Field[Any, Any, Any, Any]]
#: Days shown to who names no period.
DEFAULT_DAYS = 30


class CsvRenderer(JSONRenderer):
    """Lets `?format=csv` be asked for; rows are streamed past it, problems are JSON as ever."""

    media_type = "text/csv"
    format = "csv"


class PeriodSerializer(serializers.Serializer[Any]):
    """Days of the company's calendar, both included; 30 days up to today where none are named."""

    to = serializers.DateField(required=False)

    def get_fields(self) -> Fields:
        return {"from": serializers.DateField(required=False), **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        last: date = attrs.get("to") or company_day(timezone.now())
        if not EARLIEST <= last <= LATEST:
            raise serializers.ValidationError({"to": f"A day from {EARLIEST} to {LATEST}."})
        first: date = attrs.get("from") or last - timedelta(days=DEFAULT_DAYS - 1)
        if not timedelta() <= last - first < timedelta(days=MOST_DAYS):
            raise serializers.ValidationError(f"The period has 1 to {MOST_DAYS} days.")
        return attrs | {"from": first, "to": last}


class DemandSerializer(PeriodSerializer):
    """The period, and what to add up by."""

    by = serializers.ChoiceField(choices=list(queries.DEMAND), default="hour,area")


def _numbers(counters: Mapping[str, str], ratios: Mapping[str, Ratio]) -> Fields:
    fields: Fields = {}
    for name, sentence in counters.items():
        fields[name] = serializers.IntegerField(help_text=sentence)
    for name, ratio in ratios.items():
        fields[name] = serializers.FloatField(allow_null=True, help_text=ratio.sentence)
    return fields


def _answer(name: str, row: Fields, total: Fields) -> Any:
    """The schema of a report. `inline_serializer` writes into the fields that it is given."""
    shape: Fields = {
        "from": serializers.DateField(),
        "to": serializers.DateField(),
        "rows": inline_serializer(f"{name}Row", {**row}, many=True),
        "total": inline_serializer(f"{name}Total", {**total}),
    }
    json = inline_serializer(f"{name}Report", shape)
    return {(200, "application/json"): json, (200, "text/csv"): OpenApiTypes.STR}


_COMPANY = _numbers(COMPANY_COUNTERS, COMPANY_RATIOS)
_COMPUTED: Fields = {"computed_at": serializers.DateTimeField()}
_DAY: Fields = {"day": serializers.DateField(), **_COMPANY, **_COMPUTED}
_WEEK: Fields = {"monday": serializers.DateField(), **_COMPANY, **_COMPUTED}
_DRIVER_NUMBERS = _numbers(DRIVER_COUNTERS, DRIVER_RATIOS)
_WHO: Fields = {"driver": serializers.IntegerField(), "name": serializers.CharField()}
_DRIVER = _WHO | _DRIVER_NUMBERS
_TRIPS: Fields = {"trips": serializers.IntegerField()}
_WHEN_AND_WHERE: Fields = {
    "hour": serializers.IntegerField(required=False),
    "latitude": serializers.FloatField(required=False),
    "longitude": serializers.FloatField(required=False),
}
_DEMAND = _WHEN_AND_WHERE | _TRIPS


@dataclass(frozen=True, slots=True)
class Report:
    """Rows with these columns, and their total (not in the CSV: a sum is a sheet's own work)."""

    first: date
    last: date
    columns: tuple[str, ...]
    rows: Iterator[queries.Row]
    total: queries.Row


class ReportView(APIView):
    """One report of a period; `?format=csv` streams its rows."""

    permission_classes = [needs(Permission.SEE_REPORTS)]
    renderer_classes = [JSONRenderer, CsvRenderer]
    name = ""
    asked: type[PeriodSerializer] = PeriodSerializer

    def report(self, first: date, last: date, asked: dict[str, Any]) -> Report:
        """What is answered."""
        raise NotImplementedError

    def answer(self, request: Request) -> HttpResponseBase:
        asked = self.asked(data=request.query_params)
        asked.is_valid(raise_exception=True)
        period: dict[str, Any] = asked.validated_data
        found = self.report(period["from"], period["to"], period)
        if request.accepted_renderer.format == CsvRenderer.format:
            file = f"{self.name}-{found.first}-{found.last}.csv"
            return csv_answer(request._request, found.columns, found.rows, file)
        span = {"from": found.first, "to": found.last}
        return Response(span | {"rows": list(found.rows), "total": found.total})


class DailyView(ReportView):
    name = "daily"

    def report(self, first: date, last: date, asked: dict[str, Any]) -> Report:
        days = queries.days(first, last)
        rows, total = queries.company_rows(days, "day"), queries.company_total(days)
        return Report(first, last, tuple(_DAY), rows, total)

    @extend_schema(parameters=[PeriodSerializer], responses=_answer("Daily", _DAY, _COMPANY))
    def get(self, request: Request) -> HttpResponseBase:
        """Each day in numbers. Today is as far as it was when `computed_at` says."""
        return self.answer(request)


class WeeklyView(ReportView):
    name = "weekly"

    def report(self, first: date, last: date, asked: dict[str, Any]) -> Report:
        weeks = queries.weeks(first, last)
        rows, total = queries.company_rows(weeks, "monday"), queries.company_total(weeks)
        sunday = monday_of(last) + timedelta(days=6)
        return Report(monday_of(first), sunday, tuple(_WEEK), rows, total)

    @extend_schema(parameters=[PeriodSerializer], responses=_answer("Weekly", _WEEK, _COMPANY))
    def get(self, request: Request) -> HttpResponseBase:
        """Each week that has a day in the period, from its Monday to its Sunday."""
        return self.answer(request)


class DriversView(ReportView):
    name = "drivers"

    def report(self, first: date, last: date, asked: dict[str, Any]) -> Report:
        rows, total = queries.driver_rows(first, last), queries.driver_total(first, last)
        return Report(first, last, tuple(_DRIVER), rows, total)

    @extend_schema(
        parameters=[PeriodSerializer], responses=_answer("Drivers", _DRIVER, _DRIVER_NUMBERS)
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Each driver's trips, punctuality, kept promises and time."""
        return self.answer(request)


class DemandView(ReportView):
    name = "demand"
    asked = DemandSerializer

    def report(self, first: date, last: date, asked: dict[str, Any]) -> Report:
        columns = (*queries.DEMAND[asked["by"]], "trips")
        rows = queries.demand_rows(first, last, asked["by"])
        return Report(first, last, columns, rows, queries.demand_total(first, last))

    @extend_schema(parameters=[DemandSerializer], responses=_answer("Demand", _DEMAND, _TRIPS))
    def get(self, request: Request) -> HttpResponseBase:
        """Trips agreed per hour of the company's clock and per area of about a square kilometre."""
        return self.answer(request)
