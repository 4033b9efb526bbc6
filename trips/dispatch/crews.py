"""Reads crews and what they have to do, in a constant number of statements."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import FloatField, Func, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from trips.dispatch.eta import STALE_AFTER
from trips.dispatch.matching import Busy, Crew, VehicleFacts, Wanted
from trips.dispatch.on_duty import FOR_EVER, OnShift, off_shift, shifts_of, without_overlaps
from trips.dispatch.plans import Plan
from trips.dispatch.rides import Order, Ride, ride_of
from trips.dispatch.seats import Seating, load_of
from trips.dispatch.travel import DriveTime, Point, drive_time_s
from trips.lifecycle import STARTED, WITH_DRIVER, Status
from trips.models import Company, Shift, Trip, Vehicle

#: Trips that begin further away than this have no bearing on one.
HORIZON = timedelta(hours=3)
_ABOARD = (Status.IN_PROGRESS, Status.ARRIVED_DROPOFF)

#: Somebody of ours who rides along, on a seat.
_ATTENDANT = "attendant"


class _Unix(Func):
    """A moment as unix seconds: a float, which costs a tenth of a datetime to read."""

    template = "EXTRACT(EPOCH FROM %(expressions)s)::float8"
    output_field = FloatField()


#: Columns as the readers below unpack them.
_TRIP: tuple[Any, ...] = (
    "pk", "mobility", "escorts", Q(needs__contains=_ATTENDANT), "pickup_latitude",
    "pickup_longitude",
    "dropoff_latitude", "dropoff_longitude", _Unix("scheduled_at"), "window_minutes",
    _Unix("appointment_at"), "status", _Unix("picked_up_at"), "vehicle_id", "driver_id",
)  # fmt: skip
_VEHICLE = (
    "pk", "name", Cast("capacities", TextField()), "state", "has_lift", "inspection_due",
    "lift_inspection_due", "insurance_expires", "position__latitude", "position__longitude",
    _Unix("position__recorded_at"),
)  # fmt: skip


class Held(NamedTuple):
    """A trip that somebody has: its ride, and who has it."""

    ride: Ride
    vehicle_id: int
    driver_id: int


class _Parked(NamedTuple):
    facts: VehicleFacts
    position: Point | None


def memoised() -> DriveTime:
    """`drive_time_s` for a search that asks for the same ways again and again."""
    return lru_cache(maxsize=1 << 20)(drive_time_s)


def wanted_of(trip: Trip, now: datetime, drive: DriveTime, zone: ZoneInfo) -> Wanted:
    """A trip that looks for a crew. What is overdue, or has no time yet, begins now."""
    begins = max(trip.scheduled_at or now, now)
    order = Order(
        trip_id=trip.pk,
        mobility=trip.mobility,
        load=load_of(trip.mobility, trip.escorts + (_ATTENDANT in trip.needs)),
        pickup=(trip.pickup_latitude, trip.pickup_longitude),
        dropoff=(trip.dropoff_latitude, trip.dropoff_longitude),
        ready_s=begins.timestamp(),
        window_s=60.0 * trip.window_minutes,
        due_s=trip.appointment_at.timestamp() if trip.appointment_at else None,
    )
    return Wanted(ride_of(order, drive), trip.mobility, begins.astimezone(zone).date())


def company_zone() -> ZoneInfo:
    """The company's calendar."""
    return ZoneInfo(Company.get().time_zone)


def crews_at(wanted: Wanted, now: datetime, drive: DriveTime) -> list[Crew]:
    """Every vehicle with who is on shift with it when the trip begins; three statements."""
    begins = _moment(wanted.ride.begins_s)
    parked = _vehicles(Vehicle.objects.all(), now)
    shifts = shifts_of(begins, begins + timedelta(seconds=1), now)
    held = _held(_around(wanted), wanted.ride.trip_id, drive)
    on_shift = {shift.vehicle_id: shift for shift in shifts}
    of_vehicle, of_driver = _grouped(held)
    return [
        _crew(spot, on_shift.get(pk), of_vehicle[pk], of_driver, now, drive)
        for pk, spot in parked.items()
    ]


def crew_of(
    wanted: Wanted, driver_id: int, vehicle_id: int, now: datetime, drive: DriveTime
) -> Crew:
    """This driver in this vehicle, whosever shift it is; both must exist."""
    begins = _moment(wanted.ride.begins_s)
    spot = _vehicles(Vehicle.objects.filter(pk=vehicle_id), now)[vehicle_id]
    theirs = Shift.objects.filter(driver_id=driver_id)
    shifts = shifts_of(begins, begins + timedelta(seconds=1), now, theirs)
    around = _around(wanted) & (Q(vehicle_id=vehicle_id) | Q(driver_id=driver_id))
    of_vehicle, of_driver = _grouped(_held(around, wanted.ride.trip_id, drive))
    shift = shifts[-1] if shifts else off_shift(driver_id)
    return _crew(spot, shift, of_vehicle[vehicle_id], of_driver, now, drive)


def crews_between(
    begin: datetime, end: datetime, now: datetime, drive: DriveTime, movable: set[int]
) -> list[Crew]:
    """A crew for each shift of the period, with all that it has to do but the `movable` trips."""
    parked = _vehicles(Vehicle.objects.all(), now)
    shifts = without_overlaps(shifts_of(begin, end, now))
    period = Q(scheduled_at__gte=begin - HORIZON, scheduled_at__lt=end + HORIZON)
    held = _held(period | Q(status__in=STARTED), None, drive)
    of_vehicle, of_driver = _grouped([one for one in held if one.ride.trip_id not in movable])
    return [
        _crew(parked[shift.vehicle_id], shift, of_vehicle[shift.vehicle_id], of_driver, now, drive)
        for shift in shifts
    ]


def _around(wanted: Wanted) -> Q:
    first = _moment(wanted.ride.begins_s) - HORIZON
    last = _moment(wanted.ride.ends_s) + HORIZON
    return Q(scheduled_at__range=(first, last)) | Q(status__in=STARTED)


def _moment(unix_s: float) -> datetime:
    return datetime.fromtimestamp(unix_s, timezone.get_default_timezone())


def _vehicles(vehicles: QuerySet[Vehicle], now: datetime) -> dict[int, _Parked]:
    rows = vehicles.order_by("name", "pk").values_list(*_VEHICLE)
    return {row[0]: _parked(row, now) for row in rows}


def _parked(row: tuple[Any, ...], now: datetime) -> _Parked:
    pk, name, capacities, state, *rest, latitude, longitude, recorded_s = row
    in_service = state == Vehicle.State.IN_SERVICE
    facts = VehicleFacts(pk, name, _seating(capacities), in_service, *rest)
    known = recorded_s is not None and recorded_s > (now - STALE_AFTER).timestamp()
    return _Parked(facts, (latitude, longitude) if known else None)


@lru_cache(maxsize=1024)
def _seating(capacities: str) -> Seating:
    """Fleets know few kinds of vehicles: each is read once."""
    return Seating.of(json.loads(capacities))


def _held(which: Q, but: int | None, drive: DriveTime) -> list[Held]:
    """Trips that have a driver, in the order in which they are planned: who is aboard first."""
    found = Trip.objects.filter(which, status__in=WITH_DRIVER).exclude(pk=but or 0)
    held = [
        Held(ride_of(_order(row), drive), row[-2], row[-1]) for row in found.values_list(*_TRIP)
    ]
    return sorted(held, key=lambda h: (h.ride.pickup is not None, h.ride.begins_s, h.ride.trip_id))


def _order(row: tuple[Any, ...]) -> Order:
    (pk, mobility, escorts, attendant, lat, lon, lat2, lon2, scheduled_s, window, due_s, status,
     picked_up_s, _, _) = row  # fmt: skip
    return Order(
        trip_id=pk,
        mobility=mobility,
        load=load_of(mobility, escorts + attendant),
        pickup=(lat, lon),
        dropoff=(lat2, lon2),
        ready_s=scheduled_s or 0.0,
        window_s=60.0 * window,
        due_s=due_s,
        aboard_since_s=picked_up_s if status in _ABOARD else None,
    )


def _grouped(held: Iterable[Held]) -> tuple[dict[int, list[Held]], dict[int, list[Held]]]:
    of_vehicle: dict[int, list[Held]] = defaultdict(list)
    of_driver: dict[int, list[Held]] = defaultdict(list)
    for one in held:
        of_vehicle[one.vehicle_id].append(one)
        of_driver[one.driver_id].append(one)
    return of_vehicle, of_driver


def _crew(
    spot: _Parked,
    shift: OnShift | None,
    held: list[Held],
    of_driver: dict[int, list[Held]],
    now: datetime,
    drive: DriveTime,
) -> Crew:
    now_s = now.timestamp()
    begins = max(now_s, shift.begins_s if shift and shift.begins_s < FOR_EVER else now_s)
    # Where a vehicle stands now says nothing about where tomorrow's shift begins.
    start = spot.position if begins == now_s else None
    plan = Plan(spot.facts.seating, drive, start, begins)
    if shift is None:
        return Crew(spot.facts, None, FOR_EVER, -FOR_EVER, plan)
    driver = shift.driver
    crew = Crew(spot.facts, driver, shift.begins_s, shift.ends_s, plan)
    for one in held:
        if one.driver_id == driver.id:
            plan.take(one.ride)
        else:
            crew.busy.append(_busy(one.ride, spot.facts.name))
    for one in of_driver.get(driver.id, ()):
        if one.vehicle_id != spot.facts.id:
            crew.busy.append(_busy(one.ride, "The driver"))
    return crew


def _busy(ride: Ride, whose: str) -> Busy:
    return Busy(ride.trip_id, whose, ride.begins_s, ride.ends_s)
