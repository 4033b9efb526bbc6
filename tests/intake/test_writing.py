"""How trips are written: few statements, gapless streams, chained events, progress."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.subscriptions import SUBSCRIPTIONS
from tests.cast import Cast, person
from tests.intake.files import good, imported, manifest, post
from trips import access, task_runs
from trips.models import (
    Company,
    Delivery,
    Stream,
    StreamEntry,
    Trip,
    TripEvent,
)
from trips.tasks import import_trips
from users.roles import Role

pytestmark = pytest.mark.django_db


def statements(cast: Cast, rows: int, first: int) -> int:
    text = manifest([good(external_id=str(first + n)) for n in range(rows)])
    answer = post(cast.dina, text)
    with CaptureQueriesContext(connection) as queries:
        import_trips.apply(args=(str(answer.data["task_id"]), 0), throw=True)
    return len(queries)


def test_the_number_of_statements_does_not_grow_with_the_rows(cast: Cast) -> None:
    assert statements(cast, 2, 0) == statements(cast, 200, 1_000)


def test_streams_stay_gapless_and_events_are_chained(cast: Cast) -> None:
    cast.trip_in("assigned")
    imported(cast.dina, manifest([good(external_id=str(n)) for n in range(30)]), "?accept=1")
    cast.trip_in("assigned")
    board = StreamEntry.objects.filter(stream="board").order_by("seq")
    assert list(board.values_list("seq", flat=True)) == list(range(1, board.count() + 1))
    assert Stream.objects.get(pk="board").last_seq == board.count()
    trip = Trip.objects.get(external_id="29")
    first, second = TripEvent.objects.filter(trip=trip).order_by("version")
    assert first.hash
    assert (first.previous_hash, second.previous_hash) == ("", first.hash)


def test_what_follows_a_booking_follows_an_import(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SUBSCRIPTIONS, "trip.requested", ("trip_notices",))
    imported(cast.dina, manifest([good()]))
    assert Delivery.objects.filter(topic="trip.requested").count() == 1


def test_an_imported_trip_is_on_the_board_and_in_the_facilitys_list(cast: Cast) -> None:
    imported(cast.dina, manifest([good(facility=cast.facility.pk)]))
    assert access.visible_trips(cast.hugo).count() == 1
    stranger = person("hilda", Role.FACILITY)
    assert access.visible_trips(stranger).count() == 0


def test_another_zone_means_another_moment(cast: Cast) -> None:
    Company.objects.update(time_zone="America/New_York")
    imported(cast.dina, manifest([good()]))
    local = Trip.objects.get().scheduled_at.astimezone(ZoneInfo("America/New_York"))  # type: ignore[union-attr]
    assert (local.hour, local.minute) == (8, 30)


def test_dina_sees_how_far_it_is(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    frames: list[tuple[Any, ...]] = []
    monkeypatch.setattr(task_runs, "send_task", lambda *frame: frames.append(frame))
    monkeypatch.setattr("trips.intake.service.BATCH", 10)
    monkeypatch.setattr(task_runs, "REPORT_EVERY_S", 0)
    imported(cast.dina, manifest([good(external_id=str(n)) for n in range(40)]))
    assert {frame[0] for frame in frames} == {cast.dina.pk}
    steps = [frame[3:] for frame in frames]
    assert steps == [
        *((n, 80) for n in range(1, 41)),
        *((40 + n, 80) for n in (10, 20, 30, 40)),
        (80, 80),
    ]


def test_what_was_imported_stands_as_evidence(cast: Cast) -> None:
    imported(
        cast.dina,
        manifest([good(external_id=str(n), **{"return": "will call"}) for n in range(3)]),
        "?accept=1",
    )
    cast.tap(Trip.objects.get(external_id="1"), "assign")
    call_command("verify_evidence")  # exits where a link does not fit
