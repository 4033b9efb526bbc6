"""The company of the browser tests: Dina dispatches, Omar drives Pia in Van 1."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from django.utils import timezone

from trips.lifecycle import Action
from trips.models import Company, Driver, Patient, Shift, Trip, Vehicle
from trips.services import Tap, act, book_trip
from users.models import User
from users.roles import Role

PASSWORD = "correct horse battery"
PICKUP = (57.7035, 11.9660)


@dataclass
class Board:
    """What stands in the database: one trip that Omar has with Van 1."""

    dina: User
    omar: User
    van: Vehicle
    trip: Trip


def person(username: str, first_name: str, role: Role) -> User:
    return User.objects.create_user(
        username, password=PASSWORD, first_name=first_name, role=role.value
    )


def open_company() -> Board:
    """Create everybody, and a trip assigned to Omar."""
    Company.objects.create(pk=1, name="Nordic Care Rides", time_zone="Europe/Stockholm")
    dina = person("dina", "Dina", Role.DISPATCHER)
    omar = person("omar", "Omar", Role.DRIVER)
    driver = Driver.objects.create(user=omar)
    van = Vehicle.objects.create(name="Van 1", capacities=[{"amb": 4, "wc": 1}])
    now = timezone.now()
    Shift.objects.create(driver=driver, vehicle=van, starts_at=now - timedelta(hours=1))
    trip = book_trip(user=dina, fields=booking(Patient.objects.create(name="Pia Ek")))
    act(trip_id=trip.pk, user=dina, tap=Tap(action=Action.SCHEDULE))
    assign = Tap(action=Action.ASSIGN, driver_id=driver.pk, vehicle_id=van.pk)
    return Board(dina, omar, van, act(trip_id=trip.pk, user=dina, tap=assign))


def booking(patient: Patient) -> dict[str, Any]:
    return {
        "patient": patient,
        "pickup_address": "Götgatan 12",
        "pickup_latitude": PICKUP[0],
        "pickup_longitude": PICKUP[1],
        "dropoff_address": "Sahlgrenska dialysis",
        "dropoff_latitude": 57.6830,
        "dropoff_longitude": 11.9610,
        "scheduled_at": timezone.now() + timedelta(minutes=20),
    }


class Phone:
    """Omar's phone: taps and positions over real HTTP."""

    def __init__(self, base_url: str, trip_id: int) -> None:
        self.trip_id = trip_id
        login = {"username": "omar", "password": PASSWORD}
        answer = httpx.post(f"{base_url}/api/auth/token/", json=login)
        token = answer.raise_for_status().json()["token"]
        self.http = httpx.Client(base_url=base_url, headers={"Authorization": f"Token {token}"})

    def tap(self, action: str) -> None:
        self._post("status", {"action": action})

    def stand_at(self, latitude: float, longitude: float) -> None:
        fix: dict[str, object] = {"latitude": latitude, "longitude": longitude, "speed": 9.0}
        assert self._post("gps", fix)["accepted"] == 1

    def _post(self, door: str, body: dict[str, object]) -> dict[str, object]:
        answer = self.http.post(f"/api/trips/{self.trip_id}/{door}/", json=body)
        return dict(answer.raise_for_status().json())


def waiting_trip(dina: User, name: str = "Tove Lind", hours: int = 3) -> Trip:
    """A scheduled trip, some hours from now, that nobody has."""
    later = {"scheduled_at": timezone.now() + timedelta(hours=hours)}
    trip = book_trip(user=dina, fields=booking(Patient.objects.create(name=name)) | later)
    return act(trip_id=trip.pk, user=dina, tap=Tap(action=Action.SCHEDULE))


def second_crew() -> Vehicle:
    """Nils, on duty with Van 2."""
    nils = Driver.objects.create(user=person("nils", "Nils", Role.DRIVER))
    van = Vehicle.objects.create(name="Van 2", capacities=[{"amb": 4, "wc": 1}])
    Shift.objects.create(driver=nils, vehicle=van, starts_at=timezone.now() - timedelta(hours=1))
    return van
