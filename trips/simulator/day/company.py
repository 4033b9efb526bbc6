"""The company of a simulated day: people, vehicles, patients. Nobody has a real address."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from trips.models import Company, Device, Driver, Facility, Patient, Payer, Vehicle
from trips.simulator.day.people import Ledger, Person
from users.models import User
from users.roles import Role

Point = tuple[float, float]
CENTRE, REACH = (57.70, 11.97), (0.05, 0.09)
_SEATINGS: tuple[tuple[float, list[dict[str, int]]], ...] = (
    (0.45, [{"amb": 4, "wc": 1}, {"amb": 2, "wc": 2}]),
    (0.25, [{"amb": 4}]),
    (0.20, [{"amb": 2, "wc": 1, "bwc": 1}, {"amb": 5, "bwc": 1}]),
    (0.10, [{"str": 1, "amb": 1}, {"wc": 2}]),
)
_MOBILITIES = ("ambulatory", "wheelchair", "bariatric_wheelchair", "stretcher")
_WEIGHTS = (66, 28, 3, 3)


@dataclass
class Cast:
    """Everybody who acts on the day."""

    zone: ZoneInfo
    day: date
    rng: Random
    ledger: Ledger
    dispatchers: list[Person] = field(default_factory=list)
    facilities: list[tuple[Person, Facility, Point]] = field(default_factory=list)
    patients: list[tuple[Person, Patient, Point, Facility]] = field(default_factory=list)
    drivers: list[tuple[Person, Driver]] = field(default_factory=list)
    vehicles: list[Vehicle] = field(default_factory=list)
    payers: list[Payer] = field(default_factory=list)

    def clock(self, hour: float, day: date | None = None) -> datetime:
        """A time of the day by the company's clock."""
        minutes = round(hour * 60)
        at = time(minutes // 60 % 24, minutes % 60)
        return datetime.combine(day or self.day, at, self.zone)

    def mobility(self) -> str:
        """Of one patient."""
        return self.rng.choices(_MOBILITIES, _WEIGHTS)[0]

    def place(self, name: str, point: Point) -> dict[str, Any]:
        """A door, as the API takes it."""
        return {"address": name, "latitude": point[0], "longitude": point[1]}


def found(rng: Random, day: date, vehicles: int, patients: int) -> Cast:
    """Write a company into the database: its own, beside nobody's."""
    company = Company.get()
    company.time_zone = company.time_zone or "Europe/Stockholm"
    company.materialise_days = 2
    company.save()
    cast = Cast(ZoneInfo(company.time_zone), day, rng, Ledger())
    cast.dispatchers = [_person(cast, f"desk{n}", Role.DISPATCHER) for n in (1, 2)]
    cast.payers = [Payer.objects.create(name=f"Plan {n}") for n in (1, 2)]
    _clinics(cast, max(2, patients // 25))
    _patients(cast, patients)
    _fleet(cast, vehicles)
    return cast


def _person(cast: Cast, name: str, role: Role) -> Person:
    user = User.objects.create(
        username=f"day-{name}", email=f"{name}@simulated.invalid", role=role.value
    )
    return Person(user, cast.ledger)


def _clinics(cast: Cast, count: int) -> None:
    for n in range(count):
        office = _person(cast, f"clinic{n}", Role.FACILITY)
        clinic = Facility.objects.create(name=f"Clinic {n}", email=f"c{n}@simulated.invalid")
        clinic.members.add(office.user)
        cast.facilities.append((office, clinic, somewhere(cast.rng)))


def _patients(cast: Cast, count: int) -> None:
    for n in range(count):
        person = _person(cast, f"patient{n}", Role.PATIENT)
        patient = Patient.objects.create(
            user=person.user, name=f"Patient {n}", email=f"p{n}@simulated.invalid"
        )
        clinic = cast.rng.choice(cast.facilities)[1]
        patient.facilities.add(clinic)
        cast.patients.append((person, patient, somewhere(cast.rng), clinic))


def _fleet(cast: Cast, count: int) -> None:
    weights = [weight for weight, _ in _SEATINGS]
    for n in range(count):
        # One of each kind first, so that everybody can be driven.
        seating = (
            _SEATINGS[n][1]
            if n < len(_SEATINGS)
            else cast.rng.choices([s for _, s in _SEATINGS], weights)[0]
        )
        cast.vehicles.append(Vehicle.objects.create(name=f"Day {n:02}", capacities=seating))
    for n in range(count + count // 5):
        person = _person(cast, f"driver{n}", Role.DRIVER)
        skills = ["stretcher", "bariatric"] if n % 3 != 2 else []
        driver = Driver.objects.create(user=person.user, qualifications=skills)
        Device.objects.create(driver=driver, name="phone")
        cast.drivers.append((person, driver))


def somewhere(rng: Random) -> Point:
    """A door in town."""
    return (
        CENTRE[0] + rng.uniform(-REACH[0], REACH[0]),
        CENTRE[1] + rng.uniform(-REACH[1], REACH[1]),
    )
