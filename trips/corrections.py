"""Facts that come late: a driver's tap for a state that the trip has passed meanwhile.

The dispatcher tapped for a driver without coverage, or a later tap came first; then the phone
delivers its own, earlier one. `lifecycle.late_fact` is the rule; here is what it needs from the
database. Called by `trips.services` only, with the trip locked.
"""

from datetime import datetime
from typing import Any

from django.db.models import Q

from trips.lifecycle import (
    EVENT_OF_STATUS,
    ROAD,
    TIME_OF,
    Action,
    Actor,
    Status,
    late_fact,
    state_told,
)
from trips.models import Trip
from trips.taps import Tap

_ODOMETER_AT = {
    Action.PICK_UP: "odometer_start_mi",
    Action.ARRIVE_DROPOFF: "odometer_end_mi",
}


def find(trip: Trip, tap: Tap, at: datetime) -> dict[str, datetime]:
    """The times of `trip` that the driver's `tap` improves; {} where it is no late fact."""
    state = state_told(tap.action)
    if state is None or not _has_passed(Status(trip.status), state):
        return {}
    if _told_already(trip, tap, state):
        return {}
    mine = trip.assignments.filter(driver=trip.driver).order_by("started_at").first()
    if mine is None or at < mine.started_at:  # a wrong clock, or somebody else's trip
        return {}
    times = {name: getattr(trip, name) for name in TIME_OF.values()}
    return late_fact(tap.action, times, at)


def _has_passed(status: Status, state: Status) -> bool:
    return status in ROAD and ROAD.index(status) >= ROAD.index(state)


def _told_already(trip: Trip, tap: Tap, state: Status) -> bool:
    """Whether a driver has said it themselves: then that stands."""
    own = Q(event=EVENT_OF_STATUS[state])
    corrected = Q(event="trip.corrected", data__action=tap.action.value)
    newest = trip.events.filter(own | corrected).order_by("-version").first()
    return newest is not None and newest.source == Actor.DRIVER and not newest.inferred


def apply(trip: Trip, tap: Tap, times: dict[str, datetime]) -> dict[str, Any]:
    """Set `times` on `trip` (unsaved); the event's data."""
    for name, moment in times.items():
        setattr(trip, name, moment)
    odometer = _ODOMETER_AT.get(tap.action)
    if odometer is not None and getattr(trip, odometer) is None:
        setattr(trip, odometer, tap.odometer)
    return {"late": True, "action": tap.action.value}
