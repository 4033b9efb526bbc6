"""What each action does to a trip beside its status, and the guards that need the database.

Called by `trips.services` only, with the trip locked.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings

from trips import guards, undo
from trips.dispatch.candidates import refusals_of
from trips.lifecycle import Action, Actor, Transition
from trips.models import Assignment, Driver, Trip, Vehicle
from trips.story import watchers
from trips.taps import InvalidTap, Refused, Tap
from users.models import User


@dataclass(frozen=True, slots=True)
class Doing:
    """Who does what, when: `at` by the device's clock, `now` by ours."""

    actor: Actor
    user: User | None
    tap: Tap
    at: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """What an action did: `data` for the event, `watchers` the users whose stream shows it."""

    data: dict[str, Any] = field(default_factory=dict)
    watchers: frozenset[int] = frozenset()


def apply(trip: Trip, row: Transition, doing: Doing) -> Change:
    """Change `trip` (unsaved) as `row` says; Refused or InvalidTap where a guard objects."""
    watching = watchers(trip)
    before = undo.memory(trip)
    data = _EFFECTS.get(row.action, _nothing)(trip, doing) or {}
    if row.target is not None:
        trip.status = row.target.value
    trip.state_since = doing.at
    remembered = undo.changed(before, undo.memory(trip))
    return Change({"before": remembered, **data}, watching | watchers(trip))


def _nothing(trip: Trip, doing: Doing) -> None:
    return None


def _schedule(trip: Trip, doing: Doing) -> None:
    trip.scheduled_at = doing.tap.scheduled_at or trip.scheduled_at
    if trip.scheduled_at is None:
        raise InvalidTap("scheduled_at", "A trip without a time is scheduled with one.")
    guards.check_times(trip.scheduled_at, trip.appointment_at, doing.now)


def _ready(trip: Trip, doing: Doing) -> None:
    """The patient called: the promised time runs from now."""
    trip.ready_at = doing.at
    trip.scheduled_at = doing.tap.scheduled_at or doing.at
    guards.check_times(trip.scheduled_at, trip.appointment_at, doing.now)


def _assign(trip: Trip, doing: Doing) -> dict[str, Any]:
    """Who decided on the old crew decides on the new one, or has at least seen it."""
    if trip.driver is not None and doing.tap.expected_version is None:
        raise Refused("It is assigned already: send `expected_version` to re-assign it.", trip)
    if trip.pinned and doing.actor is Actor.SYSTEM:
        raise Refused("A dispatcher decided on its driver.", trip)
    return _give(trip, doing)


def _transfer(trip: Trip, doing: Doing) -> dict[str, Any]:
    """The old vehicle's assignment ends, with its evidence; the new one's begins."""
    if doing.tap.vehicle_id == trip.vehicle_id:
        raise Refused("The patient is in that vehicle already.", trip)
    return _give(trip, doing)


def _give(trip: Trip, doing: Doing) -> dict[str, Any]:
    tap = doing.tap
    driver = Driver.objects.select_related("user").filter(pk=tap.driver_id or 0).first()
    vehicle = Vehicle.objects.filter(pk=tap.vehicle_id or 0).first()
    if driver is None or not driver.user.is_active:
        raise InvalidTap("driver_id", "There is no such driver.")
    if vehicle is None:
        raise InvalidTap("vehicle_id", "There is no such vehicle.")
    _check_match(trip, driver, vehicle)
    close_assignment(trip, doing.at)
    Assignment.objects.create(trip=trip, driver=driver, vehicle=vehicle, started_at=doing.at)
    trip.driver, trip.vehicle = driver, vehicle
    trip.pinned = doing.actor is Actor.DISPATCHER
    return {"driver_id": driver.pk, "vehicle_id": vehicle.pk}


def _check_match(trip: Trip, driver: Driver, vehicle: Vehicle) -> None:
    if refusals := refusals_of(trip, driver.pk, vehicle.pk):
        raise Refused(" ".join(refusal.text for refusal in refusals), trip, refusals)
    # Read now that the driver is locked: who closes an account locks it first, and looks for trips.
    if not Driver.objects.filter(pk=driver.pk, user__is_active=True).exists():
        raise Refused("The driver's account is closed.", trip)


def check_crew(trip: Trip) -> None:
    """Refused where the trip's driver and vehicle, if it has them, do not fit it (any more)."""
    if trip.driver is not None and trip.vehicle is not None:
        _check_match(trip, trip.driver, trip.vehicle)


def close_assignment(trip: Trip, at: datetime) -> None:
    """End the open assignment; nothing where there is none."""
    for row in trip.assignments.filter(ended_at__isnull=True):
        row.ended_at = max(at, row.started_at)
        row.save(update_fields=["ended_at"])


def _unassign(trip: Trip, doing: Doing) -> None:
    close_assignment(trip, doing.at)
    trip.driver = trip.vehicle = None
    trip.pinned = False


def _arrive_pickup(trip: Trip, doing: Doing) -> None:
    trip.arrived_pickup_at = doing.at


def _pick_up(trip: Trip, doing: Doing) -> None:
    trip.arrived_pickup_at = trip.arrived_pickup_at or doing.at
    trip.picked_up_at = doing.at
    trip.odometer_start_mi = doing.tap.odometer or trip.odometer_start_mi


def _arrive_dropoff(trip: Trip, doing: Doing) -> None:
    trip.picked_up_at = trip.picked_up_at or doing.at
    trip.dropped_off_at = doing.at
    trip.odometer_end_mi = doing.tap.odometer or trip.odometer_end_mi


def _complete(trip: Trip, doing: Doing) -> None:
    trip.dropped_off_at = trip.dropped_off_at or doing.at
    trip.odometer_end_mi = doing.tap.odometer or trip.odometer_end_mi


def _no_show(trip: Trip, doing: Doing) -> dict[str, Any]:
    data = guards.check_no_show(trip, doing.actor, doing.tap, doing.at)
    close_assignment(trip, doing.at)
    return data


def _miss(trip: Trip, doing: Doing) -> None:
    guards.check_missed(trip, doing.actor, doing.at, settings.MISSED_AFTER_MINUTES)
    close_assignment(trip, doing.at)


def _cancel(trip: Trip, doing: Doing) -> dict[str, Any]:
    kind = doing.tap.kind
    if kind and kind not in guards.CANCEL_KINDS:
        raise InvalidTap("kind", f"One of {', '.join(guards.CANCEL_KINDS)}.")
    # A fee follows from it: only the dispatcher may overrule what the clock says.
    stated = kind if doing.actor is Actor.DISPATCHER else ""
    trip.cancel_kind = stated or guards.cancel_kind(trip, doing.at)
    trip.cancelled_by = _by(doing)
    close_assignment(trip, doing.at)
    return {"kind": trip.cancel_kind, "by": trip.cancelled_by}


def _by(doing: Doing) -> str:
    """patient, facility, driver, dispatcher or system."""
    if doing.actor is Actor.REQUESTER:
        # Without an account: by the link that the patient was mailed.
        return doing.user.role if doing.user else "patient"
    return doing.actor.value


def _undo(trip: Trip, doing: Doing) -> dict[str, Any]:
    """Bring back what the newest event that still stands had changed."""
    event = undo.newest_standing(trip)
    if doing.actor is Actor.DRIVER:
        undo.check_driver(trip, event, doing.at, doing.now)
    undo.restore(trip, event)
    _restore_assignment(trip, doing.at)
    return {"undoes": event.version}


def _restore_assignment(trip: Trip, at: datetime) -> None:
    """Open and close assignments so that who has the trip again holds one."""
    held = trip.assignments.filter(ended_at__isnull=True).first()
    wanted = undo.crew_wanted(trip)
    if wanted == ((held.driver, held.vehicle) if held else None):
        return
    close_assignment(trip, at)
    if wanted is not None:
        _check_match(trip, *wanted)
        trip.assignments.create(driver=wanted[0], vehicle=wanted[1], started_at=at)


_EFFECTS = {
    Action.SCHEDULE: _schedule,
    Action.READY: _ready,
    Action.ASSIGN: _assign,
    Action.TRANSFER: _transfer,
    Action.UNASSIGN: _unassign,
    Action.DECLINE: _unassign,
    Action.ARRIVE_PICKUP: _arrive_pickup,
    Action.PICK_UP: _pick_up,
    Action.ARRIVE_DROPOFF: _arrive_dropoff,
    Action.COMPLETE: _complete,
    Action.CANCEL: _cancel,
    Action.NO_SHOW: _no_show,
    Action.MISS: _miss,
    Action.UNDO: _undo,
}
