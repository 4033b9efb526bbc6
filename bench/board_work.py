"""`python -m bench.board_work`: a large board in a database of its own; prints a Found as JSON."""

# ruff: noqa: E402 - models can be imported once Django is set up
from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from statistics import median

import psycopg

_url, _, _ = os.environ["DATABASE_URL"].rpartition("/")
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
    connection.execute("DROP DATABASE IF EXISTS board")
    connection.execute("CREATE DATABASE board")
os.environ |= {"DATABASE_URL": f"{_url}/board", "CELERY_BROKER_URL": "memory://"}

import django

django.setup()

from django.core.management import call_command
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench.board import PATIENTS, TRIPS, VEHICLES, Found
from trips import board
from trips.dispatch.live_eta import update_etas
from trips.lifecycle import Status
from trips.models import (
    Company,
    Driver,
    Facility,
    Patient,
    Payer,
    Trip,
    Vehicle,
    VehiclePosition,
)
from trips.realtime import resume
from trips.realtime.projections import Audience
from users.models import User
from users.roles import Role

REPEATS = 15
#: Of ten trips in a row.
STATUSES = (
    *[Status.ASSIGNED] * 5,
    Status.DISPATCHED,
    Status.SCHEDULED,
    Status.REQUESTED,
    Status.EN_ROUTE_PICKUP,
    Status.IN_PROGRESS,
)
UNASSIGNED = (Status.SCHEDULED, Status.REQUESTED)


def main() -> None:
    """Fill the board, measure, and print what was found."""
    call_command("migrate", "--no-input", verbosity=0)
    Company.objects.create(pk=1, name="Bench", time_zone="Europe/Stockholm")
    _fill()
    now = timezone.now()
    update_etas(now)
    with database.cursor() as cursor:
        cursor.execute("ANALYZE")
    with CaptureQueriesContext(database) as asked:
        board.trips()
    statements = [one["sql"] for one in asked]
    later = count(1)
    found = Found(
        query_ms=_median_ms(lambda: _send(statements)),
        statements=len(statements),
        rows_ms=_median_ms(board.trips),
        snapshot_ms=_median_ms(_snapshot),
        snapshot_kb=len(_snapshot()) / 1_000,
        estimate_ms=_median_ms(lambda: update_etas(now + timedelta(seconds=5))),
        estimate_all_ms=_median_ms(lambda: update_etas(now + timedelta(minutes=2 * next(later)))),
    )
    print(json.dumps(dataclasses.asdict(found)))


def _snapshot() -> bytes:
    return resume.snapshot("board", Audience.DISPATCH)[1].encode()


def _send(statements: list[str]) -> None:
    with database.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            cursor.fetchall()


def _median_ms(what: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        what()
        times.append((time.perf_counter() - start) * 1_000)
    return median(times)


def _fill() -> None:
    now = timezone.now()
    patients = Patient.objects.bulk_create(Patient(name=f"Patient {n}") for n in range(PATIENTS))
    vehicles = Vehicle.objects.bulk_create(Vehicle(name=f"Van {n}") for n in range(VEHICLES))
    users = User.objects.bulk_create(
        User(username=f"driver{n}", first_name=f"Driver {n}", role=Role.DRIVER.value)
        for n in range(VEHICLES)
    )
    drivers = Driver.objects.bulk_create(Driver(user=user) for user in users)
    facility, payer = Facility.objects.create(name="Clinic"), Payer.objects.create(name="Plan")
    VehiclePosition.objects.bulk_create(
        VehiclePosition(
            vehicle=vehicle, latitude=57.7, longitude=11.9, recorded_at=now, updated_at=now
        )
        for vehicle in vehicles
    )
    Trip.objects.bulk_create(
        Trip(
            status=(status := STATUSES[n % len(STATUSES)]),
            state_since=now,
            patient=patients[n % PATIENTS],
            facility=facility,
            payer=payer,
            driver=None if status in UNASSIGNED else drivers[n % VEHICLES],
            vehicle=None if status in UNASSIGNED else vehicles[n % VEHICLES],
            pickup_address=f"Street {n}",
            pickup_latitude=57.6 + n % 97 / 500,
            pickup_longitude=11.8 + n % 89 / 400,
            dropoff_address="Clinic",
            dropoff_latitude=57.6 + n % 83 / 500,
            dropoff_longitude=11.9,
            scheduled_at=now + timedelta(minutes=n % 600 - 30),
            appointment_at=now + timedelta(minutes=n % 600 + 30),
        )
        for n in range(TRIPS)
    )


if __name__ == "__main__":
    main()
