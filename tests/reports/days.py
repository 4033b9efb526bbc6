"""Days made by hand: trips as the log would have left them, without going through every tap."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.cast import Cast, booking
from trips.models import (
    Assignment,
    DayReport,
    DemandHour,
    Driver,
    DriverDay,
    ReportedTrip,
    Shift,
    Trip,
    TripEvent,
    TripMeasurement,
    WeekReport,
)

STOCKHOLM = ZoneInfo("Europe/Stockholm")
#: A Monday, long over: nothing but a change makes it be computed again.
MONDAY = date(2026, 9, 14)
TODAY = date(2026, 9, 26)
NOW = datetime(2026, 9, 26, 9, tzinfo=UTC)


def at(clock: str, day: date = MONDAY) -> datetime:
    """08:30 of a day in Stockholm."""
    hour, minute = map(int, clock.split(":"))
    moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=STOCKHOLM)
    return moment.astimezone(UTC)


def add_trip(
    cast: Cast, clock: str | None, status: str = "completed", *, day: date = MONDAY, **fields: Any
) -> Trip:
    """A trip agreed for that time; times of its own are given as clocks too. Omar's by default."""
    times = {
        name: at(value, day) if isinstance(value, str) and name.endswith("_at") else value
        for name, value in fields.items()
    }
    row: dict[str, Any] = {
        **booking(cast.patient),
        "driver": cast.driver,
        "scheduled_at": at(clock, day) if clock else None,
        "state_since": at(clock or "00:00", day),
        "status": status,
        "version": 1,
        **times,
    }
    row["vehicle"] = cast.van if row["driver"] else None
    trip = Trip.objects.create(**row)
    if trip.driver:
        assign(trip, trip.driver)
    return trip


def assign(trip: Trip, driver: Driver) -> None:
    """The driver had the trip from an hour before, for half a day at most."""
    begun = trip.scheduled_at or trip.state_since
    trip.assignments.filter(ended_at=None).update(ended_at=begun)
    Assignment.objects.create(
        trip=trip,
        driver=driver,
        vehicle_id=trip.vehicle_id or 0,
        started_at=begun - timedelta(hours=1),
        ended_at=begun + timedelta(hours=12),
    )


def add_event(trip: Trip, name: str, **fields: Any) -> None:
    """An event of the trip, at its version."""
    TripEvent.objects.create(
        trip=trip, event=name, status=trip.status, version=trip.version,
        occurred_at=trip.state_since, recorded_at=trip.state_since,
        hash="0" * 64, **{"source": "driver"} | fields,
    )  # fmt: skip


def measure(trip: Trip, loaded_m: float, unloaded_m: float | None) -> None:
    """What GPS said about it."""
    TripMeasurement.objects.update_or_create(
        trip=trip,
        defaults={
            "source": "gps", "loaded_distance_m": loaded_m, "unloaded_distance_m": unloaded_m,
            "planned_distance_m": 1, "wait_s": 0, "fixes": 1, "coverage": 1, "longest_gap_s": 0,
            "began_at": NOW, "ended_at": NOW, "computed_at": NOW,
        },
    )  # fmt: skip


def add_shift(cast: Cast, from_: str, to: str, day: date = MONDAY, **fields: Any) -> Shift:
    """Omar on duty; or who is named."""
    crew = {"driver": cast.driver, "vehicle": cast.van} | fields
    return Shift.objects.create(starts_at=at(from_, day), ends_at=at(to, day), **crew)


def change(trip: Trip, **fields: Any) -> None:
    """What a late tap does: the fields, and a version more."""
    row = Trip.objects.get(pk=trip.pk)
    Trip.objects.filter(pk=trip.pk).update(version=row.version + 1, **fields)


def tables() -> dict[str, list[Any]]:
    """All roll-up tables without when they were computed and under which keys."""
    found: dict[str, list[Any]] = {}
    for model in (DayReport, WeekReport, DriverDay, DemandHour):
        names = [f.attname for f in model._meta.fields if f.attname not in ("id", "computed_at")]
        found[model.__name__] = sorted(map(str, model._default_manager.values(*names)))
    return found


def forget() -> None:
    """No roll-up was ever made."""
    for model in (DayReport, WeekReport, DriverDay, DemandHour, ReportedTrip):
        model._default_manager.all().delete()
