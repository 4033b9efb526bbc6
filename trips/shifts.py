"""Who is on duty with which vehicle: planned, begun, interrupted, ended.

A driver does it in the app; a dispatcher may do it for them and says why. Rows are locked in one
order: the vehicle, then the driver, then shifts.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import DateTimeField, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from trips.events.log import recording
from trips.lifecycle import STARTED
from trips.models import Driver, Shift, ShiftBreak, Trip, Vehicle
from trips.queries import company_day
from users.models import User

#: So long before its time a planned shift may be begun.
EARLY = timedelta(hours=4)
#: A day's shift; more is a typing error.
LONGEST = timedelta(hours=24)


class ShiftConflict(Exception):
    """Not now; the text says why."""


class InvalidShift(ValueError):
    """A field does not fit; `field` names it."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """The beginning of a shift. `at` is never in the future; odometer in miles."""

    driver_id: int
    vehicle_id: int
    at: datetime
    odometer_mi: Decimal | None = None
    handover: bool = False
    reason: str = ""


def running(at: datetime) -> QuerySet[Shift]:
    """The shifts that somebody was on duty in at that moment."""
    still = Q(ends_at__isnull=True) | Q(ends_at__gt=at)
    return Shift.objects.filter(still, planned=False, starts_at__lte=at)


def begin_shift(*, user: User, begin: Begin) -> Shift:
    """Put the driver on duty; a planned shift of about that time becomes this one.

    ShiftConflict: on duty already, the vehicle is taken (and `handover` was not said) or out of
    service, or a paper has expired. InvalidShift where driver or vehicle do not exist.
    """
    with recording() as log:
        vehicle, driver = _locked(begin.vehicle_id, begin.driver_id)
        _check_papers(driver, begin.at)
        if vehicle.state != Vehicle.State.IN_SERVICE:
            raise ShiftConflict(f"{vehicle.name} is out of service.")
        _check_free(driver, begin.at)
        for other in _on_vehicle(vehicle, driver, begin.at):
            _hand_over(other, user, begin)
            log.fact("shift.ended", other.pk)
        shift = _planned(driver, begin.at) or Shift(driver=driver)
        shift.planned_ends_at, shift.ends_at = shift.ends_at, None
        shift.vehicle, shift.starts_at, shift.planned = vehicle, begin.at, False
        shift.odometer_start_mi, shift.reason = begin.odometer_mi, begin.reason
        shift.save()
    return shift


def _locked(vehicle_id: int, driver_id: int) -> tuple[Vehicle, Driver]:
    vehicle = Vehicle.objects.select_for_update(no_key=True).filter(pk=vehicle_id).first()
    if vehicle is None:
        raise InvalidShift("vehicle_id", "There is no such vehicle.")
    drivers = Driver.objects.select_for_update(of=("self",), no_key=True).select_related("user")
    driver = drivers.filter(pk=driver_id, user__is_active=True).first()
    if driver is None:
        raise InvalidShift("driver_id", "There is no such driver.")
    return vehicle, driver


def _check_papers(driver: Driver, at: datetime) -> None:
    day = company_day(at)
    if driver.licence_expires and driver.licence_expires < day:
        raise ShiftConflict(f"The driver's licence expired on {driver.licence_expires}.")
    if driver.medical_expires and driver.medical_expires < day:
        raise ShiftConflict(f"The medical certificate expired on {driver.medical_expires}.")


def _check_free(driver: Driver, at: datetime) -> None:
    later = Q(ends_at__isnull=True) | Q(ends_at__gt=at)
    if shift := Shift.objects.filter(later, driver=driver, planned=False).first():
        raise ShiftConflict(f"The driver is on duty already, in shift {shift.pk}.")


def _on_vehicle(vehicle: Vehicle, driver: Driver, at: datetime) -> list[Shift]:
    later = Q(ends_at__isnull=True) | Q(ends_at__gt=at)
    others = Shift.objects.filter(later, vehicle=vehicle, planned=False).exclude(driver=driver)
    return list(others.select_for_update().order_by("pk"))


def _hand_over(other: Shift, user: User, begin: Begin) -> None:
    if not begin.handover:
        raise ShiftConflict(f"Another driver has this vehicle, in shift {other.pk}.")
    if other.starts_at >= begin.at:
        raise ShiftConflict(f"Shift {other.pk} with this vehicle began later than that.")
    _check_no_trip(other)
    _close(other, user, begin.at, "Another driver took the vehicle over.")


def _check_no_trip(shift: Shift) -> None:
    under_way = Trip.objects.filter(driver=shift.driver_id, status__in=STARTED)
    if (trip_id := under_way.values_list("pk", flat=True).first()) is not None:
        raise ShiftConflict(f"Trip {trip_id} is under way in shift {shift.pk}.")


def _planned(driver: Driver, at: datetime) -> Shift | None:
    around = Shift.objects.filter(
        driver=driver, planned=True, starts_at__lte=at + EARLY, ends_at__gt=at
    )
    return around.order_by("starts_at").first()


def end_shift(
    *, user: User, shift: Shift, at: datetime, odometer_mi: Decimal | None = None, reason: str = ""
) -> Shift:
    """Take the driver off duty; ShiftConflict while a trip is under way or where it is over."""
    with recording() as log:
        shift = _open(shift)
        _check_no_trip(shift)
        if at <= shift.starts_at:
            raise InvalidShift("ended_at", "The shift began later than that.")
        start_mi = shift.odometer_start_mi
        if odometer_mi is not None and start_mi is not None and odometer_mi < start_mi:
            raise InvalidShift("odometer", f"It stood at {start_mi} when the shift began.")
        shift.odometer_end_mi = odometer_mi
        _close(shift, user, at, reason)
        log.fact("shift.ended", shift.pk)
    return shift


def _open(shift: Shift) -> Shift:
    found = Shift.objects.select_for_update(of=("self",)).get(pk=shift.pk)
    if found.planned:
        raise ShiftConflict("The shift has not begun.")
    if found.ends_at is not None and found.ends_at <= timezone.now():
        raise ShiftConflict("The shift is over.")
    return found


def _close(shift: Shift, user: User, at: datetime, reason: str) -> None:
    for pause in shift.breaks.filter(ends_at__isnull=True):
        pause.ends_at = max(at, pause.starts_at)
        pause.save(update_fields=["ends_at"])
    shift.ends_at, shift.ended_by = at, user
    shift.reason = reason or shift.reason
    shift.save()


def begin_break(*, shift: Shift, at: datetime) -> Shift:
    """Pause; ShiftConflict during a pause, a trip, or outside the shift."""
    with recording():
        shift = _open(shift)
        _check_no_trip(shift)
        if shift.breaks.filter(ends_at__isnull=True).exists():
            raise ShiftConflict("The driver has a break already.")
        ShiftBreak.objects.create(shift=shift, starts_at=max(at, shift.starts_at))
    return shift


def end_break(*, shift: Shift, at: datetime) -> Shift:
    """Go on; ShiftConflict where there is no pause."""
    with recording():
        shift = _open(shift)
        pause = shift.breaks.filter(ends_at__isnull=True).first()
        if pause is None:
            raise ShiftConflict("The driver has no break.")
        pause.ends_at = max(at, pause.starts_at)
        pause.save(update_fields=["ends_at"])
    return shift


def plan_shift(
    *, driver_id: int, vehicle_id: int, starts_at: datetime, ends_at: datetime, reason: str = ""
) -> Shift:
    """Plan a shift to come; ShiftConflict where driver or vehicle are planned for then already."""
    with recording():
        vehicle, driver = _locked(vehicle_id, driver_id)
        _check_papers(driver, starts_at)
        for name, clash in (
            ("driver", Shift.objects.filter(driver=driver)),
            ("vehicle", Shift.objects.filter(vehicle=vehicle)),
        ):
            if other := overlapping(clash, starts_at, ends_at):
                raise ShiftConflict(f"The {name} has shift {other.pk} at that time.")
        return Shift.objects.create(
            driver=driver,
            vehicle=vehicle,
            starts_at=starts_at,
            ends_at=ends_at,
            planned=True,
            reason=reason,
        )


def overlapping(shifts: QuerySet[Shift], begin: datetime, end: datetime) -> Shift | None:
    """An open shift lasts until its planned end, and at least until now."""
    now = Value(timezone.now(), DateTimeField())
    until = Coalesce(F("ends_at"), Greatest(F("planned_ends_at"), now), now)
    return shifts.annotate(until=until).filter(starts_at__lt=end, until__gt=begin).first()


def drop_plan(*, shift: Shift) -> None:
    """Delete a planned shift; ShiftConflict once it has begun."""
    deleted, _ = Shift.objects.filter(pk=shift.pk, planned=True).delete()
    if not deleted:
        raise ShiftConflict("The shift has begun.")
