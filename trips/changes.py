"""What of a booked trip may still be changed, by whom, and what a change must keep true."""

from datetime import datetime
from typing import Any

from trips import effects, guards
from trips.lifecycle import OPEN, STARTED, Actor, Status
from trips.models import Trip
from trips.taps import Refused

#: Who may change some trip at some time.
ACTORS = frozenset({Actor.DISPATCHER, Actor.REQUESTER})
_DETAILS = frozenset({"needs", "escorts", "notes"})
_TIMES = frozenset({"scheduled_at", "window_minutes", "appointment_at"})
_MONEY = frozenset({"payer", "bill_to", "copay_cents", "tolls_cents", "authorization_number"})
#: Ends after which something may be owed; a change of it leads to a credit note.
_CHARGED = frozenset({Status.COMPLETED, Status.NO_SHOW, Status.CANCELLED})
_ON_THE_ROAD = _DETAILS | _MONEY | {"dropoff", "appointment_at", "wait_and_return"}
_BEFORE_PICKUP = _ON_THE_ROAD | {"pickup", "mobility"}
#: All that can be changed; an end of the trip is one field, however many columns it has.
FIELDS = _BEFORE_PICKUP | _TIMES
#: What the driver and the vehicle must fit.
_CREW = frozenset({"mobility", "needs", "escorts", "scheduled_at", "pickup", "dropoff"})
_ABOARD = frozenset({"mobility", "needs", "escorts"})


def changeable(status: Status, actor: Actor) -> frozenset[str]:
    """The fields of a trip in `status` that `actor` may change.

    Who ordered it changes details until the driver is sent out, and the times until they are
    agreed. A dispatcher changes what is still ahead, and who pays for what was charged.
    """
    if actor is Actor.REQUESTER:
        if status is Status.REQUESTED:
            return _DETAILS | _TIMES
        if status in (Status.WILL_CALL, Status.SCHEDULED, Status.ASSIGNED):
            return _DETAILS
    if actor is Actor.DISPATCHER and status in _CHARGED:
        return _MONEY
    if actor is Actor.DISPATCHER and status in OPEN:
        if status in (Status.EN_ROUTE_PICKUP, Status.ARRIVED_PICKUP):
            return _BEFORE_PICKUP
        if status in STARTED:
            return _ON_THE_ROAD
        # A will-call gets its time by being called.
        return FIELDS - {"scheduled_at"} if status is Status.WILL_CALL else FIELDS
    return frozenset()


def apply(trip: Trip, by: Actor, fields: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Set model `fields` on `trip` (unsaved); the event's data: names, and the times as such."""
    old = trip.scheduled_at
    changed = {name: value for name, value in fields.items() if getattr(trip, name) != value}
    names = frozenset(map(_field, changed))
    status = Status(trip.status)
    if refused := sorted(names - changeable(status, by)):
        raise Refused(f"{', '.join(refused)} cannot be changed while {status}.", trip)
    for name, value in changed.items():
        setattr(trip, name, value)
    if names & {"scheduled_at", "appointment_at"}:
        guards.check_times(trip.scheduled_at, trip.appointment_at, now)
    if names & (_ABOARD if status in STARTED else _CREW):
        effects.check_crew(trip)
    data: dict[str, Any] = {"fields": sorted(names)}
    if "scheduled_at" in names:
        data["scheduled_at"] = [old and old.isoformat(), fields["scheduled_at"].isoformat()]
    return data


def _field(column: str) -> str:
    """`pickup` for `pickup_address`."""
    end = column.split("_")[0]
    return end if end in ("pickup", "dropoff") else column
