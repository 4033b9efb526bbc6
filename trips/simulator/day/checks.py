"""What must hold after a day, computed from the rows anew: each line says what does not."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Count, Q

from trips.evidence.verify import verify
from trips.lifecycle import ENDED, WITH_DRIVER, Status
from trips.models import (
    Assignment,
    DayReport,
    Delivery,
    DriverDay,
    Shift,
    TaskRun,
    Trip,
    TripEta,
    TripEvent,
)
from trips.queries import day_bounds
from users.models import Notification

#: The places that each mobility may take.
_PLACES = {
    "ambulatory": ("amb",),
    "wheelchair": ("wc", "bwc"),
    "bariatric_wheelchair": ("bwc",),
    "stretcher": ("str", "bstr"),
    "bariatric_stretcher": ("bstr",),
}


def faults(day: date) -> list[str]:
    """Everything that must not be, in words."""
    found = [_open_trips, _versions, _streams, _evidence, _seats, _shifts, _assignments]
    found += [_notices, _invoices, _outbox, _estimates, _jobs]
    return [fault for check in found for fault in check()] + list(_reports(day))


def numbers() -> dict[str, object]:
    """How large the day was."""
    notices = Notification.objects.values_list("channel").annotate(n=Count("pk"))
    return {
        "trips": dict(
            Trip.objects.values_list("status").annotate(n=Count("pk")).order_by("status")
        ),
        "events": TripEvent.objects.count(),
        "inferred": TripEvent.objects.filter(inferred=True).count(),
        "corrected": TripEvent.objects.filter(event="trip.corrected").count(),
        "remeasured": TripEvent.objects.filter(event="trip.remeasured").count(),
        "notices": dict(notices.order_by("channel")),
    }


def _open_trips() -> Iterator[str]:
    for trip in Trip.objects.exclude(status__in=ENDED):
        yield f"trip {trip.pk} is still {trip.status}, agreed for {trip.scheduled_at}"


def _versions() -> Iterator[str]:
    versions: dict[int, list[int]] = defaultdict(list)
    for trip, version in TripEvent.objects.order_by("version").values_list("trip_id", "version"):
        versions[trip].append(version)
    for pk, newest in Trip.objects.values_list("pk", "version"):
        if versions[pk] != list(range(1, newest + 1)):
            yield f"trip {pk} at version {newest} has events {versions[pk]}"


def _streams() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT name, last_seq, count(e.seq), min(e.seq), max(e.seq) FROM trips_stream s
               LEFT JOIN trips_streamentry e ON e.stream_id = s.name GROUP BY name, last_seq"""
        )
        for name, last, count, first, newest in cursor.fetchall():
            if (first, newest, count) != (1, last, last):
                yield f"stream {name} ends at {last}, has {count} from {first} to {newest}"


def _evidence() -> Iterator[str]:
    for finding in verify():
        yield f"evidence of trip {finding.trip_id}: {finding.fault} at {finding.version}"


def _seats() -> Iterator[str]:
    """Each moment at which somebody got in: all who were aboard then find a place together."""
    rides = list(_rides())
    for vehicle_id, seating, begin, _, _ in rides:
        aboard = [riders for v, _, b, e, riders in rides if v == vehicle_id and b <= begin < e]
        together = [one for riders in aboard for one in riders]
        if not any(_seated(dict(places), together) for places in seating):
            yield f"vehicle {vehicle_id} at {begin}: {together} in {seating}"


_Ride = tuple[int, list[dict[str, int]], datetime, datetime, list[str]]


def _rides() -> Iterator[_Ride]:
    """(vehicle, its seatings, from, to, who) of everybody who was in a vehicle."""
    ridden = Q(trip__picked_up_at__isnull=False, trip__dropped_off_at__isnull=False)
    for one in Assignment.objects.filter(ridden).select_related("trip", "vehicle"):
        trip = one.trip
        begin = max(one.started_at, trip.picked_up_at or one.started_at)
        end = min(one.ended_at or trip.dropped_off_at, trip.dropped_off_at)  # type: ignore[type-var]
        riders = [trip.mobility, *["ambulatory"] * (trip.escorts + ("attendant" in trip.needs))]
        if end is not None and begin < end:
            yield one.vehicle_id, one.vehicle.capacities, begin, end, riders


def _seated(free: dict[str, int], riders: Sequence[str]) -> bool:
    """Whether all find a place, tried in every way."""
    if not riders:
        return True
    first, *others = riders
    for place in _PLACES[first]:
        if free.get(place, 0) > 0 and _seated({**free, place: free[place] - 1}, others):
            return True
    return False


def _shifts() -> Iterator[str]:
    """Nobody is on duty twice, no vehicle with two drivers."""
    shifts = list(Shift.objects.filter(planned=False).order_by("starts_at"))
    for n, one in enumerate(shifts):
        for other in shifts[n + 1 :]:
            same = one.driver_id == other.driver_id or one.vehicle_id == other.vehicle_id
            if same and (one.ends_at is None or one.ends_at > other.starts_at):
                yield f"shifts {one.pk} and {other.pk} overlap"
    for one in shifts:
        if one.ends_at is None:
            yield f"shift {one.pk} did not end"


def _assignments() -> Iterator[str]:
    held = set(Assignment.objects.filter(ended_at=None).values_list("trip_id", flat=True))
    wanted = set(Trip.objects.filter(status__in=WITH_DRIVER).values_list("pk", flat=True))
    for trip_id in sorted(held ^ wanted):
        yield f"trip {trip_id}: an open assignment, or none, against its state"


def _notices() -> Iterator[str]:
    """Of one event each person is told once by each way."""
    about = Notification.objects.filter(key__startswith="event:").order_by()
    twice = (
        about.values("key", "channel", "user", "address").annotate(n=Count("pk")).filter(n__gt=1)
    )
    for row in twice:
        kinds = sorted(
            about.filter(key=row["key"], user=row["user"]).values_list("kind", flat=True)
        )
        yield f"{row['key']} told {row['n']} times by {row['channel']}: {kinds}"
    for state, n in Notification.objects.values_list("state").annotate(n=Count("pk")):
        if state in ("queued", "claimed", "failed", "unknown"):
            yield f"{n} notices are {state}"


def _invoices() -> Iterator[str]:
    """One main invoice that counts for each completed trip, and never two."""
    invoices: Any = apps.get_model("billing", "Invoice")._default_manager
    main = invoices.filter(kind="trip").exclude(state="void").values_list("trip_id", flat=True)
    counted = Counter(main)
    done = set(Trip.objects.filter(status=Status.COMPLETED).values_list("pk", flat=True))
    for trip_id in sorted(done - counted.keys()):
        yield f"completed trip {trip_id} has no invoice"
    for trip_id, n in counted.items():
        if n > 1:
            yield f"trip {trip_id} has {n} main invoices"


def _outbox() -> Iterator[str]:
    for row in Delivery.objects.exclude(state=Delivery.State.DONE):
        yield f"delivery {row.topic} {row.subject_id} {row.subscriber} is {row.state} ({row.error})"


def _estimates() -> Iterator[str]:
    for row in TripEta.objects.filter(trip__status__in=ENDED):
        yield f"ended trip {row.trip_id} has an estimate"


def _jobs() -> Iterator[str]:
    for run in TaskRun.objects.exclude(state=TaskRun.State.SUCCESS):
        yield f"job {run.task} is {run.state} ({run.error})"


#: A report's counter, and the trips that it counts.
_COUNTED = {
    "trips": Q(),
    "completed": Q(status=Status.COMPLETED),
    "cancelled": Q(status=Status.CANCELLED),
    "no_shows": Q(status=Status.NO_SHOW),
    "missed": Q(status=Status.MISSED),
    "rejected": Q(status=Status.REJECTED),
    "cancelled_by_driver": Q(status=Status.CANCELLED, cancelled_by="driver"),
}


def _reports(day: date) -> Iterator[str]:
    """The roll-up against a plain count of the day's trips."""
    begin, end = day_bounds(day)
    own = Q(scheduled_at__gte=begin, scheduled_at__lt=end)
    uncalled = Q(scheduled_at=None) & Q(return_of__scheduled_at__gte=begin)
    trips = Trip.objects.filter(own | uncalled & Q(return_of__scheduled_at__lt=end))
    report = DayReport.objects.filter(day=day).first()
    if report is None:
        yield f"no report of {day}"
        return
    for name, which in _COUNTED.items():
        counted, told = trips.filter(which).count(), getattr(report, name)
        if counted != told:
            yield f"report of {day}: {name} is {told}, counted {counted}"
    drivers = sum(DriverDay.objects.filter(day=day).values_list("completed", flat=True))
    if drivers != report.completed:
        yield f"the drivers completed {drivers}, the company {report.completed}"
