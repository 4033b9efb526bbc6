"""The demo's trips: one for now for each driver, and those of the coming hours."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.utils import timezone

from trips import services
from trips.demo.fleet import SHIFT_BEGAN, Crew
from trips.lifecycle import OPEN, Action
from trips.models import Patient, Trip
from trips.simulator import roads
from users.models import User


class Places:
    """Doors on real streets."""

    def __init__(self, streets: roads.RoadNetwork) -> None:
        self._streets = streets
        self._rng = Random(timezone.now().toordinal() * 1_000 + Trip.objects.count())

    def fields(self, end: str) -> dict[str, Any]:
        """The model fields of a random pick-up or drop-off."""
        stop = self._streets.random_stop(self._rng)
        return {
            f"{end}_address": f"{stop.street or 'Station Road'} {self._rng.randint(1, 90)}",
            f"{end}_latitude": stop.latitude,
            f"{end}_longitude": stop.longitude,
        }


def top_up(
    wanted: int, dina: User, crews: list[Crew], patients: list[Patient], places: Places
) -> None:
    """A trip for now for each driver without one, then trips of the coming hours."""
    now = timezone.now()
    busy = set(
        Trip.objects.filter(driver__isnull=False, status__in=OPEN).values_list("driver", flat=True)
    )
    numbered = enumerate(crew for crew in crews if crew.driver.pk not in busy)
    for n, crew in numbered:
        aboard = n % 3 == 2
        trip = _book(n, now if aboard else _due(n, now), dina, patients, places)
        _assign(trip, crew, dina, now)
        if aboard:
            _drive(trip, crew.driver.user, now)
    missing = wanted - Trip.objects.filter(status__in=OPEN).count()
    for n in range(max(0, missing)):
        trip = _book(n, now + timedelta(minutes=15 * (n + 1)), dina, patients, places)
        if n % 3:
            services.act(trip_id=trip.pk, user=dina, tap=services.Tap(action=Action.SCHEDULE))


def _due(n: int, now: datetime) -> datetime:
    """So that most will be in time, wherever in town they are; a few will be late."""
    return now if n % 8 == 0 else now + timedelta(minutes=15 + n % 4)


def _book(n: int, at: datetime, dina: User, patients: list[Patient], places: Places) -> Trip:
    patient = patients[n % len(patients)]
    fields = {
        "patient": patient,
        "payer": patient.payer,
        "facility": patient.facilities.first(),
        "mobility": ("ambulatory", "ambulatory", "wheelchair")[n % 3],
        "scheduled_at": at,
        **places.fields("pickup"),
        **places.fields("dropoff"),
    }
    return services.book_trip(user=dina, fields=fields)


def _assign(trip: Trip, crew: Crew, dina: User, now: datetime) -> None:
    services.act(trip_id=trip.pk, user=dina, tap=services.Tap(action=Action.SCHEDULE))
    # Assigned since the shift began, so that replayed tracks of today belong to the trip.
    assign = services.Tap(
        action=Action.ASSIGN,
        driver_id=crew.driver.pk,
        vehicle_id=crew.vehicle.pk,
        occurred_at=now - SHIFT_BEGAN,
    )
    services.act(trip_id=trip.pk, user=dina, tap=assign)


def _drive(trip: Trip, driver: User, now: datetime) -> None:
    for action, minutes in ((Action.START, 20), (Action.ARRIVE_PICKUP, 8), (Action.PICK_UP, 5)):
        tap = services.Tap(action=action, occurred_at=now - timedelta(minutes=minutes))
        services.act(trip_id=trip.pk, user=driver, tap=tap)
