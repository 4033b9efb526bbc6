"""Guards of the life cycle that need more than the table: clocks, windows and places.

Called with the trip locked. Each raises Refused or InvalidTap, in words for whoever tapped.
"""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from trips import timers
from trips.evidence.position import Seen, nearest
from trips.lifecycle import Actor, Status
from trips.models import Company, Trip
from trips.taps import InvalidTap, Refused, Tap
from trips.tracking.geo import distance_m

CANCEL_KINDS = ("advance", "same_day", "late", "at_door")
#: So old may an agreed time be: yesterday's paper is typed in today.
OLDEST_TIME = timedelta(days=1)
YEARS = range(2000, 2200)
#: A position so near in time to a tap says where the vehicle was.
FIX_WITHIN = timedelta(minutes=5)


def check_times(
    scheduled_at: datetime | None, appointment_at: datetime | None, now: datetime
) -> None:
    """InvalidTap where the agreed time is long gone, or after the appointment."""
    _check_year("scheduled_at", scheduled_at)
    _check_year("appointment_at", appointment_at)
    if scheduled_at is None:
        return
    if scheduled_at < now - OLDEST_TIME:
        raise InvalidTap("scheduled_at", "That is more than a day ago.")
    if appointment_at is not None and scheduled_at >= appointment_at:
        said = f"The appointment is at {_clock(appointment_at)}: the pick-up must be before it."
        raise InvalidTap("scheduled_at", said)


def _check_year(name: str, at: datetime | None) -> None:
    # Beyond, no time zone and no window can be reckoned with.
    if at is not None and at.year not in YEARS:
        raise InvalidTap(name, f"A year from {YEARS[0]} to {YEARS[-1]}.")


def check_missed(trip: Trip, actor: Actor, at: datetime, grace_minutes: int) -> None:
    """Refused before the window opens; a timer waits until it is over, and a grace longer."""
    due = trip.scheduled_at
    if due is not None and actor is Actor.SYSTEM:
        due = missed_at(trip, due, Company.get().will_call_minutes, grace_minutes)
    if due is not None and at < due:
        raise Refused(f"It is not missed before {_clock(due)}.", trip)


def missed_at(
    trip: Trip, scheduled_at: datetime, will_call_minutes: int, grace_minutes: int
) -> datetime:
    """When a trip for `scheduled_at` that nobody has started counts as missed."""
    end = timers.window_end(
        scheduled_at,
        trip.window_minutes,
        ready_at=trip.ready_at,
        will_call_minutes=will_call_minutes,
    )
    return timers.missed_at(end, grace_minutes)


def check_no_show(trip: Trip, actor: Actor, tap: Tap, at: datetime) -> dict[str, Any]:
    """The event's data: until when the driver had to wait, and what a dispatcher overruled.

    Clock and position must prove that the driver waited at the door. Without, the driver is
    refused; a dispatcher says why.
    """
    company = Company.get()
    until = _waits_until(trip, company)
    objections = {}
    if at < until:
        objections["wait"] = f"Wait until {_clock(until)}"
    if not _at_the_door(trip, company, tap, at):
        objections["door"] = "No position shows the vehicle at the pick-up"
    said = {"wait_until": until.isoformat()}
    if not objections:
        return said
    if actor is Actor.DISPATCHER and tap.reason:
        return {**said, "overruled": sorted(objections)}
    way_out = "or give a reason" if actor is Actor.DISPATCHER else "or ask dispatch"
    raise Refused(f"{'; '.join(objections.values())}, {way_out}.", trip)


def _waits_until(trip: Trip, company: Company) -> datetime:
    """The wait clock runs from the arrival, but not before the agreed time."""
    began = [moment for moment in (trip.arrived_pickup_at, trip.scheduled_at) if moment]
    return max(began) + timedelta(minutes=company.no_show_wait_minutes)


def _at_the_door(trip: Trip, company: Company, tap: Tap, at: datetime) -> bool:
    """By the tap's own position, else by the vehicle's that is nearest in time."""
    if tap.latitude is not None and tap.longitude is not None:
        place = (tap.latitude, tap.longitude)
    elif (seen := _seen(trip, at)) is not None:
        place = (seen.latitude, seen.longitude)
    else:
        return False
    door = (trip.pickup_latitude, trip.pickup_longitude)
    return distance_m(*place, *door) <= company.at_door_radius_m


def _seen(trip: Trip, at: datetime) -> Seen | None:
    if trip.vehicle_id is None:
        return None
    seen = nearest(trip.vehicle_id, trip.driver_id, at)
    return seen if seen and abs(seen.at - at) <= FIX_WITHIN else None


def cancel_kind(trip: Trip, at: datetime) -> str:
    """How late a cancellation is by the clock; the same day is the company calendar's."""
    if trip.status == Status.ARRIVED_PICKUP:
        return "at_door"
    if trip.scheduled_at is None:
        return "advance"
    company = Company.get()
    if trip.scheduled_at - at < timedelta(minutes=company.late_cancel_minutes):
        return "late"
    zone = ZoneInfo(company.time_zone)
    same = trip.scheduled_at.astimezone(zone).date() == at.astimezone(zone).date()
    return "same_day" if same else "advance"


def _clock(moment: datetime) -> str:
    return moment.astimezone(ZoneInfo(Company.get().time_zone)).strftime("%H:%M")
