"""Keeps `TripEta` true: all open trips at once, in a constant number of statements.

Run by beat, never by the GPS door. A row is written only where people want to be told; the hubs
of the server processes see by `updated_at` what changed.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from trips import queries, routing
from trips.dispatch import eta, geofence
from trips.dispatch.eta import Clock, Estimate, Job, Position
from trips.dispatch.travel import Point, drive_time_s
from trips.lifecycle import OPEN, Status
from trips.models import Company, Trip, TripEta, VehiclePosition
from trips.tracking.geo import distance_m

_COLUMNS = (
    "pk",
    "status",
    "state_since",
    "scheduled_at",
    "appointment_at",
    "pickup_latitude",
    "pickup_longitude",
    "dropoff_latitude",
    "dropoff_longitude",
    "vehicle_id",
)
_WRITTEN = (
    "eta",
    "lateness_s",
    "risk",
    "why",
    "near_since",
    "suggestion",
    "suggested_at",
    "updated_at",
)


@dataclass(frozen=True, slots=True)
class Work:
    """Everything that one round of estimating reads."""

    jobs: dict[int, list[Job]]  # by vehicle
    unassigned: list[Job]
    positions: dict[int, Position]  # by vehicle
    known: dict[int, TripEta]  # by trip


@dataclass(frozen=True, slots=True)
class Door:
    """Since when a vehicle stands at a trip's next stop, and the tap that this suggests."""

    since: datetime | None
    suggestion: str


AWAY = Door(None, "")


def update_etas(now: datetime | None = None) -> int:
    """Estimate all open trips of the board anew; how many rows changed.

    Idempotent, and harmless where two run at once: the newest wins. Asks the routing server,
    where there is one, so it must not run in a transaction then.
    """
    now = now or timezone.now()
    company = Company.get()
    work = _read(now)
    zone, patience = ZoneInfo(company.time_zone), timedelta(minutes=company.on_time_minutes)
    clock = Clock(now, zone, patience, drive_time_s)
    if settings.ROUTING_URL:
        clock = replace(clock, drive_s=routing.drive_times(_legs(work, clock)))
    doors = _doors(work, company.at_door_radius_m, now)
    found = _estimate(work, clock)
    changed = [
        row
        for trip_id, new in sorted(found.items())
        if (row := _row(work.known.get(trip_id), trip_id, new, doors.get(trip_id, AWAY), now))
    ]
    TripEta.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["trip"], update_fields=_WRITTEN
    )
    TripEta.objects.filter(pk__in=work.known.keys() - found.keys()).delete()
    return len(changed)


def _read(now: datetime) -> Work:
    soon = Q(scheduled_at__lte=now + queries.BOARD_AHEAD)
    trips = Trip.objects.filter(soon, status__in=OPEN - {Status.WILL_CALL})
    jobs: dict[int, list[Job]] = defaultdict(list)
    unassigned: list[Job] = []
    for *columns, vehicle_id in trips.values_list(*_COLUMNS):
        job = _job(*columns)
        (unassigned if vehicle_id is None else jobs[vehicle_id]).append(job)
    positions = {
        vehicle_id: Position((latitude, longitude), speed_mps, recorded_at)
        for vehicle_id, latitude, longitude, speed_mps, recorded_at in (
            VehiclePosition.objects.filter(pk__in=jobs.keys()).values_list(
                "pk", "latitude", "longitude", "speed_mps", "recorded_at"
            )
        )
    }
    return Work(jobs, unassigned, positions, TripEta.objects.in_bulk())


def _job(
    trip_id: int,
    status: str,
    state_since: datetime,
    scheduled_at: datetime | None,
    appointment_at: datetime | None,
    *degrees: float,
) -> Job:
    pickup, dropoff = (degrees[0], degrees[1]), (degrees[2], degrees[3])
    return Job(trip_id, status, state_since, scheduled_at, appointment_at, pickup, dropoff)


def _estimate(work: Work, clock: Clock) -> dict[int, Estimate]:
    found = {job.trip_id: eta.unassigned(job, clock) for job in work.unassigned}
    for vehicle_id, jobs in work.jobs.items():
        found |= eta.of_vehicle(jobs, work.positions.get(vehicle_id), clock)
    return found


def _legs(work: Work, clock: Clock) -> Iterable[tuple[Point, Point]]:
    """The ways that estimating asks for: found by estimating once without a routing server."""
    asked: dict[tuple[Point, Point], None] = {}

    def note(start: Point, end: Point) -> float:
        asked[start, end] = None
        return drive_time_s(start, end)

    _estimate(work, replace(clock, drive_s=note))
    return asked


def _doors(work: Work, radius_m: float, now: datetime) -> dict[int, Door]:
    """{trip: Door} where a vehicle stands at its next stop."""
    found = {}
    for vehicle_id, jobs in work.jobs.items():
        seen = work.positions.get(vehicle_id)
        for job in jobs if seen else ():
            if seen is None or job.status not in geofence.ARRIVALS:
                continue
            since = _near_since(job, seen, work.known.get(job.trip_id), radius_m)
            found[job.trip_id] = Door(since, geofence.suggestion(job.status, since, now))
    return found


def _near_since(
    job: Job, seen: Position, known: TripEta | None, radius_m: float
) -> datetime | None:
    stop = job.pickup if job.status == Status.EN_ROUTE_PICKUP else job.dropoff
    before = known.near_since if known else None
    return geofence.near_since(
        # What was noted at the stop before says nothing about this one.
        before if before and before >= job.state_since else None,
        distance_m=distance_m(*seen.point, *stop),
        speed_mps=seen.speed_mps,
        radius_m=radius_m,
        seen_at=max(seen.recorded_at, job.state_since),
    )


def _row(
    known: TripEta | None, trip_id: int, new: Estimate, door: Door, now: datetime
) -> TripEta | None:
    """The row to write, None where `known` still says it well enough."""
    if known is None:
        known = TripEta(trip_id=trip_id)
        told = True
    else:
        before = Estimate(known.eta, known.lateness_s, known.risk, known.why)
        told = eta.worth_telling(before, new) or known.suggestion != door.suggestion
    if not told and known.near_since == door.since:
        return None
    known.near_since = door.since
    if told:
        known.eta, known.lateness_s, known.risk, known.why = astuple(new)
        known.suggested_at = (known.suggested_at or now) if door.suggestion else None
        known.suggestion, known.updated_at = door.suggestion, now
    return known
