"""`/dispatch/manifest/`: the day on paper, one sheet per driver, for when the system is down."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from trips import queries
from trips.lifecycle import OPEN, Status
from trips.models import Company, Driver, Shift, Trip
from trips.setup_pages import dispatchers_only


@dataclass
class Sheet:
    """One driver's day."""

    driver: Driver
    trips: list[Trip] = field(default_factory=list)
    shifts: list[Shift] = field(default_factory=list)


@require_safe
@never_cache
@dispatchers_only
def manifest(request: HttpRequest) -> HttpResponse:
    """`?date=YYYY-MM-DD&driver=<id>`; without them today, and everybody."""
    company = Company.get()
    zone = ZoneInfo(company.time_zone)
    try:
        day = _day(request, zone)
        driver_id = int(request.GET.get("driver") or 0)
        begin, end = queries.day_bounds(day)
    except (ValueError, OverflowError):
        return HttpResponseBadRequest("date is YYYY-MM-DD, driver an id", "text/plain")
    theirs = Q(driver_id=driver_id) if driver_id else Q()
    trips, shifts = _trips(begin, end).filter(theirs), _shifts(begin, end).filter(theirs)
    context = _context(trips, shifts) | {
        "company": company,
        "day": day,
        "begin": begin,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "driver_id": driver_id,
        "now": timezone.now(),
    }
    with timezone.override(zone):
        return render(request, "trips/manifest.html", context)


def _day(request: HttpRequest, zone: ZoneInfo) -> date:
    given = request.GET.get("date")
    day = date.fromisoformat(given) if given else timezone.now().astimezone(zone).date()
    # Both neighbours are linked to.
    if not date.min < day < date.max - timedelta(days=1):
        raise ValueError
    return day


def _trips(begin: datetime, end: datetime) -> QuerySet[Trip]:
    """In order of time, then will-calls: of the day's trips, and those that follow none."""
    scheduled = Q(scheduled_at__gte=begin, scheduled_at__lt=end)
    called = Q(status=Status.WILL_CALL) & (
        Q(return_of__scheduled_at__gte=begin, return_of__scheduled_at__lt=end)
        | Q(return_of__isnull=True)
    )
    trips = Trip.objects.filter(scheduled | called)
    in_time = F("scheduled_at").asc(nulls_last=True)
    return trips.select_related(*queries.RELATED, "return_of").order_by(in_time, "pk")


def _shifts(begin: datetime, end: datetime) -> QuerySet[Shift]:
    runs = Q(ends_at__isnull=True) | Q(ends_at__gt=begin)
    return Shift.objects.filter(runs, starts_at__lt=end).select_related("vehicle")


def _context(trips: Iterable[Trip], shifts: Iterable[Shift]) -> dict[str, object]:
    """Sheets by driver's name, and the lists of what nobody drives yet."""
    sheets: dict[int, Sheet] = {}
    lists: dict[str, list[Trip]] = defaultdict(list)
    for trip in trips:
        if Status(trip.status) not in OPEN:
            lists["ended"].append(trip)
        elif trip.driver is not None:
            sheets.setdefault(trip.driver.pk, Sheet(trip.driver)).trips.append(trip)
        else:
            waits = trip.status == Status.WILL_CALL
            lists["will_call" if waits else "unassigned"].append(trip)
    for shift in shifts:
        if shift.driver_id in sheets:
            sheets[shift.driver_id].shifts.append(shift)
    return {
        "sheets": sorted(sheets.values(), key=lambda sheet: str(sheet.driver).casefold()),
        "unassigned": lists["unassigned"],
        "will_call": lists["will_call"],
        "ended": len(lists["ended"]),
    }
