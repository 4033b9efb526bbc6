"""What each action does to a trip beside its status, and the guards that need the database.

Called by `trips.services` only, with the trip locked.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from trips.dispatch.matching import fits
from trips.lifecycle import DRIVER_UNDO_S, WITH_DRIVER, Action, Actor, Status, Transition
from trips.models import Assignment, Company, Driver, Shift, Trip, TripEvent, Vehicle

if TYPE_CHECKING:
    from trips.services import Tap

#: A cancellation closer to the pick-up than this is late.
LATE_CANCEL = timedelta(hours=2)
CANCEL_KINDS = ("advance", "same_day", "late", "at_door")

#: Fields that an undo brings back; ids, times and numbers only.
_REMEMBERED = (
    "status",
    "driver_id",
    "vehicle_id",
    "scheduled_at",
    "arrived_pickup_at",
    "picked_up_at",
    "dropped_off_at",
    "cancel_kind",
    "cancelled_by",
)
_TIMES = ("scheduled_at", "arrived_pickup_at", "picked_up_at", "dropped_off_at")


@dataclass(frozen=True, slots=True)
class Change:
    """What an action did: `data` for the event, `watchers` the users whose stream shows it."""

    data: dict[str, Any] = field(default_factory=dict)
    watchers: frozenset[int] = frozenset()


def memory(trip: Trip) -> dict[str, Any]:
    """The fields of `trip` that an undo would need, as JSON values."""
    values = {name: getattr(trip, name) for name in _REMEMBERED}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def apply(trip: Trip, row: Transition, actor: Actor, tap: "Tap", occurred_at: datetime) -> Change:
    """Change `trip` (unsaved) as `row` says; Refused or InvalidTap where a guard objects."""
    before = _driver_user(trip)
    data = _EFFECTS.get(row.action, _nothing)(trip, actor, tap, occurred_at) or {}
    if row.target is not None:
        trip.status = row.target.value
    trip.state_since = occurred_at
    watchers = frozenset(user for user in (before, _driver_user(trip)) if user is not None)
    return Change(data, watchers)


def _driver_user(trip: Trip) -> int | None:
    return trip.driver.user_id if trip.driver else None


def _refuse(trip: Trip, detail: str) -> NoReturn:
    from trips.services import Refused

    raise Refused(detail, trip)


def _invalid(name: str, detail: str) -> NoReturn:
    from trips.services import InvalidTap

    raise InvalidTap(name, detail)


def _nothing(trip: Trip, actor: Actor, tap: "Tap", at: datetime) -> None:
    return None


def _schedule(trip: Trip, actor: Actor, tap: "Tap", at: datetime) -> None:
    trip.scheduled_at = tap.scheduled_at or trip.scheduled_at
    if trip.scheduled_at is None:
        _invalid("scheduled_at", "A trip without a time is scheduled with one.")


def _ready(trip: Trip, actor: Actor, tap: "Tap", at: datetime) -> None:
    trip.scheduled_at = tap.scheduled_at or at


def _assign(trip: Trip, actor: Actor, tap: "Tap", at: datetime) -> dict[str, Any]:
    driver = Driver.objects.select_related("user").filter(pk=tap.driver_id or 0).first()
    vehicle = Vehicle.objects.filter(pk=tap.vehicle_id or 0).first()
    if driver is None or not driver.user.is_active:
        _invalid("driver_id", "There is no such driver.")
    if vehicle is None:
        _invalid("vehicle_id", "There is no such vehicle.")
    _check_match(trip, driver, vehicle)
    if trip.scheduled_at is None:
        trip.scheduled_at = tap.scheduled_at
    close_assignment(trip, at)
    Assignment.objects.create(trip=trip, driver=driver, vehicle=vehicle, started_at=at)
    trip.driver, trip.vehicle = driver, vehicle
    return {"driver_id": driver.pk, "vehicle_id": vehicle.pk}


def _check_match(trip: Trip, driver: Driver, vehicle: Vehicle) -> None:
    if vehicle.state != Vehicle.State.IN_SERVICE:
        _refuse(trip, f"{vehicle.name} is out of service.")
    if not fits(vehicle.capacities, [trip.mobility], escorts=trip.escorts):
        _refuse(trip, f"{vehicle.name} cannot carry {trip.get_mobility_display().lower()}.")
    when = max(trip.scheduled_at or timezone.now(), timezone.now())
    on_shift = Shift.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=when), driver=driver, starts_at__lte=when
    )
    if not on_shift.exists():
        _refuse(trip, "The driver is not on shift at that time.")


def close_assignment(trip: Trip, at: datetime) -> None:
    """End the open assignment; nothing where there is none."""
    for row in trip.assignments.filter(ended_at__isnull=True):
        row.ended_at = max(at, row.started_at)
        row.save(update_fields=["ended_at"])


def _unassign(trip: Trip, actor: Actor, tap: "Tap", at: datetime) -> None:
    close_assignment(trip, at)
    trip.driver = trip.vehicle = None


def _arrive_pickup(trip: Trip, actor: Actor, tap: "Tap", at: datetime) -> None:
    trip.arrived_pickup_at = at


def _pick_up(trip: Trip, actor: Actor, tap: "Tap", at: datetime) -> None:
    trip.arrived_pickup_at = trip.arrived_pickup_at or at
    trip.picked_up_at = at
    trip.odometer_start_mi = tap.odometer or trip.odometer_start_mi


def _arrive_dropoff(trip: Trip, actor: Actor, tap: "Tap", at: datetime) -> None:
    trip.picked_up_at = trip.picked_up_at or at
    trip.dropped_off_at = at
    trip.odometer_end_mi = tap.odometer or trip.odometer_end_mi


def _complete(trip: Trip, actor: Actor, tap: "Tap", at: datetime) -> None:
    trip.dropped_off_at = trip.dropped_off_at or at
    trip.odometer_end_mi = tap.odometer or trip.odometer_end_mi


def _end(trip: Trip, actor: Actor, tap: "Tap", at: datetime) -> None:
    close_assignment(trip, at)


def _cancel(trip: Trip, actor: Actor, tap: "Tap", at: datetime) -> dict[str, Any]:
    if tap.kind and tap.kind not in CANCEL_KINDS:
        _invalid("kind", f"One of {', '.join(CANCEL_KINDS)}.")
    # A fee follows from it: only the dispatcher may overrule what the clock says.
    stated = tap.kind if actor is Actor.DISPATCHER else ""
    trip.cancel_kind = stated or _cancel_kind(trip, at)
    trip.cancelled_by = actor.value
    _end(trip, actor, tap, at)
    return {"kind": trip.cancel_kind, "by": trip.cancelled_by}


def _cancel_kind(trip: Trip, at: datetime) -> str:
    """What the clock says; the same day is the company calendar's."""
    if trip.status == Status.ARRIVED_PICKUP:
        return "at_door"
    if trip.scheduled_at is None:
        return "advance"
    if trip.scheduled_at - at < LATE_CANCEL:
        return "late"
    zone = ZoneInfo(Company.get().time_zone)
    same = trip.scheduled_at.astimezone(zone).date() == at.astimezone(zone).date()
    return "same_day" if same else "advance"


def _undo(trip: Trip, actor: Actor, tap: "Tap", at: datetime) -> dict[str, Any]:
    """Bring back what the newest event that still stands had changed."""
    event = _last_standing(trip)
    if event is None:
        _refuse(trip, "There is nothing to undo.")
    if actor is Actor.DRIVER and event.source != Actor.DRIVER:
        _refuse(trip, "That was not yours to undo; ask dispatch.")
    if actor is Actor.DRIVER and at - event.occurred_at > timedelta(seconds=DRIVER_UNDO_S):
        _refuse(trip, "Too late to undo; ask dispatch.")
    _restore(trip, event.data["before"], at)
    return {"undoes": event.version}


def _last_standing(trip: Trip) -> TripEvent | None:
    undone: set[int] = set()
    for event in trip.events.filter(inferred=False).order_by("-version"):
        if "undoes" in event.data:
            undone.add(event.data["undoes"])
        elif "before" in event.data and event.version not in undone:
            return event
    return None


def _restore(trip: Trip, before: dict[str, Any], at: datetime) -> None:
    for name, value in before.items():
        setattr(trip, name, parse_datetime(value) if value and name in _TIMES else value)
    open_now = trip.assignments.filter(ended_at__isnull=True).first()
    wanted = (before["driver_id"], before["vehicle_id"])
    held = (open_now.driver_id, open_now.vehicle_id) if open_now else (None, None)
    if Status(trip.status) not in WITH_DRIVER:
        wanted = (None, None)
    if held != wanted:
        close_assignment(trip, at)
        if wanted[0] is not None:
            driver_id, vehicle_id = wanted
            trip.assignments.create(driver_id=driver_id, vehicle_id=vehicle_id, started_at=at)


_EFFECTS = {
    Action.SCHEDULE: _schedule,
    Action.READY: _ready,
    Action.ASSIGN: _assign,
    Action.TRANSFER: _assign,
    Action.UNASSIGN: _unassign,
    Action.DECLINE: _unassign,
    Action.ARRIVE_PICKUP: _arrive_pickup,
    Action.PICK_UP: _pick_up,
    Action.ARRIVE_DROPOFF: _arrive_dropoff,
    Action.COMPLETE: _complete,
    Action.CANCEL: _cancel,
    Action.NO_SHOW: _end,
    Action.MISS: _end,
    Action.UNDO: _undo,
}
