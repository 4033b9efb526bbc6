"""The demo company: people, fleet, rates and today's trips. Refused in production.

Passwords and tokens are derived from the secret key, so that each run prints the same ones.
"""

import hmac
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import get_random_string
from knox.models import AuthToken

from trips import services
from trips.lifecycle import OPEN, Action
from trips.models import (
    Company,
    Device,
    Driver,
    Facility,
    Patient,
    Payer,
    Shift,
    Trip,
    Vehicle,
)
from trips.simulator import roads
from users.auth import hash_token
from users.models import User
from users.roles import Role

TOKEN_DAYS = 365
FIRST_NAMES = (
    "Omar", "Lena", "Victor", "Amara", "Jonas", "Mei", "Tariq", "Elsa", "Bruno", "Noor",
    "Felix", "Ines", "Karim", "Greta",
)  # fmt: skip
LAST_NAMES = (
    "Haddad", "Lind", "Okafor", "Berg", "Rossi", "Tan", "Novak", "Silva", "Khan", "Moreau",
    "Dahl", "Costa", "Weber",
)  # fmt: skip
PATIENTS = 40
#: A demo vehicle seats three and takes a wheelchair or, refitted, a stretcher.
CAPACITIES = [{"amb": 3, "wc": 1}, {"amb": 1, "wc": 2}, {"amb": 1, "str": 1}]


class NotADemo(RuntimeError):
    """Demo data is refused in production."""


def _secret(purpose: str, name: str) -> str:
    return hmac.digest(
        settings.SECRET_KEY.encode(), f"demo {purpose} {name}".encode(), "sha256"
    ).hex()


def password_for(username: str) -> str:
    """The derived password of a demo account."""
    return f"demo-{_secret('password', username)[:10]}"


def token_for(username: str) -> str:
    """The derived bearer token of a demo account."""
    return _secret("token", username)


def device_token_for(vehicle_name: str) -> str:
    """The derived token of a demo vehicle's tracker."""
    return _secret("device", vehicle_name)[:32]


def seed(*, vehicles: int = 25, trips: int = 40) -> dict[str, Any]:
    """Create or top up the demo; what `seed_demo --json` prints. Raises NotADemo.

    `vehicles` of them, each with a driver on shift, and at least `trips` open trips today.
    """
    if settings.PRODUCTION:
        raise NotADemo("demo data is refused in production")
    streets = roads.load(Path(settings.STREETS_FILE) if settings.STREETS_FILE else None)
    with transaction.atomic():
        people = _people()
        crews = _fleet(vehicles)
        patients = _patients(people[Role.PATIENT][0])
    _top_up(trips, people[Role.DISPATCHER][0], crews, patients, _Places(streets))
    drivers = [crew.driver.user for crew in crews]
    return {
        "users": {
            role.value: [_login(user) for user in found]
            for role, found in {**people, Role.DRIVER: drivers}.items()
        },
        "vehicles": [
            {
                "id": crew.vehicle.pk,
                "name": crew.vehicle.name,
                "device_token": device_token_for(crew.vehicle.name),
            }
            for crew in crews
        ],
        "trips": _by_status(),
    }


def _login(user: User) -> dict[str, Any]:
    return {
        "id": user.pk,
        "username": user.username,
        "password": password_for(user.username),
        "token": token_for(user.username),
    }


def _by_status() -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    since = timezone.now() - timedelta(hours=24)
    recent = Trip.objects.filter(state_since__gte=since) | Trip.objects.filter(status__in=OPEN)
    for status, pk in recent.order_by("pk").values_list("status", "pk"):
        found[status].append(pk)
    return dict(found)


# --- people


def _people() -> dict[Role, list[User]]:
    Company.objects.get_or_create(
        pk=1,
        defaults={
            "name": "Göta Patient Transport",
            "time_zone": "Europe/Stockholm",
            "phone": "+46 31 000 00 00",
            "email": "office@gota.invalid",
            "address": "Station Road 1, Gothenburg",
        },
    )
    return {
        Role.ADMIN: [_account("ada", Role.ADMIN, "Ada", "Admin")],
        Role.DISPATCHER: [
            _account("dina", Role.DISPATCHER, "Dina", "Ek"),
            _account("david", Role.DISPATCHER, "David", "Holm"),
        ],
        Role.BILLER: [_account("bea", Role.BILLER, "Bea", "Strand")],
        Role.FACILITY: [_facility_account()],
        Role.PATIENT: [_account("pia", Role.PATIENT, "Pia", "Nyberg")],
    }


def _account(username: str, role: Role, first_name: str, last_name: str) -> User:
    user, created = User.objects.get_or_create(
        username=username,
        defaults={
            "role": role,
            "first_name": first_name,
            "last_name": last_name,
            "email": f"{username}@gota.invalid",
            "is_staff": role == Role.ADMIN,
            "is_superuser": role == Role.ADMIN,
        },
    )
    token = token_for(username)
    _, new_secret = AuthToken.objects.update_or_create(
        digest=hash_token(token),
        defaults={
            "user": user,
            "token_key": token[:15],
            "expiry": timezone.now() + timedelta(days=TOKEN_DAYS),
        },
    )
    if created or new_secret:
        # Few iterations, so that a fleet is seeded in a second; the first login renews it.
        user.password = PBKDF2PasswordHasher().encode(
            password_for(username), get_random_string(22), iterations=10_000
        )
        user.save(update_fields=["password"])
    return user


def _facility_account() -> User:
    user = _account("hugo", Role.FACILITY, "Hugo", "Lund")
    for name in ("Eastside Dialysis", "Harbour Clinic", "Sahlgren Hospital"):
        email = f"billing@{name.split()[0].lower()}.invalid"
        facility, _ = Facility.objects.get_or_create(name=name, defaults={"email": email})
        if name == "Eastside Dialysis":
            facility.members.add(user)
    return user


def _patients(pia: User) -> list[Patient]:
    payers = [
        Payer.objects.get_or_create(
            name=name, defaults={"email": f"claims@{name.split()[0].lower()}.invalid"}
        )[0]
        for name in ("Regional Health Plan", "Nordic Insurance")
    ]
    facility = Facility.objects.get(name="Eastside Dialysis")
    rng = Random(7)
    for n in range(PATIENTS):
        name = "Pia Nyberg" if n == 0 else f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
        patient, created = Patient.objects.get_or_create(
            email=f"patient{n:02d}@home.invalid",
            defaults={
                "name": name,
                "user": pia if n == 0 else None,
                "payer": payers[n % 3] if n % 3 < 2 else None,
                "address": f"Garden Street {n + 1}",
            },
        )
        if created and n % 4 == 0:
            patient.facilities.add(facility)
    return list(Patient.objects.filter(email__endswith="@home.invalid").order_by("pk"))


# --- fleet


@dataclass(frozen=True, slots=True)
class _Crew:
    driver: Driver
    vehicle: Vehicle


def _fleet(count: int) -> list[_Crew]:
    return [_crew(n) for n in range(1, count + 1)]


def _crew(n: int) -> _Crew:
    name = f"Van {n:02d}"
    vehicle, _ = Vehicle.objects.get_or_create(
        name=name, defaults={"plate": f"GBG {100 + n}", "capacities": CAPACITIES}
    )
    Device.objects.update_or_create(
        vehicle=vehicle,
        name="tracker",
        defaults={"token_digest": hash_token(device_token_for(name))},
    )
    first = FIRST_NAMES[(n - 1) % len(FIRST_NAMES)]
    last = LAST_NAMES[(n - 1) % len(LAST_NAMES)]
    username = "omar" if n == 1 else f"driver{n:02d}"
    user = _account(username, Role.DRIVER, first, last)
    driver, _ = Driver.objects.get_or_create(user=user, defaults={"licence": f"GBG-{4000 + n}"})
    Device.objects.get_or_create(driver=driver, defaults={"name": "phone"})
    _put_on_shift(driver, vehicle)
    return _Crew(driver, vehicle)


#: So far back reaches the shift that a seeded driver is on.
SHIFT_BEGAN = timedelta(hours=12)


def _put_on_shift(driver: Driver, vehicle: Vehicle) -> None:
    now = timezone.now()
    Shift.objects.filter(driver=driver, ends_at__isnull=True).exclude(vehicle=vehicle).update(
        ends_at=now
    )
    Shift.objects.get_or_create(
        driver=driver,
        ends_at=None,
        defaults={"vehicle": vehicle, "starts_at": now - SHIFT_BEGAN},
    )


# --- trips


class _Places:
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


def _top_up(
    wanted: int, dina: User, crews: list[_Crew], patients: list[Patient], places: _Places
) -> None:
    """A trip for now for each driver without one, then trips of the coming hours."""
    now = timezone.now()
    busy = set(
        Trip.objects.filter(driver__isnull=False, status__in=OPEN).values_list("driver", flat=True)
    )
    numbered = enumerate(crew for crew in crews if crew.driver.pk not in busy)
    for n, crew in numbered:
        trip = _book(n, now, dina, patients, places)
        _assign(trip, crew, dina, now)
        if n % 3 == 2:
            _drive(trip, crew.driver.user, now)
    missing = wanted - Trip.objects.filter(status__in=OPEN).count()
    for n in range(max(0, missing)):
        trip = _book(n, now + timedelta(minutes=15 * (n + 1)), dina, patients, places)
        if n % 3:
            services.act(trip_id=trip.pk, user=dina, tap=services.Tap(action=Action.SCHEDULE))


def _book(n: int, at: datetime, dina: User, patients: list[Patient], places: _Places) -> Trip:
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


def _assign(trip: Trip, crew: _Crew, dina: User, now: datetime) -> None:
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
