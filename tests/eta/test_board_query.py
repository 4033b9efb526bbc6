"""The board's reading: what it shows is what model objects would show, however many trips."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.cast import Cast
from trips import board, queries
from trips.dispatch.live_eta import update_etas
from trips.lifecycle import Status
from trips.models import Patient, Trip, Vehicle
from trips.realtime import resume
from trips.realtime.projections import Audience, etas_of, trip_view

pytestmark = pytest.mark.django_db


@pytest.fixture
def every_status(cast: Cast) -> None:
    for number, status in enumerate(Status):
        cast.trip_in(status, facility=cast.facility, payer=cast.payer if number % 2 else None)
    update_etas()


@pytest.mark.usefixtures("every_status")
@pytest.mark.parametrize("audience", Audience)
def test_rows_are_shown_as_model_objects_are(audience: Audience) -> None:
    rows, models = board.trips(), list(queries.with_related(queries.board_trips()))
    assert len(rows) == len(Status)
    assert [trip_view(row, audience) for row in rows] == [
        trip_view(model, audience) for model in models
    ]
    assert etas_of(rows, audience) == etas_of(models, audience) != []


def test_an_empty_board_is_empty(db: None) -> None:
    assert board.trips() == []


@pytest.mark.django_db(transaction=True)
def test_2000_trips_are_read_in_as_many_statements_as_one(cast: Cast) -> None:
    cast.trip_in("en_route_pickup", facility=cast.facility, payer=cast.payer)
    update_etas()
    few = statements()
    fill(2_000)
    update_etas()
    with CaptureQueriesContext(connection) as asked:
        _, text = resume.snapshot("board", Audience.DISPATCH)
    assert len(asked) == few
    snapshot = msgspec.json.decode(text)
    assert len(snapshot["trips"]) == len(snapshot["etas"]) == 2_001
    assert len({trip["patient"]["name"] for trip in snapshot["trips"]}) > 400


def statements() -> int:
    with CaptureQueriesContext(connection) as asked:
        resume.snapshot("board", Audience.DISPATCH)
    return len(asked)


def fill(count: int) -> None:
    """So many trips like the one there is, of 500 patients in 100 vehicles."""
    template = Trip.objects.values().get() | {"id": None}
    patients = Patient.objects.bulk_create(Patient(name=f"Patient {n}") for n in range(500))
    vehicles = Vehicle.objects.bulk_create(Vehicle(name=f"Bus {n}") for n in range(100))
    now = timezone.now()
    Trip.objects.bulk_create(
        Trip(
            **template
            | {
                "patient_id": patients[n % 500].pk,
                "vehicle_id": vehicles[n % 100].pk,
                "status": Status.ASSIGNED,
                "scheduled_at": now + timedelta(minutes=n % 600),
            }
        )
        for n in range(count)
    )
