"""What must hold of every trip after every action."""

from __future__ import annotations

from itertools import pairwise

from trips.events.streams import BOARD, trip_stream
from trips.lifecycle import ENDED, WITH_DRIVER, Status
from trips.models import Delivery, Stream, StreamEntry, Trip, TripEvent


def check(trip_id: int) -> None:
    """The trip's version, story, streams and assignment fit together."""
    trip = Trip.objects.get(pk=trip_id)
    events = list(TripEvent.objects.filter(trip=trip).order_by("version"))
    assert [event.version for event in events] == list(range(1, trip.version + 1))
    assert events[-1].status == trip.status
    for before, after in pairwise(events):
        assert after.previous_status == before.status
    assert shown(trip_stream(trip_id)) == [event.pk for event in events]
    assert [pk for pk in shown(BOARD) if pk in {e.pk for e in events}] == [e.pk for e in events]
    _check_assignment(trip)


def shown(stream: str) -> list[int | None]:
    """The events of a stream in its order; its numbers must be 1, 2, 3, … to its head."""
    rows = StreamEntry.objects.filter(stream_id=stream).order_by("seq")
    found = list(rows.values_list("seq", "event_id"))
    head = Stream.objects.filter(pk=stream).values_list("last_seq", flat=True).first() or 0
    assert [seq for seq, _ in found] == list(range(1, head + 1))
    return [event_id for _, event_id in found]


def _check_assignment(trip: Trip) -> None:
    held = list(trip.assignments.filter(ended_at=None).values_list("driver_id", "vehicle_id"))
    if Status(trip.status) in WITH_DRIVER:
        assert held == [(trip.driver_id, trip.vehicle_id)]
    elif trip.status != Status.COMPLETED:  # the handler of its event ends that one
        assert held == []
    if Status(trip.status) not in WITH_DRIVER | ENDED:
        assert trip.driver_id is None
        assert trip.vehicle_id is None


def footprint(trip_id: int) -> tuple[object, ...]:
    """Everything that an action may write, to see that a refused one wrote nothing."""
    return (
        Trip.objects.filter(pk=trip_id).values().get(),
        list(Trip.objects.get(pk=trip_id).assignments.order_by("pk").values()),
        TripEvent.objects.count(),
        StreamEntry.objects.count(),
        Delivery.objects.count(),
    )
