"""Creating the demo, and topping it up on each later run."""

from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from config.subscriptions import DEMO_HISTORY
from trips.demo.fleet import fleet
from trips.demo.history import Everybody
from trips.demo.people import patients, people
from trips.demo.secrets import NotADemo, device_token_for, password_for, token_for
from trips.demo.trips import Places, top_up
from trips.lifecycle import OPEN
from trips.models import Trip
from trips.simulator import roads
from trips.tracking.retention import make_days_ahead
from users.models import User
from users.roles import Role


def seed(*, vehicles: int = 25, trips: int = 40, history_days: int = 0) -> dict[str, Any]:
    """Create or top up the demo; what `seed_demo --json` prints. Raises NotADemo.

    `vehicles` of them, each with a driver on shift, and at least `trips` open trips today;
    `history_days` with invoices and payments behind them, once.
    """
    if settings.PRODUCTION:
        raise NotADemo("demo data is refused in production")
    streets = roads.load(Path(settings.STREETS_FILE) if settings.STREETS_FILE else None)
    with transaction.atomic():
        accounts = people()
        crews = fleet(vehicles)
        riders = patients(accounts[Role.PATIENT][0])
    dina, places = accounts[Role.DISPATCHER][0], Places(streets)
    if history_days and crews:
        import_string(DEMO_HISTORY)(Everybody(dina, crews, riders, places), history_days)
    top_up(trips, dina, crews, riders, places)
    make_days_ahead()
    drivers = [crew.driver.user for crew in crews]
    return {
        "users": {
            role.value: [_login(user) for user in found]
            for role, found in {**accounts, Role.DRIVER: drivers}.items()
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
