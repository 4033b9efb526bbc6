"""The log of trips: only ever appended to, and whoever gets round that is found out."""

from __future__ import annotations

import json
from datetime import timedelta
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from config.chain import Fault, canonical
from tests.cast import Cast
from trips.evidence.record import HASHED, content_of
from trips.evidence.verify import Finding, verify
from trips.models import StreamEntry, Trip, TripEvent

pytestmark = pytest.mark.django_db


def as_an_attacker(sql: str, *parameters: Any) -> None:
    """With the rights of the tables' owner, past the trigger."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE trips_tripevent DISABLE TRIGGER append_only")
        cursor.execute(sql, parameters)
        cursor.execute("ALTER TABLE trips_tripevent ENABLE TRIGGER append_only")


def removed(trip: Trip, version: int) -> None:
    event = TripEvent.objects.get(trip=trip, version=version)
    StreamEntry.objects.filter(event=event).delete()
    as_an_attacker("DELETE FROM trips_tripevent WHERE id = %s", event.pk)


def found(trip: Trip) -> list[tuple[int, Fault]]:
    return [(finding.version, finding.fault) for finding in verify(trip.pk)]


@pytest.mark.parametrize(
    "change", ["UPDATE trips_tripevent SET message = ''", "DELETE FROM trips_tripevent"]
)
def test_the_database_refuses_to_change_or_delete_an_event(cast: Cast, change: str) -> None:
    trip = cast.trip_in("assigned")
    refused = pytest.raises(IntegrityError, match="append-only")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{change} WHERE trip_id = %s", [trip.pk])
    event = TripEvent.objects.filter(trip=trip).latest("version")
    with pytest.raises(IntegrityError), transaction.atomic():
        event.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        TripEvent.objects.filter(pk=event.pk).update(message="")


def test_the_database_refuses_an_event_that_is_not_linked(cast: Cast) -> None:
    event = TripEvent.objects.filter(trip=cast.trip_in("assigned")).latest("version")
    event.pk, event.version, event.hash = None, event.version + 1, ""
    with pytest.raises(IntegrityError, match="trip_event_is_linked"), transaction.atomic():
        event.save()


def test_what_everybody_did_verifies(cast: Cast) -> None:
    for status in ("requested", "completed", "cancelled", "will_call"):
        cast.trip_in(status)
    late = timezone.now() - timedelta(minutes=3, microseconds=7)
    trip = cast.trip_in("dispatched")
    cast.tap(trip, "pick_up", occurred_at=late, latitude=57, longitude=11.970000000000001)
    assert list(verify()) == []


def test_every_column_but_key_and_hash_is_hashed() -> None:
    columns = {column.attname for column in TripEvent._meta.concrete_fields}
    assert set(HASHED) == columns - {"id", "hash"}
    assert len(HASHED) == len(set(HASHED))


ALTERATIONS: dict[str, object] = {
    "event": "trip.ready",
    "status": "completed",
    "previous_status": "requested",
    "inferred": True,
    "source": "system",
    "actor_id": None,
    "occurred_at": "2026-01-01T00:00Z",
    "recorded_at": "2026-01-01T00:00Z",
    "latitude": 57.70000000000001,
    "longitude": 11.970000000000002,
    "position_source": "fix",
    "position_age_s": 1.0,
    "stop_distance_m": 1.0,
    "message": "x",
    "data": '{"a": 1}',
    "previous_hash": "0" * 64,
    "hash": "0" * 64,
}


@pytest.mark.parametrize("column", ALTERATIONS)
def test_an_altered_column_is_found_and_the_row_named(cast: Cast, column: str) -> None:
    trip = cast.tap(cast.trip_in("dispatched"), "start", latitude=57.7, longitude=11.97)
    version = trip.version
    as_an_attacker(
        f"UPDATE trips_tripevent SET {column} = %s WHERE trip_id = %s AND version = %s",  # noqa: S608
        ALTERATIONS[column],
        trip.pk,
        version,
    )
    assert found(trip) == [(version, Fault.ALTERED)]


def test_a_row_of_another_trip_does_not_pass_for_ones_own(cast: Cast) -> None:
    trip, other = cast.trip_in("scheduled"), cast.trip_in("scheduled")
    removed(trip, 2)
    as_an_attacker(
        "UPDATE trips_tripevent SET trip_id = %s WHERE trip_id = %s AND version = 2",
        trip.pk,
        other.pk,
    )
    assert (2, Fault.ALTERED) in found(trip)
    assert found(other) == [(2, Fault.TRUNCATED)]


def test_a_removed_row_is_found_in_the_middle_and_at_the_end(cast: Cast) -> None:
    trip = cast.trip_in("dispatched")
    removed(trip, 2)
    assert found(trip) == [(2, Fault.MISSING)]
    removed(trip, 4)
    assert found(trip) == [(2, Fault.MISSING), (4, Fault.TRUNCATED)]


def test_all_rows_removed_are_found_too(cast: Cast) -> None:
    trip = cast.trip_in("scheduled")
    for version in (1, 2):
        removed(trip, version)
    assert found(trip) == [(1, Fault.TRUNCATED), (2, Fault.TRUNCATED)]


def test_an_inserted_row_is_found(cast: Cast) -> None:
    trip = cast.trip_in("scheduled")
    forged = TripEvent.objects.get(trip=trip, version=2)
    forged.pk, forged.version = None, 3
    forged.save()
    assert found(trip) == [(3, Fault.INSERTED)]
    Trip.objects.filter(pk=trip.pk).update(version=3)
    assert found(trip) == [(3, Fault.ALTERED)]


# --- the form that is hashed survives PostgreSQL


AWKWARD = {
    "floats": [0.1, 1e-7, 1e22, -0.0, 1.0, 2.5, 1 / 3],
    "integers": [0, -1, 2**62, 10**30],
    "text": 'ü "quoted" \\ \u2028 line\nfeed',
    "nested": {"b": {"z": 1, "a": None}, "a": [True, False, None, {}]},
    "": "an empty key",
}


def test_the_form_is_the_same_before_and_after_the_database(cast: Cast) -> None:
    trip = cast.trip_in("scheduled")
    event = TripEvent(
        trip=trip,
        version=9,
        event="trip.changed",
        status="scheduled",
        source="system",
        occurred_at=timezone.now(),
        recorded_at=timezone.now(),
        latitude=57,
        longitude=11.970000000000001,
        position_age_s=1e-9,
        data=AWKWARD,
        hash="x",
    )
    event.save()
    again = TripEvent.objects.get(pk=event.pk)
    assert canonical(content_of(again)) == canonical(content_of(event))


def test_rows_of_before_are_linked_by_the_migration_as_new_ones_are(cast: Cast) -> None:
    first, second = cast.trip_in("assigned"), cast.trip_in("completed")
    written = list(TripEvent.objects.order_by("pk").values_list("pk", "previous_hash", "hash"))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE trips_tripevent DROP CONSTRAINT trip_event_is_linked")
        cursor.execute("ALTER TABLE trips_tripevent DISABLE TRIGGER append_only")
        cursor.execute("UPDATE trips_tripevent SET hash = '', previous_hash = ''")
    assert {fault for _, fault in found(first)} == {Fault.INSERTED}
    migration = import_module("trips.migrations.0008_evidence")
    migration.link_all(apps, None)
    again = list(TripEvent.objects.order_by("pk").values_list("pk", "previous_hash", "hash"))
    assert again == written
    assert found(first) == found(second) == []


# --- the command


def run(*arguments: str) -> tuple[int, list[str]]:
    out = StringIO()
    try:
        call_command("verify_evidence", *arguments, stdout=out)
    except SystemExit as exit_:
        return int(str(exit_.code)), out.getvalue().splitlines()
    return 0, out.getvalue().splitlines()


def test_the_command_says_how_much_it_looked_at(cast: Cast) -> None:
    cast.trip_in("assigned")
    cast.trip_in("scheduled")
    assert run() == (0, ["5 events of 2 trips: 0 faults"])
    assert run("--json") == (0, ['{"trips": 2, "events": 5, "faults": 0}'])


def test_the_command_lists_what_it_found_by_trip_and_version_and_exits_with_1(cast: Cast) -> None:
    good, bad = cast.trip_in("assigned"), cast.trip_in("assigned")
    as_an_attacker(
        "UPDATE trips_tripevent SET message = 'no' WHERE trip_id = %s AND version = 3", bad.pk
    )
    removed(bad, 1)
    code, lines = run()
    assert code == 1
    assert lines == [
        f"trip {bad.pk} version 1: missing",
        f"trip {bad.pk} version 3: altered",
        "5 events of 2 trips: 2 faults",
    ]
    code, lines = run("--json", "--trip", str(bad.pk))
    assert code == 1
    assert [json.loads(line) for line in lines] == [
        {"trip": bad.pk, "version": 1, "fault": "missing"},
        {"trip": bad.pk, "version": 3, "fault": "altered"},
        {"trips": 1, "events": 2, "faults": 2},
    ]
    assert run("--trip", str(good.pk)) == (0, ["3 events of 1 trips: 0 faults"])


def test_an_unknown_trip_is_an_error_and_not_a_clean_result() -> None:
    with pytest.raises(CommandError, match="no trip 987654321"):
        call_command("verify_evidence", "--trip", "987654321")


def test_findings_come_in_the_order_of_trips(cast: Cast) -> None:
    trips = [cast.trip_in("scheduled") for _ in range(3)]
    for trip in reversed(trips):
        removed(trip, 2)
    assert list(verify()) == [Finding(trip.pk, 2, Fault.TRUNCATED) for trip in trips]
