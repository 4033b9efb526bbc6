"""Taking back: what an event must remember for it, and how it comes back. Never a deletion."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import IntegerField, Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils.dateparse import parse_datetime

from trips.lifecycle import DRIVER_UNDO_S, WITH_DRIVER, Actor, Status
from trips.models import Driver, Trip, TripEvent, Vehicle
from trips.taps import Refused

#: Fields that an undo brings back; ids, times and numbers only.
_REMEMBERED = (
    "status",
    "driver_id",
    "vehicle_id",
    "pinned",
    "scheduled_at",
    "ready_at",
    "arrived_pickup_at",
    "picked_up_at",
    "dropped_off_at",
    "cancel_kind",
    "cancelled_by",
)
#: Always in an event, since its readers want to know who had the trip before.
_ALWAYS = ("status", "driver_id", "vehicle_id")
_TIMES = frozenset(name for name in _REMEMBERED if name.endswith("_at"))


def memory(trip: Trip) -> dict[str, Any]:
    """The fields of `trip` that an undo may need, as JSON values."""
    values = {name: getattr(trip, name) for name in _REMEMBERED}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What of `before` the event keeps: an undo must not take back what was changed since."""
    return {n: value for n, value in before.items() if n in _ALWAYS or after[n] != value}


def newest_standing(trip: Trip) -> TripEvent:
    """The newest event that can be taken back and was not; Refused where there is none."""
    if trip.withdrawn:
        raise Refused("Its standing order took it back: bring its day back there.", trip)
    # Asked of the database: a trip may have a long history.
    number = Cast(KeyTextTransform("undoes", "data"), IntegerField())
    undone = trip.events.filter(data__has_key="undoes").values_list(number)
    standing = trip.events.filter(inferred=False, data__has_key="before").exclude(
        Q(data__has_key="undoes") | Q(version__in=undone)
    )
    if event := standing.order_by("-version").first():
        return event
    raise Refused("There is nothing to undo.", trip)


def check_driver(trip: Trip, event: TripEvent, at: datetime, now: datetime) -> None:
    """Refused unless a driver may take `event` back: their own, and just tapped.

    By both clocks, the phone's (`at`) and ours, so that a wrong one gives no more time.
    """
    if event.source != Actor.DRIVER:
        raise Refused("That was not yours to undo; ask dispatch.", trip)
    ago = max(at - event.occurred_at, now - event.recorded_at)
    if ago > timedelta(seconds=DRIVER_UNDO_S):
        raise Refused("Too late to undo; ask dispatch.", trip)


def restore(trip: Trip, event: TripEvent) -> None:
    """Set the fields of `trip` (unsaved) back to what they were before `event`."""
    for name, value in event.data["before"].items():
        setattr(trip, name, parse_datetime(value) if value and name in _TIMES else value)


def crew_wanted(trip: Trip) -> tuple[Driver, Vehicle] | None:
    """Whose open assignment the trip must have in its state; None: nobody's."""
    if Status(trip.status) not in WITH_DRIVER or trip.driver is None or trip.vehicle is None:
        return None
    return trip.driver, trip.vehicle
