"""Rides and crews for tests of planning, without a database. Minutes and kilometres on a line."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from trips.dispatch.matching import Crew, DriverFacts, VehicleFacts, Wanted
from trips.dispatch.plans import Plan
from trips.dispatch.rides import Order, Ride, ride_of
from trips.dispatch.seats import Seating, load_of
from trips.dispatch.travel import Point

TODAY = date(2026, 11, 20)
VAN = [{"amb": 4, "wc": 1}, {"amb": 2, "wc": 2}]


def drive_s(start: Point, end: Point) -> float:
    """A kilometre is a degree of longitude here, and takes a minute."""
    return 60.0 * abs(start[1] - end[1])


def ride(trip_id: int, at_min: float, start_km: float, end_km: float, **more: Any) -> Ride:
    """A ride along the line, wanted at a minute of the day."""
    values: dict[str, Any] = {"mobility": "ambulatory", "window_min": 30.0, "escorts": 0} | more
    aboard = values.get("aboard_since_min")
    due = values.get("due_min")
    order = Order(
        trip_id=trip_id,
        mobility=values["mobility"],
        load=load_of(values["mobility"], values["escorts"]),
        pickup=(0.0, start_km),
        dropoff=(0.0, end_km),
        ready_s=60 * at_min,
        window_s=60 * values["window_min"],
        due_s=None if due is None else 60 * due,
        aboard_since_s=None if aboard is None else 60 * aboard,
    )
    return ride_of(order, drive_s)


def wanted(trip: Ride, mobility: str = "ambulatory") -> Wanted:
    """That ride, looking for a crew today."""
    return Wanted(trip, mobility, TODAY)


def plan(*rides: Ride, at_km: float | None = None, at_min: float = 0.0) -> Plan:
    """A van's plan from where it stands, with these rides taken in this order."""
    start = None if at_km is None else (0.0, at_km)
    made = Plan(Seating.of(VAN), drive_s, start, 60 * at_min)
    for one in rides:
        assert made.take(one), f"trip {one.trip_id} has no room"
    return made


def crew(number: int = 1, rides: Iterable[Ride] = (), **more: Any) -> Crew:
    """A van with a driver who is on shift all day; facts of both may be given."""
    of_vehicle = {name: more.pop(name) for name in list(more) if name in VEHICLE}
    of_driver = {name: more.pop(name) for name in list(more) if name in DRIVER}
    vehicle = VehicleFacts(number, f"Van {number}", Seating.of(VAN), **of_vehicle)
    driver = DriverFacts(100 + number, "Omar", **of_driver)
    rest: dict[str, Any] = {"shift_begins_s": 0.0, "shift_ends_s": 86_400.0, "driver": driver}
    return Crew(**{**rest, "vehicle": vehicle, "plan": plan(*rides), **more})


VEHICLE = ("in_service", "has_lift", "inspection_due", "lift_inspection_due", "insurance_expires")
DRIVER = ("qualifications", "licence_expires", "medical_expires")
