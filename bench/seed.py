"""`python -m bench.seed`: a large fleet in the demo company; prints a Fleet as JSON."""

# ruff: noqa: E402 - models can be imported once Django is set up
from __future__ import annotations

import argparse
import json
from datetime import datetime, timedelta

import django

django.setup()

from django.utils import timezone
from knox.models import AuthToken

from trips import demo
from trips.models import Assignment, Delivery, Device, Driver, Patient, Shift, Trip, Vehicle
from users.auth import hash_token
from users.models import User
from users.roles import Role

SINCE = timedelta(hours=6)


def main() -> None:
    """Seed, and print who may post and who may watch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vehicles", type=int, required=True)
    parser.add_argument("--watchers", type=int, required=True)
    options = parser.parse_args()
    demo.seed(vehicles=1, trips=0)
    # What follows from booking the demo's day is not what is measured.
    Delivery.objects.update(state=Delivery.State.DONE)
    watchers = accounts("watcher", Role.DISPATCHER, options.watchers)
    tokens = [demo.token_for(user.username) for user in watchers]
    print(json.dumps({"crews": crews(options.vehicles), "watchers": tokens}))


def crews(count: int, prefix: str = "benchdriver") -> list[tuple[int, str]]:
    """(trip, its driver's token): each has a vehicle, a shift and an assigned trip for now."""
    since = timezone.now() - SINCE
    users = accounts(prefix, Role.DRIVER, count)
    drivers = Driver.objects.bulk_create([Driver(user=user) for user in users])
    Device.objects.bulk_create([Device(driver=driver, name="phone") for driver in drivers])
    vehicles = Vehicle.objects.bulk_create(
        [Vehicle(name=f"{prefix} {n}", capacities=demo.CAPACITIES) for n in range(count)]
    )
    pairs = list(zip(drivers, vehicles, strict=True))
    Shift.objects.bulk_create([Shift(driver=d, vehicle=v, starts_at=since) for d, v in pairs])
    patients = list(Patient.objects.order_by("pk"))
    trips = Trip.objects.bulk_create(
        [_trip(d, v, patients[n % len(patients)], since) for n, (d, v) in enumerate(pairs)]
    )
    Assignment.objects.bulk_create(
        [Assignment(trip=t, driver=t.driver, vehicle=t.vehicle, started_at=since) for t in trips]
    )
    rows = zip(trips, users, strict=True)
    return [(trip.pk, demo.token_for(user.username)) for trip, user in rows]


def accounts(prefix: str, role: Role, count: int) -> list[User]:
    """So many accounts with a token each, none of which can log in."""
    users = User.objects.bulk_create(
        [
            User(username=f"{prefix}{n}", role=role.value, email=f"{prefix}{n}@gota.invalid")
            for n in range(count)
        ]
    )
    expiry = timezone.now() + timedelta(days=1)
    AuthToken.objects.bulk_create([_held(user, expiry) for user in users])
    return users


def _held(user: User, expiry: datetime) -> AuthToken:
    token = demo.token_for(user.username)
    return AuthToken(user=user, digest=hash_token(token), token_key=token[:15], expiry=expiry)


def _trip(driver: Driver, vehicle: Vehicle, patient: Patient, since: datetime) -> Trip:
    return Trip(
        status=Trip.StatusChoice.ASSIGNED,
        state_since=since,
        scheduled_at=timezone.now(),
        patient=patient,
        payer=patient.payer,
        driver=driver,
        vehicle=vehicle,
        pickup_address="Station Road 1",
        pickup_latitude=57.7,
        pickup_longitude=11.9,
        dropoff_address="Garden Street 2",
        dropoff_latitude=57.8,
        dropoff_longitude=12.0,
    )


if __name__ == "__main__":
    main()
