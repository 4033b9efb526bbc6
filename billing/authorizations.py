"""What trips draw from prior authorizations, and what is left of them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from billing.models import Authorization
from billing.rates import miles
from trips.dispatch.travel import road_distance_m
from trips.lifecycle import OPEN, Status
from trips.models import Company, Trip

#: Payer, patient, number: what ties a trip to its authorization.
Key = tuple[int, int, str]
_COLUMNS = (
    "pk", "payer_id", "patient_id", "authorization_number", "status", "scheduled_at",
    "picked_up_at", "created_at", "measurement__loaded_distance_m",
    "pickup_latitude", "pickup_longitude", "dropoff_latitude", "dropoff_longitude",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draw:
    """What one trip takes; `units` trips or miles. A completed one has used it."""

    trip_id: int
    at: datetime
    units: Decimal
    completed: bool


@dataclass(frozen=True, slots=True)
class Beyond:
    """A trip that the authorization does not cover."""

    trip_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Balance:
    """Units of one authorization. `left` is below 0 where too much was booked."""

    units: Decimal
    used: Decimal
    booked: Decimal
    beyond: tuple[Beyond, ...]

    @property
    def left(self) -> Decimal:
        """What can still be booked."""
        return self.units - self.used - self.booked


def draws_of(authorizations: Iterable[Authorization]) -> dict[int, list[Draw]]:
    """Each authorization's draws in the order of their trips, in one statement for all.

    Trips that were not driven in the end draw nothing. Miles are those measured with the patient
    aboard, or planned where there are none yet, to a tenth.
    """
    by_key = {(one.payer_id, one.patient_id, one.number): one for one in authorizations}
    found: dict[int, list[Draw]] = {one.pk: [] for one in by_key.values()}
    for row in _naming(by_key).values(*_COLUMNS):
        key = (row["payer_id"], row["patient_id"], row["authorization_number"])
        if (one := by_key.get(key)) is None:
            continue
        at = row["picked_up_at"] or row["scheduled_at"] or row["created_at"]
        done = row["status"] == Status.COMPLETED
        found[one.pk].append(Draw(row["pk"], at, _units(one.unit, row), done))
    for draws in found.values():
        draws.sort(key=lambda draw: (draw.at, draw.trip_id))
    return found


def _naming(keys: Iterable[Key]) -> QuerySet[Trip]:
    numbers: dict[int, set[str]] = defaultdict(set)
    for _, patient_id, number in keys:
        numbers[patient_id].add(number)
    return Trip.objects.filter(
        status__in=[*OPEN, Status.COMPLETED],
        patient_id__in=numbers,
        authorization_number__in=set().union(*numbers.values()),
    )


def _units(unit: str, row: dict[str, float]) -> Decimal:
    if unit == Authorization.Unit.TRIP:
        return Decimal(1)
    measured_m = row["measurement__loaded_distance_m"]
    if measured_m is None:
        pickup = (row["pickup_latitude"], row["pickup_longitude"])
        measured_m = road_distance_m(pickup, (row["dropoff_latitude"], row["dropoff_longitude"]))
    return miles(measured_m)


def balance_of(authorization: Authorization) -> Balance:
    """What is used, booked and left, and which trips it does not cover."""
    draws = draws_of([authorization])[authorization.pk]
    used = sum((draw.units for draw in draws if draw.completed), Decimal(0))
    booked = sum((draw.units for draw in draws if not draw.completed), Decimal(0))
    return Balance(authorization.units, used, booked, tuple(_beyond(authorization, draws)))


def _beyond(authorization: Authorization, draws: list[Draw]) -> Iterable[Beyond]:
    zone, so_far = ZoneInfo(Company.get().time_zone), Decimal(0)
    for draw in draws:
        so_far += draw.units
        day = draw.at.astimezone(zone).date()
        if not authorization.valid_from <= day <= authorization.valid_to:
            yield Beyond(draw.trip_id, f"on {day}, outside of its days")
        elif so_far > authorization.units:
            yield Beyond(draw.trip_id, f"unit {so_far:f} of {authorization.units:f}")


def covering(payer_id: int, patient_id: int, day: date) -> QuerySet[Authorization]:
    """The authorizations that hold on a day, soonest to end first."""
    theirs = Authorization.objects.filter(payer_id=payer_id, patient_id=patient_id)
    return theirs.filter(valid_from__lte=day, valid_to__gte=day).order_by("valid_to", "pk")
