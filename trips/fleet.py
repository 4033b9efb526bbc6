"""Vehicles and drivers: what dispatch changes of them, and what follows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from knox.models import AuthToken

from trips import alerts, services
from trips.events.log import recording
from trips.expiries import STEPS, due_step
from trips.lifecycle import STARTED, WITH_DRIVER, Action, Status
from trips.models import Alert, Driver, ExpiryWarning, Shift, Trip, Vehicle
from trips.queries import company_day

Paper = ExpiryWarning.Paper
OUT_OF_SERVICE = "vehicle_out_of_service"
#: A trip that nobody has set out for is simply given to another vehicle.
NOT_STARTED = (Status.ASSIGNED, Status.DISPATCHED)


class ReasonMissing(ValueError):
    """Nobody takes a vehicle out of service without saying why."""


class StillAtWork(Exception):
    """A driver has a shift or trips; the text says which."""


def update_vehicle(*, vehicle_id: int, changes: dict[str, Any]) -> Vehicle:
    """Change model fields that the caller has checked; out of service frees the trips.

    One alert tells dispatch; ReasonMissing without `out_of_service_reason`.
    """
    with recording() as log:
        vehicle = Vehicle.objects.select_for_update(no_key=True).get(pk=vehicle_id)
        was = vehicle.state
        for name, value in changes.items():
            setattr(vehicle, name, value)
        out = vehicle.state == Vehicle.State.OUT_OF_SERVICE
        if out and not vehicle.out_of_service_reason:
            raise ReasonMissing
        if not out:
            vehicle.out_of_service_reason = ""
        vehicle.save()
        if out and was != vehicle.state:
            log.fact("vehicle.out_of_service", _alert(vehicle).pk)
    return vehicle


def _alert(vehicle: Vehicle) -> Alert:
    now = timezone.now()
    aboard = Trip.objects.filter(vehicle=vehicle)
    waiting = aboard.filter(status__in=NOT_STARTED).count()
    started = aboard.filter(status__in=STARTED).count()
    alert = alerts.raise_system_alert(
        kind=OUT_OF_SERVICE,
        key=f"out_of_service:{vehicle.pk}:{now.timestamp():.6f}",
        message=f"{vehicle.name} is out of service: {waiting} trips go back to be assigned,"
        f" {started} under way need another vehicle.",
        vehicle=vehicle,
    )
    if alert is None:  # the key holds the moment, and the vehicle is locked
        raise RuntimeError("a vehicle went out of service twice at once")
    return alert


def free_trips(alert_id: int) -> str:
    """Handler of `vehicle.out_of_service`: trips not yet started go back to be assigned."""
    alert = Alert.objects.select_related("vehicle").get(pk=alert_id)
    vehicle = alert.vehicle
    if vehicle is None or vehicle.state != Vehicle.State.OUT_OF_SERVICE:
        return "in service again"
    freed = 0
    tap = services.Tap(action=Action.UNASSIGN, reason=f"{vehicle.name} is out of service.")
    waiting = Trip.objects.filter(vehicle=vehicle, status__in=NOT_STARTED).order_by("pk")
    for trip_id in waiting.values_list("pk", flat=True):
        try:
            services.act(trip_id=trip_id, user=None, tap=tap)
        except services.Refused:  # its driver set out meanwhile
            continue
        freed += 1
    return f"{freed} trips of vehicle {vehicle.pk} freed"


def update_driver(*, driver_id: int, changes: dict[str, Any]) -> Driver:
    """Change model fields that the caller has checked."""
    with recording():
        driver = Driver.objects.select_for_update(no_key=True).get(pk=driver_id)
        for name, value in changes.items():
            setattr(driver, name, value)
        driver.save()
    return driver


def disable_driver(*, driver_id: int) -> None:
    """Close a driver's account and end its tokens for good.

    StillAtWork on duty, and while they have trips: somebody decides first who takes those.
    Planned shifts to come are dropped.
    """
    with recording():
        driver = _locked_driver(driver_id)
        now = timezone.now()
        coming = Shift.objects.filter(driver=driver).filter(Q(ends_at=None) | Q(ends_at__gt=now))
        if (shift := coming.filter(planned=False).first()) is not None:
            raise StillAtWork(f"The driver is on duty in shift {shift.pk}: end it first.")
        mine = Trip.objects.filter(driver=driver, status__in=WITH_DRIVER).order_by("pk")
        if numbers := [str(pk) for pk in mine.values_list("pk", flat=True)]:
            raise StillAtWork(f"Give these trips to somebody else first: {', '.join(numbers)}.")
        coming.filter(planned=True).delete()
        driver.user.is_active = False
        driver.user.save(update_fields=["is_active"])
        AuthToken.objects.filter(user=driver.user).delete()


def enable_driver(*, driver_id: int) -> None:
    """Open a driver's account again."""
    with recording():
        driver = _locked_driver(driver_id)
        driver.user.is_active = True
        driver.user.save(update_fields=["is_active"])


def _locked_driver(driver_id: int) -> Driver:
    drivers = Driver.objects.select_for_update(no_key=True).select_related("user")
    return drivers.get(pk=driver_id)


@dataclass(frozen=True, slots=True)
class Expiry:
    """A paper that runs out, or has; exactly one of `driver` and `vehicle` is set."""

    paper: Paper
    expires: date
    driver: Driver | None = None
    vehicle: Vehicle | None = None


_OF_DRIVER = {Paper.LICENCE: "licence_expires", Paper.MEDICAL: "medical_expires"}
_OF_VEHICLE = {
    Paper.INSPECTION: "inspection_due",
    Paper.LIFT_INSPECTION: "lift_inspection_due",
    Paper.INSURANCE: "insurance_expires",
}


def expiries(until: date) -> list[Expiry]:
    """What runs out by `until` or has run out, the earliest first; of active drivers only."""
    drivers = Driver.objects.select_related("user").filter(
        _any_by(_OF_DRIVER.values(), until), user__is_active=True
    )
    vehicles = Vehicle.objects.filter(_any_by(_OF_VEHICLE.values(), until))
    found = [
        Expiry(paper, day, driver=driver)
        for driver in drivers
        for paper, day in _papers(driver, _OF_DRIVER, until)
    ]
    found += [
        Expiry(paper, day, vehicle=vehicle)
        for vehicle in vehicles
        for paper, day in _papers(vehicle, _OF_VEHICLE, until)
        if paper is not Paper.LIFT_INSPECTION or vehicle.has_lift
    ]
    return sorted(found, key=lambda one: (one.expires, str(one.driver or one.vehicle), one.paper))


def _any_by(fields: Iterable[str], until: date) -> Q:
    wanted = Q()
    for name in fields:
        wanted |= Q(**{f"{name}__lte": until})
    return wanted


def _papers(
    holder: Driver | Vehicle, fields: dict[Paper, str], until: date
) -> Iterator[tuple[Paper, date]]:
    for paper, name in fields.items():
        day: date | None = getattr(holder, name)
        if day is not None and day <= until:
            yield paper, day


def warn_of_expiries() -> int:
    """Note each warning that is due and owe its notices, once for ever; how many were new."""
    today = company_day(timezone.now())
    new = 0
    with recording() as log:
        for expiry in expiries(today + timedelta(days=max(STEPS))):
            warning, created = ExpiryWarning.objects.get_or_create(
                paper=expiry.paper,
                driver=expiry.driver,
                vehicle=expiry.vehicle,
                expires=expiry.expires,
                step_days=due_step(expiry.expires, today) or 0,
            )
            if created:
                log.fact("paper.expiring", warning.pk)
                new += 1
    return new
