"""What a driver's phone needs to know for today, in one answer that it can keep."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from trips import access, queries, shifts
from trips.answers import trip_json
from trips.lifecycle import ROAD, WITH_DRIVER, Actor, Status, find, possible
from trips.models import Attachment, Company, Driver, Shift, Trip, Vehicle
from trips.realtime.messages import iso
from trips.shift_api import ShiftSerializer
from users.models import User


def life() -> dict[str, Any]:
    """By state with a driver: what the driver may do, where that leads, and which step is next.

    So a phone without coverage offers what the server will accept, without a table of its own.
    """
    return {status.value: _choices(status) for status in ROAD if status in WITH_DRIVER}


def _choices(status: Status) -> dict[str, Any]:
    actions = {}
    for action, requires in possible(status, [Actor.DRIVER]):
        row = find(action, status, Actor.DRIVER)
        target = row.target.value if row and row.target else None
        actions[action.value] = {"to": target, "requires": list(requires)}
    ahead = [each for each in ROAD[ROAD.index(status) + 1 :] if each is not Status.DISPATCHED]
    step = next(name for name, row in actions.items() if row["to"] == ahead[0].value)
    return {"next": step, "actions": actions}


def day_of(driver: Driver) -> dict[str, Any]:
    """The driver's shift, trips, and what goes with them, as JSON."""
    user, now = driver.user, timezone.now()
    trips = list(queries.with_related(access.visible_trips(user)).order_by("scheduled_at", "id"))
    shift, planned = _shifts(driver, now)
    return {
        "now": iso(now),
        "driver": {"id": driver.pk, "name": user.display_name},
        "company": _company(),
        "shift": ShiftSerializer(shift).data if shift else None,
        "planned": ShiftSerializer(planned).data if planned else None,
        "vehicles": [] if shift else _vehicles(driver, now),
        "trips": [trip_json(trip, user) for trip in trips],
        "phones": {str(trip.pk): trip.patient.phone for trip in trips if _may_call(trip)},
        "attachments": _attachments(user, trips),
    }


def _may_call(trip: Trip) -> bool:
    """A number is for the ride, and gone with it."""
    return bool(trip.patient.phone) and trip.status in WITH_DRIVER


def _company() -> dict[str, Any]:
    company = Company.get()
    names = ("name", "phone", "time_zone", "no_show_wait_minutes", "at_door_radius_m")
    return {name: getattr(company, name) for name in names}


def _shifts(driver: Driver, now: datetime) -> tuple[Shift | None, Shift | None]:
    """The one that runs, and the one that may be begun."""
    mine = Shift.objects.filter(driver=driver).select_related("driver__user", "vehicle")
    mine = mine.prefetch_related("breaks").order_by("starts_at")
    running = mine.filter(pk__in=shifts.running(now).filter(driver=driver)).first()
    soon = mine.filter(planned=True, starts_at__lte=now + shifts.EARLY, ends_at__gt=now)
    return running, soon.first()


def _vehicles(driver: Driver, now: datetime) -> list[dict[str, Any]]:
    others = shifts.running(now).filter(vehicle=OuterRef("pk")).exclude(driver=driver)
    found = Vehicle.objects.filter(state=Vehicle.State.IN_SERVICE).annotate(taken=Exists(others))
    rows = found.order_by("name").values("id", "name", "plate", "taken")
    return [dict(row) for row in rows]


def _attachments(user: User, trips: list[Trip]) -> list[dict[str, Any]]:
    mine = Attachment.objects.filter(trip__in=trips, sent_by=user).order_by("pk")
    return [dict(row) for row in mine.values("id", "trip_id", "kind", "stop", "state")]
