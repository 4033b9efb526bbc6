"""Computing the roll-up tables. A day is a function of the data: any order, any number of times.

Which days have to be computed again is known from versions: a trip whose version is not the
one in `ReportedTrip` has changed since. It is written there after its days were computed, with
the version that was read before; so neither a crash nor a change in between loses anything.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import F, Q, Sum

from trips.models import (
    Company,
    DayReport,
    DemandHour,
    DriverDay,
    ReportedTrip,
    Trip,
    WeekReport,
)
from trips.queries import company_day, day_bounds
from trips.reports import facts
from trips.reports.definitions import (
    COMPANY_COUNTERS,
    DRIVER_COUNTERS,
    Rules,
    TripFacts,
    cell,
    count_clock,
    count_promises,
    count_trip,
    monday_of,
)

#: A day is computed each time until it is so long over, whatever the versions say: shifts have
#: none, and are put right late.
SETTLES_AFTER = timedelta(days=7)
#: Days that nobody computed are looked for so far back; one typing error is not a century's work.
GAPS_WITHIN = timedelta(days=400)
#: Trips looked at in one piece, so that a whole history needs no more memory than a week.
PIECE = 10_000
#: A trip, and what it adds to the day's counters.
Counted = tuple[TripFacts, Counter[str]]


def roll_up(now: datetime) -> int:
    """Compute what changed and what is recent; how many days."""
    today = company_day(now)
    done: set[date] = set()
    for piece in _changed():
        days = {day for trip in piece for day in trip.before + trip.after if day <= today}
        roll_days(days, now)
        _remember(piece)
        done |= days
    left = (_unsettled(today) | _other_rules()) - done
    roll_days(left, now)
    return len(done | left)


def roll_days(days: Iterable[date], now: datetime) -> int:
    """Compute these days and their weeks, each day in a transaction of its own; how many."""
    rolled = 0
    for day in sorted(days, reverse=True):
        roll_day(day, now)
        rolled += 1
    return rolled


def roll_day(day: date, now: datetime) -> None:
    """Compute one day of the company's calendar, and its week, as of `now`."""
    company = Company.get()
    with transaction.atomic():
        _one_at_a_time()
        _write_day(day, now, company)
        _write_week(monday_of(day), now)


def _one_at_a_time() -> None:
    """Two workers at one day would both insert what both had deleted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('trips_dayreport'))")


def _write_day(day: date, now: datetime, company: Company) -> None:
    rules = _rules(company)
    begin, end = day_bounds(day)
    found = facts.trips_between(begin, end)
    trips = [(trip, count_trip(trip, rules)) for trip in facts.read_trips(found)]
    span = begin.timestamp(), end.timestamp()
    clocks = {
        driver: count_clock(clock, span)
        for driver, clock in facts.read_clocks(begin, end, now).items()
    }
    drivers = _driver_days(trips, facts.read_promises(found), clocks)
    total = _sum([*(counted for _, counted in trips), *clocks.values()])
    DriverDay.objects.filter(day=day).delete()
    DriverDay.objects.bulk_create(
        DriverDay(day=day, driver_id=driver, **counters) for driver, counters in drivers.items()
    )
    _write_demand(day, begin, end, rules)
    DayReport(
        day=day, rules=_basis(company), computed_at=now, **_filled(COMPANY_COUNTERS, total)
    ).save()


def _driver_days(
    trips: list[Counted], promises: dict[int, facts.Promises], clocks: dict[int, Counter[str]]
) -> dict[int, dict[str, int]]:
    """{driver: counters} of everybody who was on duty or had to do with a trip."""
    own: dict[int, list[Counted]] = {}
    for trip, counted in trips:
        if trip.driver_id is not None:
            own.setdefault(trip.driver_id, []).append((trip, counted))
    on_duty = {driver for driver, counters in clocks.items() if counters}
    found = {}
    for driver in sorted(on_duty | promises.keys() | own.keys()):
        theirs, said = own.get(driver, []), promises.get(driver, facts.Promises())
        promised = count_promises(
            assigned=said.assigned, declined=said.declined, own=[trip for trip, _ in theirs]
        )
        parts = [promised, clocks.get(driver, Counter()), *(counted for _, counted in theirs)]
        found[driver] = _filled(DRIVER_COUNTERS, _sum(parts))
    return found


def _sum(parts: Iterable[Counter[str]]) -> Counter[str]:
    total = Counter[str]()
    for part in parts:
        total.update(part)
    return total


def _filled(names: Iterable[str], counters: Counter[str]) -> dict[str, int]:
    return {name: counters[name] for name in names}


def _write_demand(day: date, begin: datetime, end: datetime, rules: Rules) -> None:
    wanted = Trip.objects.filter(scheduled_at__gte=begin, scheduled_at__lt=end)
    places = wanted.values_list("scheduled_at", "pickup_latitude", "pickup_longitude")
    counts = Counter(
        (at.astimezone(rules.zone).hour, *cell(latitude, longitude))
        for at, latitude, longitude in places
        if at is not None
    )
    DemandHour.objects.filter(day=day).delete()
    DemandHour.objects.bulk_create(
        DemandHour(day=day, hour=hour, latitude_e2=south, longitude_e2=west, trips=trips)
        for (hour, south, west), trips in counts.items()
    )


def _write_week(monday: date, now: datetime) -> None:
    days = DayReport.objects.filter(day__gte=monday, day__lt=monday + timedelta(days=7))
    sums = days.aggregate(**{name: Sum(name) for name in COMPANY_COUNTERS})
    WeekReport(monday=monday, computed_at=now, **sums).save()


def week_report(monday: date, now: datetime) -> WeekReport:
    """The week's row, computed as of `now`: a mail cannot be put right later."""
    roll_days((monday + timedelta(days=n) for n in range(7)), now)
    return WeekReport.objects.get(monday=monday)


# --- which days


@dataclass(frozen=True, slots=True)
class _Changed:
    """A trip that the reports do not know in this version; the days that it was and is part of."""

    trip_id: int
    version: int
    before: tuple[date, ...]
    after: tuple[date, ...]


def _changed() -> Iterator[list[_Changed]]:
    """All of them, in pieces; what changes meanwhile is for the next time."""
    zone, last = _zone(Company.get()), 0
    unknown = Q(reported__isnull=True) | ~Q(reported__version=F("version"))
    trips = Trip.objects.filter(unknown).annotate(at=facts.AT).order_by("pk")
    columns = ("pk", "version", "reported__days", "at", "picked_up_at", "dropped_off_at")
    while rows := list(trips.filter(pk__gt=last).values_list(*columns)[:PIECE]):
        yield [
            _Changed(pk, version, tuple(days or ()), _touched(zone, *times))
            for pk, version, days, *times in rows
        ]
        last = rows[-1][0]


def _touched(
    zone: ZoneInfo, at: datetime, picked_up_at: datetime | None, dropped_off_at: datetime | None
) -> tuple[date, ...]:
    """The day on which the trip counts, and those on which somebody was aboard."""
    days = {at.astimezone(zone).date()}
    if picked_up_at is not None:
        day = picked_up_at.astimezone(zone).date()
        last = max(picked_up_at, dropped_off_at or picked_up_at).astimezone(zone).date()
        while day <= min(last, picked_up_at.astimezone(zone).date() + facts.LONGEST_RIDE):
            days.add(day)
            day += timedelta(days=1)
    return tuple(sorted(days))


def _remember(piece: list[_Changed]) -> None:
    rows = [ReportedTrip(trip_id=t.trip_id, version=t.version, days=list(t.after)) for t in piece]
    ReportedTrip.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["trip"], update_fields=["version", "days"]
    )


def _unsettled(today: date) -> set[date]:
    """Days up to today that were never computed so long after they were over, gaps included."""
    computed = dict(DayReport.objects.values_list("day", "computed_at"))
    first = max(min([*computed, today - SETTLES_AFTER]), today - GAPS_WITHIN)
    every = {first + timedelta(days=n) for n in range((today - first).days + 1)}
    return every - {day for day, at in computed.items() if at.date() > day + SETTLES_AFTER}


def _other_rules() -> set[date]:
    """Days computed by other rules than today's: one table, one meaning."""
    days = DayReport.objects.exclude(rules=_basis(Company.get()))
    return set(days.values_list("day", flat=True))


def _zone(company: Company) -> ZoneInfo:
    return ZoneInfo(company.time_zone)


def _rules(company: Company) -> Rules:
    return Rules(
        zone=_zone(company),
        on_time=timedelta(minutes=company.on_time_minutes),
        will_call=timedelta(minutes=company.will_call_minutes),
    )


def _basis(company: Company) -> str:
    return f"{company.time_zone} {company.on_time_minutes} {company.will_call_minutes}"
