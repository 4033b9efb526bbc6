"""Keeping an event: where it was, and its link to the event before."""

from typing import Any

from config.chain import BEGINNING, link_hash
from trips.evidence.position import locate
from trips.lifecycle import Status
from trips.models import Trip, TripEvent, TripMeasurement

#: What is hashed of an event, in words that stay: every column but its key and its hash.
HASHED = (
    "trip_id",
    "version",
    "event",
    "status",
    "previous_status",
    "inferred",
    "source",
    "actor_id",
    "occurred_at",
    "recorded_at",
    "latitude",
    "longitude",
    "position_source",
    "position_age_s",
    "stop_distance_m",
    "message",
    "data",
    "previous_hash",
)
#: Events of a completed trip after which its measurement is as true as before.
MEASURED = frozenset({"trip.completed", "trip.remeasured"})


def keep_event(trip: Trip, event: TripEvent) -> None:
    """Save a new event of a locked trip, with its place, behind the one of the version before."""
    locate(trip, event)
    event.previous_hash = _hash_before(event) if event.version > 1 else BEGINNING
    event.hash = link_hash(event.previous_hash, content_of(event))
    event.save(force_insert=True)
    if event.status == Status.COMPLETED and event.event not in MEASURED:
        TripMeasurement.objects.filter(trip=trip).update(is_stale=True)


def _hash_before(event: TripEvent) -> str:
    before = TripEvent.objects.filter(trip_id=event.trip_id, version=event.version - 1)
    return before.values_list("hash", flat=True).first() or BEGINNING


def content_of(event: TripEvent) -> dict[str, Any]:
    """The columns of an event that are hashed."""
    return {name: getattr(event, name) for name in HASHED}
