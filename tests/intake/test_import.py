"""Dina imports a booker's file: checked row by row, whole or not at all, and never twice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.cast import Cast, event_names
from tests.intake.files import DAY, ZONE, errors, good, imported, manifest, post
from trips.booking import book_trips
from trips.models import (
    Patient,
    Stream,
    TaskRun,
    Trip,
    TripEvent,
)
from trips.tasks import import_trips

pytestmark = pytest.mark.django_db


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(DAY.year, DAY.month, DAY.day, hour, minute, tzinfo=ZONE)


def test_a_row_becomes_a_trip_as_dina_would_have_booked_it(cast: Cast) -> None:
    full = good(
        external_id="B-1",
        facility="eastside dialysis",
        payer="Regional Plan",
        mobility="WC",
        needs="Oxygen|walker",
        escorts="1",
        appointment="9:15 AM",
        window_minutes="20",
        copay="3.50",
        authorization_number="A-77",
        notes="=ring twice",
    )
    result = imported(cast.dina, manifest([full]))
    assert (result["outcome"], result["new"], result["known"]) == ("imported", 1, 0)
    trip = Trip.objects.get()
    assert (trip.status, trip.version, trip.external_id) == ("requested", 1, "B-1")
    assert (trip.patient, trip.facility, trip.payer) == (cast.patient, cast.facility, cast.payer)
    assert (trip.mobility, trip.needs, trip.escorts) == ("wheelchair", ["oxygen", "walker"], 1)
    assert (trip.scheduled_at, trip.appointment_at) == (at(8, 30), at(9, 15))
    assert (trip.window_minutes, trip.copay_cents) == (20, 350)
    assert (trip.authorization_number, trip.notes) == ("A-77", "=ring twice")
    assert (trip.pickup_latitude, trip.dropoff_longitude) == (59.31, 18.05)
    event = TripEvent.objects.get()
    assert (event.event, event.actor, event.source) == ("trip.requested", cast.dina, "dispatcher")


def test_a_dry_run_says_the_same_and_writes_nothing(cast: Cast) -> None:
    text = manifest([good(), good(patient="Nobody Known"), good(mobility="hovercraft")])
    result = imported(cast.dina, text, "?dry_run=1")
    assert (result["outcome"], result["rows"], result["new"]) == ("checked", 3, 1)
    assert errors(result) == [(3, "patient"), (4, "mobility")]
    assert Trip.objects.count() == 0


def test_one_bad_row_and_nothing_is_written(cast: Cast) -> None:
    text = manifest([good(), good(pickup_time="09:00", escorts="many")])
    result = imported(cast.dina, text)
    assert (result["outcome"], errors(result)) == ("refused", [(3, "escorts")])
    assert (Trip.objects.count(), TripEvent.objects.count(), Stream.objects.count()) == (0, 0, 0)


def test_a_failure_while_writing_leaves_nothing(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError

    both = manifest([good(**{"return": "will call", "patient": "New Person"})])
    answer = post(cast.dina, both, "?create_patients=1")
    run = TaskRun.objects.get(pk=answer.data["task_id"])
    calls: list[Any] = [book_trips, fail]
    monkeypatch.setattr("trips.intake.service.book_trips", lambda **fields: calls.pop(0)(**fields))
    assert import_trips.apply(args=(str(run.pk), 0)).state == "FAILURE"
    assert (Trip.objects.count(), Patient.objects.count()) == (0, 1)


@pytest.mark.parametrize("identity", [{}, {"external_id": "B-1"}])
@pytest.mark.parametrize("kind", ["none", "will call"])
def test_the_same_file_again_writes_nothing(
    cast: Cast, identity: dict[str, str], kind: str
) -> None:
    rows = [good(**identity, **{"return": kind}), good(pickup_time="10:00", patient="New Person")]
    text = manifest(rows)
    first = imported(cast.dina, text, "?create_patients=1")
    trips = first["new"]
    assert trips == (3 if kind == "will call" else 2)
    again = imported(cast.dina, text, "?create_patients=1")
    assert (again["outcome"], again["new"], again["known"]) == ("imported", 0, trips)
    assert (Trip.objects.count(), Patient.objects.count()) == (trips, 2)
    assert again["changed"] == []


def test_a_row_more_is_written_and_the_rest_is_known(cast: Cast) -> None:
    imported(cast.dina, manifest([good()]))
    result = imported(cast.dina, manifest([good(), good(pickup_time="11:00")]))
    assert (result["new"], result["known"]) == (1, 1)


def test_what_the_booker_changed_is_told_and_not_applied(cast: Cast) -> None:
    imported(cast.dina, manifest([good(external_id="B-1")]))
    trip = Trip.objects.get()
    later = good(external_id="B-1", dropoff_address="Westside") | {"pickup_time": "09:45"}
    result = imported(cast.dina, manifest([later]))
    assert result["changed"] == [
        {"row": 2, "trip_id": trip.pk, "fields": ["scheduled_at", "dropoff_address"]}
    ]
    trip.refresh_from_db()
    assert (trip.scheduled_at, trip.version) == (at(8, 30), 1)


def test_accepted_trips_are_scheduled_by_an_event_of_their_own(cast: Cast) -> None:
    imported(cast.dina, manifest([good(**{"return": "will call"})]), "?accept=1")
    out, back = Trip.objects.order_by("pk")
    assert (out.status, out.version) == ("scheduled", 2)
    assert event_names(out) == ["trip.requested", "trip.scheduled"]
    assert (back.status, event_names(back)) == ("will_call", ["trip.requested"])
    assert cast.tap(out, "assign").status == "assigned"


def test_a_leg_back_is_linked_and_goes_the_other_way(cast: Cast) -> None:
    rows = [
        good(external_id="B-1", **{"return": "timed", "return_time": "12:00"}),
        good(external_id="B-2", **{"return": "will call"}),
    ]
    rows[1]["pickup_time"] = "08:45"
    assert imported(cast.dina, manifest(rows))["new"] == 4
    trips = {trip.external_id: trip for trip in Trip.objects.all()}
    timed, parked = trips["B-1-R"], trips["B-2-R"]
    assert (timed.return_of, timed.status, timed.scheduled_at) == (
        trips["B-1"],
        "requested",
        at(12),
    )
    assert (parked.return_of, parked.status, parked.scheduled_at) == (
        trips["B-2"],
        "will_call",
        None,
    )
    assert (timed.pickup_address, timed.dropoff_address) == ("Eastside Dialysis", "Götgatan 12")
    assert timed.pickup_latitude == 59.33
