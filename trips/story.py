"""A trip's story: making its events and appending them, with the trip locked.

For `trips.services` and the modules that it shares the writing of `Trip` with.
"""

from datetime import datetime

from trips import access
from trips.events.log import recording
from trips.evidence.record import keep_event
from trips.lifecycle import Actor
from trips.models import Trip, TripEvent
from users.models import User


def new_event(
    trip: Trip,
    name: str,
    actor: Actor,
    user: User | None,
    occurred_at: datetime,
    recorded_at: datetime,
) -> TripEvent:
    """An unsaved event of `trip` as it is now. No `user`: the system's."""
    return TripEvent(
        trip=trip,
        version=trip.version,
        event=name,
        status=trip.status,
        source=actor.value,
        actor=user,
        occurred_at=occurred_at,
        recorded_at=recorded_at,
    )


def append(trip: Trip, event: TripEvent) -> None:
    """Save `event` as the trip's next version; the caller saves the trip."""
    trip.version += 1
    event.version = trip.version
    keep_event(trip, event)


def remark(trip: Trip, event: TripEvent) -> None:
    """Append an event that leaves the trip in its state, and save the trip."""
    event.previous_status = trip.status
    with recording() as log:
        append(trip, event)
        trip.save()
        log.event(event, watchers=watchers(trip))


def watchers(trip: Trip) -> frozenset[int]:
    """The account of the driver who has the trip."""
    return frozenset({trip.driver.user_id}) if trip.driver else frozenset()


def booker(user: User | None) -> Actor:
    """As whom `user` (None: the system) books."""
    if user is None:
        return Actor.SYSTEM
    return Actor.DISPATCHER if access.is_dispatcher(user) else Actor.REQUESTER
