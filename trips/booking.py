"""Many new trips at once: with `services`, the only writers of `Trip`.

What `book_trip` does for one, in a number of statements that does not grow with the trips.
"""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from config.chain import BEGINNING, link_hash
from trips import undo
from trips.events.log import recording
from trips.evidence.record import content_of
from trips.lifecycle import EVENT_OF_STATUS, Status
from trips.models import Trip, TripEvent
from trips.story import booker, new_event
from users.models import User

#: Rows in one statement.
BATCH = 1_000


def book_trips(
    *, user: User | None, bookings: Sequence[dict[str, Any]], accept: bool = False
) -> list[Trip]:
    """New trips in the order of `bookings`, model fields already checked by the caller.

    As `book_trip` has them; `accept` schedules those with a time at once, by an event of its
    own.
    """
    now = timezone.now()
    trips = [Trip(state_since=now, version=1, **fields) for fields in bookings]
    actor = booker(user)
    with recording() as log:
        stories = []
        for trip in trips:
            stories.append([new_event(trip, "trip.requested", actor, user, now, now)])
            if accept and trip.status == Status.REQUESTED and trip.scheduled_at:
                before = _schedule(trip)
                name = EVENT_OF_STATUS[Status.SCHEDULED]
                stories[-1].append(new_event(trip, name, actor, user, now, now))
                stories[-1][-1].previous_status = before["status"]
                stories[-1][-1].data = {"before": before}
        Trip.objects.bulk_create(trips, batch_size=BATCH)
        events = [event for story in stories for event in _linked(story)]
        TripEvent.objects.bulk_create(events, batch_size=BATCH)
        for event in events:
            log.event(event)
    return trips


def _schedule(trip: Trip) -> dict[str, Any]:
    """Accept an unsaved trip; what an undo would bring back."""
    before = undo.memory(trip)
    trip.status, trip.version = Status.SCHEDULED.value, trip.version + 1
    return undo.changed(before, undo.memory(trip))


def _linked(story: list[TripEvent]) -> list[TripEvent]:
    """The events of one trip, which has its key by now, as a chain."""
    previous_hash = BEGINNING
    for event in story:
        event.trip_id = event.trip.pk
        event.previous_hash = previous_hash
        event.hash = previous_hash = link_hash(previous_hash, content_of(event))
    return story
