"""The demo's vehicles, each with a driver on shift."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from trips.demo.people import FIRST_NAMES, LAST_NAMES, account
from trips.demo.secrets import device_token_for
from trips.models import Device, Driver, Shift, Vehicle
from users.auth import hash_token
from users.roles import Role

#: A demo vehicle seats three and takes a wheelchair or, refitted, a stretcher.
CAPACITIES = [{"amb": 3, "wc": 1}, {"amb": 1, "wc": 2}, {"amb": 1, "str": 1}]


@dataclass(frozen=True, slots=True)
class Crew:
    driver: Driver
    vehicle: Vehicle


def fleet(count: int) -> list[Crew]:
    return [_crew(n) for n in range(1, count + 1)]


def _crew(n: int) -> Crew:
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
    user = account(username, Role.DRIVER, first, last)
    driver, _ = Driver.objects.get_or_create(user=user, defaults={"licence": f"GBG-{4000 + n}"})
    Device.objects.get_or_create(driver=driver, defaults={"name": "phone"})
    _put_on_shift(driver, vehicle)
    return Crew(driver, vehicle)


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
