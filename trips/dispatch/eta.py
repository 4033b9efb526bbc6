"""When a trip's next stop will be reached, whether that is in time, and why (pure).

A vehicle is followed from its newest position through the trips that it is under way for, then
through those that it has yet to do, in the order of their times: a trip that nobody started is
late where the one before it makes it late. Where no fresh position is known, the clock alone
judges. Sentences hold times of day and ids, no names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Literal

from trips.dispatch.travel import DriveTime, Point
from trips.lifecycle import STARTED, Status

Risk = Literal["on_time", "at_risk", "late", "unknown"]

#: A position older than this says nothing about where the vehicle is.
STALE_AFTER = timedelta(minutes=5)
#: How long it takes to get aboard at the door, and out again.
BOARDING = timedelta(minutes=5)
ALIGHTING = timedelta(minutes=3)
#: So shortly before its time a trip that nobody has, or whose vehicle is lost, is a worry.
SOON = timedelta(minutes=30)
#: A trip is at risk once it has used up this share of what still counts as on time.
RISKY_SHARE = 1 / 3
#: An estimate that moved by no more is not worth a frame.
WORTH_TELLING_S = 60

_AFTER_PICKUP = frozenset({Status.ARRIVED_PICKUP, Status.IN_PROGRESS, Status.ARRIVED_DROPOFF})


@dataclass(frozen=True, slots=True)
class Job:
    """A trip as its estimate needs it."""

    trip_id: int
    status: str
    state_since: datetime
    scheduled_at: datetime | None
    appointment_at: datetime | None
    pickup: Point
    dropoff: Point

    @property
    def due(self) -> datetime | None:
        """The agreed pick-up; once at the door, the appointment."""
        return self.appointment_at if self.status in _AFTER_PICKUP else self.scheduled_at


@dataclass(frozen=True, slots=True)
class Position:
    """Where a vehicle was seen last."""

    point: Point
    speed_mps: float | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """The time, the company's zone and patience, and how long driving takes."""

    now: datetime
    zone: tzinfo
    tolerance: timedelta
    drive_s: DriveTime


@dataclass(frozen=True, slots=True)
class Estimate:
    """`eta` is None where only the clock judges; `lateness_s` below zero is early."""

    eta: datetime | None
    lateness_s: int | None
    risk: str  # a Risk
    why: str


@dataclass(frozen=True, slots=True)
class _Free:
    """Where and when the vehicle may go on; after which trip, None for none."""

    place: Point
    at: datetime
    after: int | None = None


def worth_telling(known: Estimate, new: Estimate) -> bool:
    """Whether people who saw `known` want to be told of `new`."""
    if known.risk != new.risk or (known.eta is None) != (new.eta is None):
        return True
    if new.eta is None and known.why != new.why:
        return True
    moved_s = abs((new.eta - known.eta).total_seconds()) if new.eta and known.eta else 0.0
    later_s = abs((new.lateness_s or 0) - (known.lateness_s or 0))
    return max(moved_s, later_s) > WORTH_TELLING_S


def unassigned(job: Job, clock: Clock) -> Estimate:
    """The estimate of a trip that no vehicle has."""
    return _by_clock(job, clock, "nobody assigned", soon="at_risk")


def of_vehicle(jobs: Sequence[Job], position: Position | None, clock: Clock) -> dict[int, Estimate]:
    """{trip id: estimate} of all open trips of one vehicle."""
    fresh = position
    if position is not None and clock.now - position.recorded_at > STALE_AFTER:
        fresh = None
    found: dict[int, Estimate] = {}
    free = _Free(fresh.point, clock.now) if fresh else None
    started = [job for job in jobs if job.status in STARTED]
    for job in started:
        arrival = _next_arrival(job, fresh, clock)
        found[job.trip_id] = (
            _judged(job, arrival, clock) if arrival else _lost(job, position, clock)
        )
    if started:
        free = max((_freed(job, fresh, clock) for job in started), key=lambda one: one.at)
    waiting = [(job.scheduled_at, job.trip_id, job) for job in jobs if job.status not in STARTED]
    for scheduled_at, _, job in sorted(waiting, key=lambda one: (one[0] or clock.now, one[1])):
        due = scheduled_at or clock.now
        if free is None:
            found[job.trip_id] = _lost(job, position, clock)
            arrival = max(due, clock.now)
        else:
            arrival = max(due, free.at + _drive(free.place, job.pickup, clock))
            found[job.trip_id] = _judged(job, arrival, clock, free.after)
        free = _Free(job.dropoff, _dropped_off(job, arrival, clock), job.trip_id)
    return found


def _next_arrival(job: Job, fresh: Position | None, clock: Clock) -> datetime | None:
    """When a started trip's next stop is reached; None where nobody knows."""
    match job.status:
        case Status.EN_ROUTE_PICKUP if fresh:
            return clock.now + _drive(fresh.point, job.pickup, clock)
        case Status.IN_PROGRESS if fresh:
            return clock.now + _drive(fresh.point, job.dropoff, clock)
        case Status.ARRIVED_PICKUP:
            left = max(clock.now, job.state_since + BOARDING)
            return left + _drive(job.pickup, job.dropoff, clock)
        case Status.ARRIVED_DROPOFF:
            return job.state_since
    return None


def _freed(job: Job, fresh: Position | None, clock: Clock) -> _Free:
    """When the vehicle has done with a started trip; a guess where it is lost."""
    arrival = _next_arrival(job, fresh, clock) or max(clock.now, job.due or clock.now)
    if job.status == Status.EN_ROUTE_PICKUP:
        done = _dropped_off(job, arrival, clock)
    else:
        done = max(clock.now, arrival + ALIGHTING)
    return _Free(job.dropoff, done, job.trip_id)


def _dropped_off(job: Job, at_pickup: datetime, clock: Clock) -> datetime:
    return at_pickup + BOARDING + _drive(job.pickup, job.dropoff, clock) + ALIGHTING


def _drive(start: Point, end: Point, clock: Clock) -> timedelta:
    return timedelta(seconds=clock.drive_s(start, end))


def _judged(job: Job, arrival: datetime, clock: Clock, after: int | None = None) -> Estimate:
    """The estimate where the arrival is known; `after` names the trip before."""
    eta = arrival.replace(microsecond=0)
    if job.due is None:
        return Estimate(eta, None, "on_time", "")
    late = eta - job.due
    risk: Risk = "on_time"
    if late > clock.tolerance:
        risk = "late"
    elif late > clock.tolerance * RISKY_SHARE:
        risk = "at_risk"
    minutes = round(late.total_seconds() / 60)
    margin = f"{abs(minutes)} min {'behind' if minutes > 0 else 'before'}" if minutes else "at"
    chain = f"after trip {after}, " if after is not None else ""
    why = f"{chain}{margin} {_due_words(job, clock)}"
    return Estimate(eta, round(late.total_seconds()), risk, why)


def _lost(job: Job, position: Position | None, clock: Clock) -> Estimate:
    since = f" since {_time(position.recorded_at, clock)}" if position else ""
    return _by_clock(job, clock, f"no position{since}", soon="unknown")


def _by_clock(job: Job, clock: Clock, reason: str, *, soon: Risk) -> Estimate:
    """What the time alone says; `soon` is the risk shortly before the trip is due."""
    if job.due is None:
        return Estimate(None, None, "unknown", reason)
    behind = clock.now - job.due
    risk: Risk = "on_time"
    if behind > clock.tolerance:
        risk = "late"
    elif behind > timedelta():
        risk = "at_risk"
    elif behind > -SOON:
        risk = soon
    lateness_s = round(behind.total_seconds()) if behind > timedelta() else None
    return Estimate(None, lateness_s, risk, f"{reason}, {_due_words(job, clock)}")


def _due_words(job: Job, clock: Clock) -> str:
    what = "appointment" if job.status in _AFTER_PICKUP else "pick-up"
    return f"{what} {_time(job.due, clock)}" if job.due else what


def _time(moment: datetime, clock: Clock) -> str:
    return f"{moment.astimezone(clock.zone):%H:%M}"
