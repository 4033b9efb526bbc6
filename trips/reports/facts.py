"""What the roll-up reads: a day's trips, promises and stretches of time."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from trips.lifecycle import Status
from trips.models import Assignment, Shift, ShiftBreak, Trip, TripEvent
from trips.reports.definitions import Clock, TripFacts
from trips.reports.intervals import Interval

#: So long a ride may have begun before the day; whoever sits longer was forgotten.
LONGEST_RIDE = timedelta(days=2)
#: When a trip counts. A will-call that was never called has its outbound leg's day.
AT = Coalesce("scheduled_at", "return_of__scheduled_at", "created_at")

_COLUMNS = {
    "trip_id": "pk",
    "status": "status",
    "driver_id": "driver_id",
    "scheduled_at": "scheduled_at",
    "ready_at": "ready_at",
    "appointment_at": "appointment_at",
    "arrived_pickup_at": "arrived_pickup_at",
    "dropped_off_at": "dropped_off_at",
    "cancel_kind": "cancel_kind",
    "cancelled_by": "cancelled_by",
    "loaded_m": "measurement__loaded_distance_m",
    "unloaded_m": "measurement__unloaded_distance_m",
}


@dataclass(frozen=True, slots=True)
class Promises:
    """Ids of a driver's trips of one day."""

    assigned: set[int] = field(default_factory=set)
    declined: set[int] = field(default_factory=set)


def trips_between(begin: datetime, end: datetime) -> QuerySet[Trip]:
    """The trips that count for this time."""
    # Apart from each other, so that the index on `scheduled_at` serves both.
    timed = Q(scheduled_at__gte=begin, scheduled_at__lt=end)
    parked = Q(scheduled_at__isnull=True, at__gte=begin, at__lt=end)
    return Trip.objects.alias(at=AT).filter(timed | parked)


def read_trips(trips: QuerySet[Trip]) -> list[TripFacts]:
    """Facts of each, in no order."""
    rows = list(trips.values_list("return_of_id", *_COLUMNS.values()))
    found: list[dict[str, Any]] = [dict(zip(_COLUMNS, row[1:], strict=True)) for row in rows]
    absent = [one["trip_id"] for one in found if one["status"] == Status.NO_SHOW]
    proven = _proven(absent)
    return [
        TripFacts(**one, is_return=row[0] is not None, no_show_proven=one["trip_id"] in proven)
        for row, one in zip(rows, found, strict=True)
    ]


def _proven(trip_ids: list[int]) -> set[int]:
    """Those whose newest no-show was held against clock and position, and stood."""
    events = TripEvent.objects.filter(trip__in=trip_ids, event="trip.no_show")
    newest = dict(events.order_by("version").values_list("trip_id", "data"))
    return {
        trip_id
        for trip_id, data in newest.items()
        if "wait_until" in data and not data.get("overruled")
    }


def read_promises(trips: QuerySet[Trip]) -> dict[int, Promises]:
    """Per driver."""
    ids = list(trips.values_list("pk", flat=True))
    found: dict[int, Promises] = defaultdict(Promises)
    for driver_id, trip_id in Assignment.objects.filter(trip__in=ids).values_list(
        "driver_id", "trip_id"
    ):
        found[driver_id].assigned.add(trip_id)
    declined = TripEvent.objects.filter(
        trip__in=ids, event="trip.declined", actor__driver__isnull=False
    )
    for driver_id, trip_id in declined.values_list("actor__driver", "trip_id"):
        found[driver_id].declined.add(trip_id)
    return dict(found)


def read_clocks(begin: datetime, end: datetime, now: datetime) -> dict[int, Clock]:
    """Per driver, whatever touches this time; what is still going on ends `now`."""
    stretches: dict[int, dict[str, list[Interval]]] = defaultdict(lambda: defaultdict(list))
    touching = Q(ends_at__isnull=True) | Q(ends_at__gt=begin)
    shifts = Shift.objects.filter(touching, starts_at__lt=end, planned=False)
    for driver, from_, to in shifts.values_list("driver_id", "starts_at", "ends_at"):
        stretches[driver]["shifts"].append(_interval(from_, to, now))
    breaks = ShiftBreak.objects.filter(touching, starts_at__lt=end, shift__planned=False)
    for driver, from_, to, shift_ends in breaks.values_list(
        "shift__driver_id", "starts_at", "ends_at", "shift__ends_at"
    ):
        stretches[driver]["breaks"].append(_interval(from_, to or shift_ends, now))
    for driver, ride in _rides(begin, end, now):
        stretches[driver]["rides"].append(ride)
    return {
        driver: Clock(**{name: tuple(found) for name, found in kinds.items()})
        for driver, kinds in stretches.items()
    }


def _rides(begin: datetime, end: datetime, now: datetime) -> list[tuple[int, Interval]]:
    """(driver, when the patient was aboard with them); after a transfer there are two."""
    still = Q(trip__dropped_off_at__isnull=True) | Q(trip__dropped_off_at__gt=begin)
    rows = Assignment.objects.filter(
        still, trip__picked_up_at__gte=begin - LONGEST_RIDE, trip__picked_up_at__lt=end
    ).values_list(
        "driver_id",
        "started_at",
        "ended_at",
        "trip__picked_up_at",
        "trip__dropped_off_at",
        "trip__status",
    )
    found = []
    for driver, from_, to, picked_up, dropped_off, status in rows:
        if picked_up is None or (dropped_off is None and status != Status.IN_PROGRESS):
            continue
        had, aboard = _interval(from_, to, now), _interval(picked_up, dropped_off, now)
        found.append((driver, (max(had[0], aboard[0]), min(had[1], aboard[1]))))
    return found


def _interval(begin: datetime, end: datetime | None, now: datetime) -> Interval:
    return begin.timestamp(), min(end or now, now).timestamp()
