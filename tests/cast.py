"""The fixed cast: Dina dispatches, Omar drives, Pia rides, Hugo orders, Bea bills.

Eve is a driver of the same company with no trip: she must see nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from typing import Any

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.utils import timezone
from knox.models import AuthToken

from billing.models import DunningStep, Rate
from trips.lifecycle import Action, Status
from trips.models import (
    Company,
    Device,
    Driver,
    Facility,
    Patient,
    Payer,
    Shift,
    Trip,
    TripEvent,
    Vehicle,
)
from trips.services import Tap, act, book_trip
from users.auth import hash_token
from users.models import User
from users.roles import Role

PASSWORD = "correct horse battery"
#: The door where Pia waits, and the clinic.
PICKUP, DROPOFF = (57.7035, 11.9660), (57.6830, 11.9610)

_ROAD: tuple[tuple[Status, Action], ...] = (
    (Status.SCHEDULED, Action.SCHEDULE),
    (Status.ASSIGNED, Action.ASSIGN),
    (Status.DISPATCHED, Action.DISPATCH),
    (Status.EN_ROUTE_PICKUP, Action.START),
    (Status.ARRIVED_PICKUP, Action.ARRIVE_PICKUP),
    (Status.IN_PROGRESS, Action.PICK_UP),
    (Status.ARRIVED_DROPOFF, Action.ARRIVE_DROPOFF),
    (Status.COMPLETED, Action.COMPLETE),
)
#: State before the end, and what ends it there.
_ENDS: Mapping[Status, tuple[Status, Action]] = {
    Status.REJECTED: (Status.REQUESTED, Action.REJECT),
    Status.MISSED: (Status.SCHEDULED, Action.MISS),
    Status.CANCELLED: (Status.ASSIGNED, Action.CANCEL),
    Status.NO_SHOW: (Status.ARRIVED_PICKUP, Action.NO_SHOW),
}
_OMARS = frozenset(
    {
        Action.START,
        Action.ARRIVE_PICKUP,
        Action.PICK_UP,
        Action.ARRIVE_DROPOFF,
        Action.COMPLETE,
    }
)


@dataclass
class Cast:
    """Everybody, Omar's van, and Pia's trips in whatever state a test needs."""

    ada: User
    dina: User
    omar: User
    eve: User
    pia: User
    hugo: User
    bea: User
    driver: Driver
    strange_driver: Driver
    van: Vehicle
    spare_van: Vehicle
    tracker: Device
    tracker_token: str
    patient: Patient
    facility: Facility
    payer: Payer
    _tokens: dict[int, str] = field(default_factory=dict)

    def token(self, user: User) -> str:
        """A bearer token of `user`, the same one each time."""
        if user.pk not in self._tokens:
            self._tokens[user.pk] = AuthToken.objects.create(user)[1]
        return self._tokens[user.pk]

    def headers(self, user: User) -> dict[str, str]:
        """The headers of a request that `user` makes."""
        return {"Authorization": f"Token {self.token(user)}"}

    def book(self, **fields: Any) -> Trip:
        """Pia's trip to the clinic as Dina books it: `requested`."""
        return book_trip(user=self.dina, fields=booking(self.patient) | fields)

    def trip_in(self, status: Status | str, **fields: Any) -> Trip:
        """A trip that came to `status` by everybody's own taps; Omar drives it in his van."""
        status = Status(status)
        if status is Status.WILL_CALL:
            fields = {"status": "will_call", "scheduled_at": None, **fields}
        if status is Status.MISSED:
            fields = {"scheduled_at": timezone.now() - timedelta(minutes=50), **fields}
        trip = self.book(**fields)
        target, end = _ENDS.get(status, (status, None))
        for reached, action in _ROAD[: _steps(target)]:
            trip = self.tap(trip, action)
            assert trip.status == reached
        return self.tap(trip, end, reason="so it goes") if end else trip

    def tap(self, trip: Trip, action: Action | str, user: User | None = None, **more: Any) -> Trip:
        """One action, by who usually does it."""
        action = Action(action)
        if action is Action.ASSIGN:
            seen = Trip.objects.values_list("version", flat=True).get(pk=trip.pk)
            crew = {"driver_id": self.driver.pk, "vehicle_id": self.van.pk}
            more = {**crew, "expected_version": seen} | more
        user = user or (self.omar if action in _OMARS else self.dina)
        return act(trip_id=trip.pk, user=user, tap=Tap(action=action, **more))

    def give_to_eve(self, trip: Trip) -> Trip:
        """Dina assigns the trip to Eve in the spare van."""
        driver_id, vehicle_id = self.strange_driver.pk, self.spare_van.pk
        return self.tap(trip, Action.ASSIGN, driver_id=driver_id, vehicle_id=vehicle_id)

    def disable(self, user: User) -> None:
        """What an administrator does when somebody leaves."""
        User.objects.filter(pk=user.pk).update(is_active=False)


def _steps(status: Status) -> int:
    reached = [state for state, _ in _ROAD]
    return reached.index(status) + 1 if status in reached else 0


def open_company() -> Cast:
    """Write everybody into the database."""
    Company.objects.create(pk=1, name="Nordic Care Rides", time_zone="Europe/Stockholm")
    _default_rates()
    _default_ladder()
    omar, eve = person("omar", Role.DRIVER), person("eve", Role.DRIVER)
    pia, hugo = person("pia", Role.PATIENT), person("hugo", Role.FACILITY)
    driver, strange_driver = (Driver.objects.create(user=user) for user in (omar, eve))
    van, spare_van = (
        Vehicle.objects.create(name=name, capacities=[{"amb": 4, "wc": 1}])
        for name in ("Van 1", "Van 2")
    )
    on_shift([(driver, van), (strange_driver, spare_van)])
    facility = Facility.objects.create(name="Eastside Dialysis", email="office@eastside.invalid")
    facility.members.add(hugo)
    payer = Payer.objects.create(name="Regional Plan", email="claims@regional.invalid")
    patient = Patient.objects.create(
        name="Pia Ek", email="pia@home.invalid", user=pia, address="Götgatan 12"
    )
    patient.facilities.add(facility)
    # Another one each time: the server's caches outlive a test's database.
    tracker_token = secrets.token_urlsafe(24)
    tracker = Device.objects.create(
        vehicle=van, name="tracker", token_digest=hash_token(tracker_token)
    )
    return Cast(
        ada=person("ada", Role.ADMIN),
        dina=person("dina", Role.DISPATCHER),
        bea=person("bea", Role.BILLER),
        omar=omar,
        eve=eve,
        pia=pia,
        hugo=hugo,
        driver=driver,
        strange_driver=strange_driver,
        van=van,
        spare_van=spare_van,
        tracker=tracker,
        tracker_token=tracker_token,
        patient=patient,
        facility=facility,
        payer=payer,
    )


def person(username: str, role: Role) -> User:
    """An account; everybody has the same password, hashed in a few cheap rounds."""
    return User.objects.create(
        username=username,
        email=f"{username}@nordic.invalid",
        password=PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1_000),
        first_name=username.capitalize(),
        role=role.value,
    )


def on_shift(crews: Iterable[tuple[Driver, Vehicle]]) -> None:
    """Each driver is on duty with the vehicle since an hour ago."""
    since = timezone.now() - timedelta(hours=1)
    for driver, vehicle in crews:
        Shift.objects.create(driver=driver, vehicle=vehicle, starts_at=since)


def booking(patient: Patient) -> dict[str, Any]:
    """The model fields of a trip to the clinic in twenty minutes."""
    return {
        "patient": patient,
        "pickup_address": "Götgatan 12",
        "pickup_latitude": PICKUP[0],
        "pickup_longitude": PICKUP[1],
        "dropoff_address": "Eastside Dialysis",
        "dropoff_latitude": DROPOFF[0],
        "dropoff_longitude": DROPOFF[1],
        "scheduled_at": timezone.now() + timedelta(minutes=20),
    }


def event_names(trip: Trip) -> list[str]:
    """The trip's story, in order."""
    return list(
        TripEvent.objects.filter(trip=trip).order_by("version").values_list("event", flat=True)
    )


def _default_rates() -> None:
    # A test with real commits empties every table at its end, the migration's rates too.
    migration = import_module("billing.migrations.0003_default_rates")
    for mobility, (base_cents, mile_cents) in migration.DEFAULTS.items():
        Rate.objects.get_or_create(
            mobility=mobility,
            payer=None,
            valid_from="2020-01-01",
            defaults={
                "base_cents": base_cents,
                "mile_cents": mile_cents,
                "wait_increment_cents": 1_500,
            },
        )


def _default_ladder() -> None:
    migration = import_module("billing.migrations.0006_payments")
    for days, action in migration.DEFAULT_STEPS:
        DunningStep.objects.get_or_create(action=action, defaults={"days_after_due": days})
