"""`python -m bench.dispatch_work`: matching in a database of its own; prints a Found as JSON.

Own, because the fleet that the other sections drive would take part in the assignment.
"""

# ruff: noqa: E402 - models can be imported once Django is set up
from __future__ import annotations

import dataclasses
import gc
import json
import os
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import psycopg

_url, _, _ = os.environ["DATABASE_URL"].rpartition("/")
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
    connection.execute("DROP DATABASE IF EXISTS dispatch")
    connection.execute("CREATE DATABASE dispatch")
os.environ |= {"DATABASE_URL": f"{_url}/dispatch", "CELERY_BROKER_URL": "memory://"}

import django

django.setup()

from django.core.management import call_command
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from bench.dispatch import FLEET, LARGE_FLEET, PER_VEHICLE, TRIPS, Found
from trips import demo
from trips.dispatch import assign
from trips.dispatch.insertion import Day
from trips.dispatch.matching import Crew, Wanted, no_room, standing_objections
from trips.dispatch.plans import lateness_s
from trips.models import (
    Assignment,
    Company,
    Driver,
    Patient,
    Shift,
    TaskRun,
    Trip,
    Vehicle,
    VehiclePosition,
)
from users.models import User
from users.roles import Role

#: Gothenburg and around: degrees from the middle, some 9 km each way.
MIDDLE, SPREAD = (57.70, 11.97), (0.08, 0.15)
#: When dialysis begins and ends, hours of the day; the rest of the trips lie between.
PEAKS = (7.0, 11.5, 16.0)
REPEATS = 20


def main() -> None:
    """Measure both, and print what was found."""
    call_command("migrate", "--no-input", verbosity=0)
    Company.objects.create(pk=1, name="Bench", time_zone="Europe/Stockholm")
    rng = Random(7)
    dina = User.objects.create(username="dina", role=Role.DISPATCHER.value)
    patients = Patient.objects.bulk_create([Patient(name=f"Patient {n}") for n in range(100)])
    tomorrow = timezone.now().replace(hour=4, minute=0) + timedelta(days=1)
    day = _auto_assign(rng, dina, patients, tomorrow)
    print(json.dumps(dataclasses.asdict(Found(**day, **_candidates(rng, dina, patients)))))


def _crews(first: int, count: int, begins: datetime, ends: datetime) -> list[tuple[int, int]]:
    """(vehicle, driver) of so many more, on shift together."""
    numbers = range(first, first + count)
    users = User.objects.bulk_create(
        [User(username=f"driver{n}", role=Role.DRIVER.value) for n in numbers]
    )
    drivers = Driver.objects.bulk_create([Driver(user=user) for user in users])
    vehicles = Vehicle.objects.bulk_create(
        [Vehicle(name=f"Van {n}", capacities=demo.CAPACITIES) for n in numbers]
    )
    Shift.objects.bulk_create(
        [
            Shift(driver=driver, vehicle=vehicle, starts_at=begins, ends_at=ends)
            for driver, vehicle in zip(drivers, vehicles, strict=True)
        ]
    )
    return [(v.pk, d.pk) for v, d in zip(vehicles, drivers, strict=True)]


def _place(rng: Random) -> tuple[float, float]:
    return (
        MIDDLE[0] + rng.uniform(-SPREAD[0], SPREAD[0]),
        MIDDLE[1] + rng.uniform(-SPREAD[1], SPREAD[1]),
    )


def _trip(rng: Random, patients: Sequence[Patient], at: datetime, **more: Any) -> Trip:
    pickup, dropoff = _place(rng), _place(rng)
    return Trip(
        **{"status": "scheduled", "version": 1} | more,
        state_since=timezone.now(),
        patient=rng.choice(patients),
        mobility=rng.choices(("ambulatory", "wheelchair"), (0.6, 0.4))[0],
        escorts=rng.choice((0, 0, 0, 1)),
        pickup_address="",
        pickup_latitude=pickup[0],
        pickup_longitude=pickup[1],
        dropoff_address="",
        dropoff_latitude=dropoff[0],
        dropoff_longitude=dropoff[1],
        scheduled_at=at,
    )


def _hour(rng: Random) -> float:
    if rng.random() < 0.4:
        return min(17.5, max(6.0, rng.gauss(rng.choice(PEAKS), 0.5)))
    return rng.uniform(6.0, 17.5)


def _auto_assign(
    rng: Random, dina: User, patients: Sequence[Patient], begin: datetime
) -> dict[str, Any]:
    """A day's trips to a small fleet, planned by both, written by ours."""
    _crews(0, FLEET, begin, begin + timedelta(hours=18))
    midnight = begin - timedelta(hours=4)
    times = [midnight + timedelta(hours=_hour(rng)) for _ in range(TRIPS)]
    Trip.objects.bulk_create([_trip(rng, patients, at) for at in times])
    day = begin.date()
    baseline, left_baseline = _planned(day, _first_fit)
    ours, left = _planned(day, lambda crews, wanted: len(Day(crews, wanted, {}).solve().left))
    run = TaskRun.objects.create(
        owner=dina, task="", parameters={"day": day.isoformat()}, due_at=begin
    )
    start = time.monotonic()
    outcome = assign.assign_day(run, lambda current, total: None)
    seconds = time.monotonic() - start
    if outcome.result["lateness_s"] != round(ours):
        raise RuntimeError("the plan that was written is not the one that was judged")
    return {
        "assign_s": seconds,
        "assigned": len(outcome.result["assigned"]),
        "lateness_s": ours,
        "left": left,
        "first_fit_lateness_s": baseline,
        "first_fit_left": left_baseline,
    }


def _planned(day: Any, plan: Callable[[list[Crew], list[Wanted]], int]) -> tuple[float, int]:
    """(total lateness in seconds, trips left) of a way to plan the day; one judge for both."""
    picture = assign.picture_of(assign.waiting(day))
    left = plan(picture.crews, picture.wanted)
    return lateness_s([crew.plan for crew in picture.crews]), left


def _first_fit(crews: list[Crew], trips: list[Wanted]) -> int:
    """The baseline: trips by time, each to the first crew that can."""
    left = 0
    for trip in trips:
        for crew in crews:
            found = crew.plan.search(trip.ride)
            if standing_objections(trip, crew) or no_room(trip, crew, found):
                continue
            if found.insertion is not None:
                crew.plan.insert(trip.ride, found.insertion)
                break
        else:
            left += 1
    return left


def _candidates(rng: Random, dina: User, patients: Sequence[Patient]) -> dict[str, Any]:
    """One trip over a large fleet, each vehicle with a position and a few trips."""
    now = timezone.now()
    crews = _crews(FLEET, LARGE_FLEET - FLEET, now - timedelta(hours=2), now + timedelta(hours=12))
    Shift.objects.update(starts_at=now - timedelta(hours=2))
    crews += list(Shift.objects.filter(vehicle_id__lt=crews[0][0]).values_list("vehicle", "driver"))
    Trip.objects.filter(status="assigned").update(scheduled_at=now + timedelta(hours=20))
    VehiclePosition.objects.bulk_create([_position(rng, vehicle, now) for vehicle, _ in crews])
    rows = [
        (vehicle, driver, now + timedelta(hours=0.2 + 1.7 * n + rng.uniform(0, 0.3)))
        for vehicle, driver in crews
        for n in range(PER_VEHICLE)
    ]
    trips = Trip.objects.bulk_create(
        [
            _trip(rng, patients, at, status="assigned", driver_id=driver, vehicle_id=vehicle)
            for vehicle, driver, at in rows
        ]
    )
    Assignment.objects.bulk_create(
        [
            Assignment(trip=trip, driver_id=driver, vehicle_id=vehicle, started_at=now)
            for trip, (vehicle, driver, _) in zip(trips, rows, strict=True)
        ]
    )
    wanted = Trip.objects.bulk_create([_trip(rng, patients, now + timedelta(hours=2))])[0]
    with database.cursor() as cursor:
        cursor.execute("ANALYZE")
    gc.collect()
    gc.freeze()  # as the server does once it is loaded
    client = APIClient()
    client.force_authenticate(dina)
    path = f"/api/trips/{wanted.pk}/candidates/"
    with CaptureQueriesContext(database) as queries:
        answer = client.get(path).json()
    statements = len(queries)
    seconds = []
    for _ in range(REPEATS):
        start = time.monotonic()
        client.get(path)
        seconds.append(time.monotonic() - start)
    return {
        "candidates_ms": 1_000 * sorted(seconds)[REPEATS // 2],
        "statements": statements,
        "feasible": answer["feasible"],
    }


def _position(rng: Random, vehicle_id: int, now: datetime) -> VehiclePosition:
    latitude, longitude = _place(rng)
    return VehiclePosition(
        vehicle_id=vehicle_id,
        latitude=latitude,
        longitude=longitude,
        recorded_at=now,
        updated_at=now,
    )


if __name__ == "__main__":
    main()
