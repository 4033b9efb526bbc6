"""Numbered frames: in order, without a gap, replayed exactly, whole again after anything."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F

from tests.cast import Cast, event_names
from tests.fixtures_processes import CeleryWorker
from tests.sockets.conftest import Opens
from tests.sockets.screen import Screen
from trips.models import Stream, Trip
from trips.realtime.client_state import POSITION

pytestmark = pytest.mark.django_db(transaction=True)

ROAD = ("start", "arrive_pickup", "pick_up", "arrive_dropoff", "complete")


@pytest.fixture(autouse=True)
def _worker(celery_worker_process: CeleryWorker) -> None:
    """The one who rings for new events."""


def drive(cast: Cast, trip: Trip) -> None:
    for action in ROAD:
        cast.tap(trip, action)


def numbers(frames: list[dict[str, Any]]) -> list[tuple[int, int, int, str]]:
    return [(one["seq"], one["trip_id"], one["version"], one["event"]) for one in frames]


def test_events_come_in_order_and_without_a_gap(cast: Cast, opens: Opens) -> None:
    trip = cast.trip_in("dispatched")
    with opens(cast.dina, "/ws/dispatch/") as board, opens(cast.pia, path(trip)) as pias:
        heads = [screen.live().state.seq or 0 for screen in (board, pias)]
        drive(cast, trip)
        for screen, head in zip((board, pias), heads, strict=True):
            reaches(screen, head + len(ROAD))
            frames = screen.of("trip.event")
            assert [one["seq"] - head for one in frames] == [1, 2, 3, 4, 5]
            assert [one["version"] - trip.version for one in frames] == [1, 2, 3, 4, 5]
            assert [one["event"] for one in frames] == event_names(trip)[-len(ROAD) :]
            assert screen.state.trips[trip.pk]["status"] == "completed"
            assert screen.state.counters.gaps == 0


def reaches(screen: Screen, seq: int) -> None:
    """Read until the screen has frame number `seq`."""
    screen.until(lambda state: state.seq == seq)


def test_an_event_frame_has_all_its_fields(cast: Cast, opens: Opens) -> None:
    trip = cast.trip_in("dispatched")
    with opens(cast.dina, path(trip)) as screen:
        screen.live()
        cast.tap(trip, "unassign", reason="flat tyre")
        frame = screen.next_of("trip.event")
    assert frame.keys() == {
        *("type", "seq", "trip_id", "version", "status", "event", "at", "message", "trip")
    }
    assert (frame["status"], frame["event"]) == ("scheduled", "trip.unassigned")
    assert (frame["message"], frame["at"][-1]) == ("flat tyre", "Z")
    assert "actions" not in frame["trip"]


def test_a_resume_replays_exactly_what_was_missed(cast: Cast, opens: Opens) -> None:
    trip = cast.trip_in("dispatched")
    with opens(cast.dina, "/ws/dispatch/") as steady, opens(cast.dina, "/ws/dispatch/") as lost:
        head = steady.live().state.seq or 0
        lost.live()
        cast.tap(trip, "start")
        reaches(lost, head + 1)
        lost.drop()
        for action in ROAD[1:]:
            cast.tap(trip, action)
        reaches(steady, head + len(ROAD))
        lost.connect()
        resumed = lost.next_of("resumed")
        assert resumed == {"type": "resumed", "recovered": True, "seq": head + len(ROAD)}
        assert numbers(lost.of("trip.event")) == numbers(steady.of("trip.event"))
        assert len(lost.of("snapshot")) == 1
        assert lost.state.counters.duplicates == 0
        assert same_picture(lost, steady)


def test_what_frames_add_up_to_is_what_a_fresh_snapshot_shows(cast: Cast, opens: Opens) -> None:
    with opens(cast.dina, "/ws/dispatch/") as screen:
        screen.live()
        for status in ("completed", "cancelled", "no_show", "in_progress", "rejected", "missed"):
            last = cast.trip_in(status)
        reaches(screen, Stream.objects.get(name="board").last_seq)
        assert screen.state.trips[last.pk]["status"] == "missed"
        with opens(cast.dina, "/ws/dispatch/") as fresh:
            assert same_picture(screen, fresh.live())


def same_picture(left: Screen, right: Screen) -> bool:
    assert left.state.trips == right.state.trips
    assert positions(left) == positions(right)
    assert left.state.seq == right.state.seq
    return True


def positions(screen: Screen) -> dict[Any, list[Any]]:
    vehicles = screen.state.vehicles
    return {key: [one[name] for name in POSITION] for key, one in vehicles.items()}


def test_another_history_gets_a_snapshot(cast: Cast, opens: Opens) -> None:
    cast.trip_in("assigned")
    with opens(cast.dina, "/ws/dispatch/", heals=False) as screen:
        head = screen.next()["seq"]
        screen.send({"type": "resume", "epoch": str(uuid.uuid4()), "since": head - 1})
        assert screen.next() == {"type": "resumed", "recovered": False, "seq": head}
        snapshot = screen.next()
        assert (snapshot["type"], snapshot["seq"]) == ("snapshot", head)


@pytest.mark.parametrize("since", [-1, 10**6, 10**18])
def test_an_impossible_number_gets_a_snapshot(cast: Cast, opens: Opens, since: int) -> None:
    cast.trip_in("assigned")
    with opens(cast.dina, "/ws/dispatch/", heals=False) as screen:
        screen.send({"type": "resume", "epoch": screen.next()["epoch"], "since": since})
        assert [screen.next()["type"] for _ in range(2)] == ["resumed", "snapshot"]
        assert screen.frames[1]["recovered"] is False


def test_who_is_too_far_behind_gets_a_snapshot(cast: Cast, opens: Opens) -> None:
    trip = cast.trip_in("dispatched")
    # As if six hundred more had happened: what lies between is not read at all.
    Stream.objects.filter(name="board").update(last_seq=F("last_seq") + 600)
    with opens(cast.dina, "/ws/dispatch/", heals=False) as screen:
        hello = screen.next()
        screen.send({"type": "resume", "epoch": hello["epoch"], "since": 1})
        assert [screen.next()["type"] for _ in range(2)] == ["resumed", "snapshot"]
        assert (screen.frames[1]["recovered"], screen.frames[2]["seq"]) == (False, hello["seq"])
        cast.tap(trip, "start")
        assert screen.next_of("trip.event")["seq"] == hello["seq"] + 1


def test_after_very_much_at_once_a_live_screen_gets_a_snapshot(cast: Cast, opens: Opens) -> None:
    trip = cast.trip_in("dispatched")
    with opens(cast.dina, "/ws/dispatch/") as screen:
        head = screen.live().state.seq or 0
        # As if an import had written so much: what lies between is not read at all.
        with transaction.atomic():
            Stream.objects.filter(name="board").update(last_seq=F("last_seq") + 1_200)
            cast.tap(trip, "start")
        reaches(screen, head + 1_201)
        assert [one["recovered"] for one in screen.of("resumed")] == [False]
        assert [one["seq"] for one in screen.of("snapshot")] == [head, head + 1_201]
        assert not screen.of("trip.event")
        assert screen.state.counters.gaps == 0
        cast.tap(trip, "arrive_pickup")
        reaches(screen, head + 1_202)
        assert screen.of("trip.event")[-1]["event"] == "trip.arrived_pickup"
        assert screen.state.trips[trip.pk]["status"] == "arrived_pickup"


def test_an_empty_resume_gets_a_snapshot_at_once_and_silence_a_second_later(
    cast: Cast, opens: Opens
) -> None:
    trip = cast.trip_in("assigned")
    for says_something in (True, False):
        with opens(cast.dina, "/ws/dispatch/", heals=False) as screen:
            screen.next()
            if says_something:
                screen.send({"type": "resume"})
            snapshot = screen.next()
        assert snapshot["type"] == "snapshot"
        [shown] = snapshot["trips"]
        assert (shown["id"], shown["status"], shown["version"]) == (
            trip.pk,
            "assigned",
            trip.version,
        )
        assert {one["id"] for one in snapshot["vehicles"]} == {cast.van.pk, cast.spare_van.pk}


def test_omars_own_stream_shows_what_is_given_to_him_and_taken_away(
    cast: Cast, opens: Opens
) -> None:
    trip = cast.trip_in("scheduled")
    with opens(cast.omar, "/ws/me/") as omars, opens(cast.eve, "/ws/me/") as eves:
        omars.live()
        eves.live()
        cast.tap(trip, "assign")
        omars.until(lambda state: state.trips[trip.pk]["driver"]["id"] == cast.driver.pk)
        notice = omars.next_of("notification")["notification"]
        assert (notice["trip_id"], notice["kind"]) == (trip.pk, "trip_assigned")
        assert not eves.of("trip.event")
        cast.give_to_eve(trip)
        omars.until(lambda state: state.trips[trip.pk]["driver"]["id"] != cast.driver.pk)
        eves.until(lambda state: trip.pk in state.trips)


def test_a_trips_watchers_see_that_trip_only(cast: Cast, opens: Opens) -> None:
    watched, other = cast.trip_in("dispatched"), cast.trip_in("dispatched")
    with opens(cast.pia, path(watched)) as screen:
        screen.live()
        cast.tap(other, "start")
        cast.tap(watched, "start")
        screen.until(lambda state: state.trips[watched.pk]["status"] == "en_route_pickup")
        assert set(screen.state.trips) == {watched.pk}
        assert {one["trip_id"] for one in screen.of("trip.event")} == {watched.pk}


def path(trip: Trip) -> str:
    return f"/ws/trips/{trip.pk}/"


def test_events_arrive_also_while_no_worker_rings(
    cast: Cast, opens: Opens, celery_worker_process: CeleryWorker
) -> None:
    trip = cast.trip_in("dispatched")
    with opens(cast.dina, "/ws/dispatch/") as screen:
        screen.live()
        celery_worker_process.kill()
        try:
            cast.tap(trip, "start")
            screen.until(lambda state: state.trips[trip.pk]["status"] == "en_route_pickup")
        finally:
            celery_worker_process.start()
