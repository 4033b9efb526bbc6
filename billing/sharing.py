"""Who else was aboard: a ride as stretches with the same riders, for rates that split miles.

Every rider of a stretch is told the same metres, whoever of them is priced, and whenever: they
are measured for the vehicle, from the positions of the rider that was booked first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.db.models import Prefetch, Q

from billing.rates import Stretch
from trips.dispatch.travel import Point as Place
from trips.dispatch.travel import road_distance_m
from trips.evidence import fixes
from trips.evidence.distance import travelled
from trips.evidence.measurement import FEWEST_FIXES
from trips.lifecycle import Status
from trips.models import Assignment, Trip
from trips.tracking.retention import LONGEST_SILENCE_S
from trips.tracking.simplify import Point

#: Nobody is aboard for longer.
LONGEST_RIDE = timedelta(days=1)
_DRIVEN = (Status.IN_PROGRESS, Status.ARRIVED_DROPOFF, Status.COMPLETED)
_BY_TIME = Prefetch("assignments", Assignment.objects.order_by("started_at", "pk"))


@dataclass(frozen=True, slots=True)
class Aboard:
    """One rider in one vehicle between two times; no end: still aboard."""

    trip: Trip
    vehicle_id: int
    begin: datetime
    end: datetime | None

    def during(self, begin: datetime, end: datetime) -> bool:
        """Whether for all of this time."""
        return self.begin <= begin and (self.end is None or self.end >= end)


def stretches_of(trip: Trip) -> tuple[Stretch, ...]:
    """The parts of a completed ride in order of time; () where nobody else was aboard."""
    parts = _rides([trip])
    others = [other for part in parts for other in _beside(part)]
    if not others:
        return ()
    return tuple(stretch for part in parts for stretch in _stretches(part, others))


def _rides(trips: Iterable[Trip]) -> list[Aboard]:
    """Who was in which vehicle, when; a transfer begins another part of the ride."""
    parts = []
    for trip in trips:
        rows = sorted(trip.assignments.all(), key=lambda row: (row.started_at, row.pk))
        begin, end = trip.picked_up_at, trip.dropped_off_at
        if begin is None or not rows:
            continue
        first = [row for row in rows if row.started_at <= begin][-1:] or rows[:1]
        later = [row for row in rows[1:] if begin < row.started_at and _before(row.started_at, end)]
        since = [begin, *(row.started_at for row in later)]
        until = [*since[1:], end]
        for row, begin_at, end_at in zip([*first, *later], since, until, strict=True):
            parts.append(Aboard(trip, row.vehicle_id, begin_at, end_at))
    return parts


def _before(moment: datetime, end: datetime | None) -> bool:
    return end is None or moment < end


def _beside(part: Aboard) -> list[Aboard]:
    """Others who were in the vehicle during a part of this time."""
    if part.end is None:
        return []
    longest_ago = part.begin - LONGEST_RIDE
    trips = (
        Trip.objects.filter(assignments__vehicle=part.vehicle_id, status__in=_DRIVEN)
        .filter(picked_up_at__gt=longest_ago, picked_up_at__lt=part.end)
        .filter(Q(dropped_off_at__isnull=True) | Q(dropped_off_at__gt=part.begin))
        .exclude(pk=part.trip.pk)
        .distinct()
        .prefetch_related(_BY_TIME)
    )
    return [
        other
        for other in _rides(trips)
        if other.vehicle_id == part.vehicle_id
        and other.begin < part.end
        and _before(part.begin, other.end)
    ]


def _stretches(part: Aboard, others: Sequence[Aboard]) -> list[Stretch]:
    """One part of the ride, cut wherever somebody gets in or out."""
    if part.end is None:
        return []
    beside = [other for other in others if other.vehicle_id == part.vehicle_id]
    places = _stops([part, *beside])
    moments = sorted({part.begin, part.end, *(at for at in places if part.begin < at < part.end)})
    found = []
    for begin, end in pairwise(moments):
        aboard = {one.trip.pk: one.trip for one in (part, *beside) if one.during(begin, end)}
        riders = sorted(aboard)
        metres = _distance_m(aboard[riders[0]], begin, end, places)
        found.append(Stretch(metres, len(riders), riders.index(part.trip.pk)))
    return found


def _stops(rides: Sequence[Aboard]) -> dict[datetime, Place | None]:
    """Where the vehicle was when somebody got in or out; None where that is not known."""
    places: dict[datetime, Place | None] = {}
    for one in rides:
        trip = one.trip
        boarded = one.begin == trip.picked_up_at
        places[one.begin] = (trip.pickup_latitude, trip.pickup_longitude) if boarded else None
        if one.end is not None:
            left = one.end == trip.dropped_off_at
            places[one.end] = (trip.dropoff_latitude, trip.dropoff_longitude) if left else None
    return places


def _distance_m(
    trip: Trip, begin: datetime, end: datetime, places: dict[datetime, Place | None]
) -> float:
    """Metres between two stops: as driven, else as sealed, else by road from stop to stop."""
    begin_at, end_at = begin.timestamp(), end.timestamp()
    known = {at: place for at in (begin, end) if (place := places.get(at))}
    stops = [Point(at.timestamp(), *place) for at, place in known.items()]
    tracks = fixes.raw_tracks(trip, begin, end)
    driven = travelled(tracks, begin_at, end_at, stops=stops, longest_silence_s=LONGEST_SILENCE_S)
    if driven.fixes >= FEWEST_FIXES:
        return driven.distance_m
    sealed = fixes.sealed(trip, begin_at, end_at)
    if sealed.fixes:
        return sealed.distance_m
    return road_distance_m(*known.values()) if len(known) == 2 else 0.0
