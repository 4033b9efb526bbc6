"""Who is on duty with which vehicle when, as the planners see it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from trips.dispatch.matching import DriverFacts
from trips.models import Driver, Shift

FOR_EVER = float("inf")
_DRIVER = (
    "pk", "user__first_name", "user__last_name", "user__username", "qualifications",
    "licence_expires", "medical_expires",
)  # fmt: skip


class OnShift(NamedTuple):
    """Who has a vehicle from when to when (unix seconds)."""

    vehicle_id: int
    driver: DriverFacts
    begins_s: float
    ends_s: float
    planned: bool = False
    #: Until when one that was begun was to last; 0: nobody said.
    due_s: float = 0.0


def shifts_of(
    begin: datetime, end: datetime, now: datetime, shifts: QuerySet[Shift] | None = None
) -> list[OnShift]:
    """Shifts of active drivers that overlap the period, the newest of each vehicle last."""
    found = (Shift.objects.all() if shifts is None else shifts).filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=begin),
        starts_at__lt=end,
        driver__user__is_active=True,
    )
    names = [name if name == "pk" else f"driver__{name}" for name in _DRIVER]
    names[0] = "driver_id"
    rows = found.order_by("starts_at", "pk").values_list(
        "vehicle_id", "starts_at", "ends_at", "planned", "planned_ends_at", *names
    )
    found_shifts = [
        OnShift(
            vehicle_id,
            _driver(driver),
            starts_at.timestamp(),
            ends_at.timestamp() if ends_at else FOR_EVER,
            planned,
            due_at.timestamp() if (due_at := ends_at or planned_ends_at) else 0.0,
        )
        for vehicle_id, starts_at, ends_at, planned, planned_ends_at, *driver in rows
    ]
    settled = _relieved(found_shifts, now.timestamp())
    return [shift for shift in settled if shift.begins_s < end.timestamp()]


def _relieved(shifts: list[OnShift], now_s: float) -> list[OnShift]:
    """A planned shift begins when whoever is on duty with its vehicle, or as its driver, is done.

    Nobody is on duty in it yet, so it takes no vehicle away. Where no end of the running shift is
    known, one that is still to come ends it at its time, and one that should have begun does not.
    """
    running = [one for one in shifts if not one.planned and one.ends_s > now_s]
    settled = []
    for shift in shifts:
        for one in running if shift.planned else ():
            if shift.vehicle_id == one.vehicle_id or shift.driver.id == one.driver.id:
                shift = shift._replace(begins_s=max(shift.begins_s, _done_s(one, shift, now_s)))
        if shift.begins_s < shift.ends_s:
            settled.append(shift)
    return sorted(settled, key=lambda shift: shift.begins_s)


def _done_s(running: OnShift, planned: OnShift, now_s: float) -> float:
    if running.due_s > now_s:
        return running.due_s
    return planned.begins_s if planned.begins_s > now_s else FOR_EVER


def _driver(row: Sequence[Any]) -> DriverFacts:
    pk, first, last, username, qualifications, *papers = row
    name = f"{first} {last}".strip() or username
    return DriverFacts(pk, name, frozenset(qualifications), *papers)


def off_shift(driver_id: int) -> OnShift:
    """A driver who is on duty at no time."""
    row = Driver.objects.values_list(*_DRIVER).get(pk=driver_id)
    return OnShift(0, _driver(row), FOR_EVER, -FOR_EVER)


def without_overlaps(shifts: list[OnShift]) -> list[OnShift]:
    """Nobody is in two places: a shift ends where a later one of its vehicle or driver begins."""
    kept: list[OnShift] = []
    for shift in reversed(shifts):
        later = [
            other.begins_s
            for other in kept
            if shift.vehicle_id == other.vehicle_id or shift.driver.id == other.driver.id
        ]
        shift = shift._replace(ends_s=min([shift.ends_s, *later]))
        if shift.begins_s < shift.ends_s:
            kept.append(shift)
    return sorted(kept, key=lambda shift: (shift.vehicle_id, shift.begins_s))
