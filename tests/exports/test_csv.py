"""The CSV of a period: narrowed by who and what, and read back by our own import."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tests.cast import Cast
from tests.intake.files import imported
from trips import task_runs
from trips.models import TaskRun, Trip
from trips.tasks import export_trips
from users.models import User

pytestmark = pytest.mark.django_db

TODAY = timezone.now().date()
DAYS = {"first_day": str(TODAY - timedelta(days=2)), "last_day": str(TODAY + timedelta(days=2))}


@pytest.fixture(autouse=True)
def nothing_published(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_runs, "publish", lambda *_, **__: None)


def text(user: User, **narrower: object) -> str:
    client = APIClient()
    client.force_authenticate(user)
    answer = client.post("/api/trips/export/", DAYS | narrower)
    assert answer.status_code == 202, answer.data
    export_trips.apply(args=(answer.data["task_id"], 0), throw=True)
    run = TaskRun.objects.get(pk=answer.data["task_id"])
    return gzip.decompress(bytes(run.content or b"")).decode()


def ids(user: User, **narrower: object) -> list[int]:
    return [int(row["id"]) for row in csv.DictReader(io.StringIO(text(user, **narrower)))]


def test_each_filter_narrows_and_all_together(cast: Cast) -> None:
    ours = cast.trip_in("assigned", facility=cast.facility, payer=cast.payer)
    eves = cast.give_to_eve(cast.trip_in("scheduled"))
    gone = cast.trip_in("cancelled")
    assert ids(cast.dina) == [ours.pk, eves.pk, gone.pk]
    assert ids(cast.dina, status=["cancelled"]) == [gone.pk]
    assert ids(cast.dina, status=["assigned", "cancelled"]) == [ours.pk, eves.pk, gone.pk]
    assert ids(cast.dina, driver_id=cast.strange_driver.pk) == [eves.pk]
    assert ids(cast.dina, vehicle_id=cast.spare_van.pk) == [eves.pk]
    assert ids(cast.dina, facility_id=cast.facility.pk) == [ours.pk]
    assert ids(cast.dina, payer_id=cast.payer.pk, status=["cancelled"]) == []
    assert ids(cast.dina, patient_id=cast.patient.pk + 1) == []


def test_no_filter_shows_more_than_one_may_see(cast: Cast) -> None:
    cast.give_to_eve(cast.trip_in("scheduled"))
    assert ids(cast.omar, driver_id=cast.strange_driver.pk) == []


@pytest.mark.parametrize(
    "narrower", [{"status": "assigned"}, {"status": ["lost"]}, {"driver_id": 0}, {"drivers": 1}]
)
def test_a_filter_that_is_none_is_refused(cast: Cast, narrower: dict[str, object]) -> None:
    client = APIClient()
    client.force_authenticate(cast.dina)
    assert client.post("/api/trips/export/", DAYS | narrower).status_code == 400


def test_what_is_exported_can_be_imported(cast: Cast) -> None:
    trip = cast.book(external_id="B-1", mobility="wheelchair", needs=["oxygen", "walker"])
    exported = text(cast.dina)
    assert imported(cast.dina, exported)["known"] == 1
    Trip.objects.filter(pk=trip.pk).update(external_id="B-2")
    assert imported(cast.dina, exported)["new"] == 1
    again = Trip.objects.get(external_id="B-1")
    same: tuple[Any, ...] = ("needs", "mobility", "pickup_latitude", "dropoff_address", "patient")
    assert [getattr(again, name) for name in same] == [getattr(trip, name) for name in same]
    # Seconds survive as well.
    assert again.scheduled_at is not None
    assert trip.scheduled_at is not None
    assert abs(again.scheduled_at - trip.scheduled_at) < timedelta(seconds=1)


def test_why_a_trip_was_cancelled_is_told(cast: Cast) -> None:
    trip = cast.trip_in("cancelled")
    [row] = csv.DictReader(io.StringIO(text(cast.dina)))
    assert (row["cancel_kind"], row["cancelled_by"]) == (trip.cancel_kind, trip.cancelled_by)
    assert row["needs"] == ""
