"""From the GPS door to the screens: who sees which position, and that none goes back."""

from __future__ import annotations

import os
from typing import Any

import pytest
from django.utils import timezone

from tests.cast import Cast
from tests.fixtures_processes import CeleryWorker, WebServer
from tests.sockets.conftest import Opens
from tests.sockets.screen import Screen
from tests.tracking.door import HERE, Door, fix, marker
from trips import links
from trips.models import Trip
from trips.realtime import messages
from trips.tasks import broadcast_gps_update

pytestmark = pytest.mark.django_db(transaction=True)
#: Less than 250 m up the street: a longer jump within a second would not be believed.
NEARER, NEAR = 57.7045, 57.7055
FIX = {"trip_id", "vehicle_id", "latitude", "longitude", "speed", "heading", "recorded_at"}


@pytest.fixture(autouse=True)
def _worker(celery_worker_process: CeleryWorker) -> None:
    """The one who broadcasts."""


@pytest.fixture
def trip(cast: Cast, door: Door) -> Trip:
    """Pia is aboard, and the server's caches know it."""
    trip = cast.trip_in("in_progress")
    door.post(trip, fix())
    return trip


def shows(screen: Screen, cast: Cast, latitude: float, timeout_s: float = 10) -> dict[str, Any]:
    """Read until Omar's van stands there; the frame that moved it."""
    screen.until(lambda state: state.vehicles[cast.van.pk]["latitude"] == latitude, timeout_s)
    return screen.frames[-1]


def test_a_fix_reaches_the_board_and_the_trips_watchers(
    cast: Cast, opens: Opens, door: Door, trip: Trip
) -> None:
    path = f"/ws/trips/{trip.pk}/"
    with opens(cast.dina, "/ws/dispatch/") as board, opens(cast.pia, path) as pias:
        board.live()
        pias.live()
        sent = fix(speed=9.5, heading=270, latitude=NEAR)
        assert door.post(trip, sent).status_code == 202
        batch, update = shows(board, cast, NEAR), shows(pias, cast, NEAR)
    [shown] = batch["fixes"]
    assert shown.keys() == FIX
    assert update == {"type": "gps_update", **shown}
    assert (shown["trip_id"], shown["vehicle_id"]) == (trip.pk, cast.van.pk)
    assert (shown["latitude"], shown["speed"], shown["heading"]) == (NEAR, 9.5, 270)
    assert shown["recorded_at"][-1] == "Z"


def test_a_marker_never_goes_back(cast: Cast, opens: Opens, door: Door, trip: Trip) -> None:
    with opens(cast.dina, "/ws/dispatch/", heals=False) as board:
        board.next()
        board.send({"type": "resume"})
        board.next_of("snapshot")
        for seconds_ago in (0, 30, 20, 10, -3_600, 40):
            door.post(trip, fix(seconds_ago))
        last = door.post(trip, fix(latitude=NEAR))
        assert last.json()["accepted"] == 1
        shows(board, cast, NEAR)
        times = [one["recorded_at"] for frame in board.of("gps.batch") for one in frame["fixes"]]
    assert times == sorted(times)
    assert max(times) <= messages.iso(timezone.now())
    assert marker().latitude == NEAR


def test_a_backlog_shows_its_newest_position_only(
    cast: Cast, opens: Opens, door: Door, trip: Trip
) -> None:
    with opens(cast.pia, f"/ws/trips/{trip.pk}/") as pias:
        pias.live()
        newest = fix(latitude=NEAR)
        door.post(trip, [newest, *[fix(seconds) for seconds in range(500, 0, -1)]])
        shows(pias, cast, NEAR)
        assert not {one["latitude"] for one in pias.of("gps_update")} - {HERE["latitude"], NEAR}


def test_others_trips_and_streams_show_no_position(
    cast: Cast, opens: Opens, door: Door, trip: Trip
) -> None:
    other = cast.trip_in("dispatched")
    cast.give_to_eve(other)
    with opens(cast.eve, f"/ws/trips/{other.pk}/") as eves, opens(cast.eve, "/ws/me/") as mine:
        eves.live()
        mine.live()
        with opens(cast.dina, "/ws/dispatch/") as board:
            board.live()
            door.post(trip, fix(latitude=NEAR))
            shows(board, cast, NEAR)
        cast.tap(other, "start", cast.eve)
        eves.until(lambda state: state.trips[other.pk]["status"] == "en_route_pickup")
        mine.until(lambda state: state.trips[other.pk]["status"] == "en_route_pickup")
        for screen in (eves, mine):
            assert not screen.of("gps_update")
            assert not screen.of("gps.batch")


def test_after_a_resume_the_markers_are_right_at_once(
    cast: Cast, opens: Opens, door: Door, trip: Trip
) -> None:
    with opens(cast.dina, "/ws/dispatch/") as board:
        board.live()
        board.drop()
        door.post(trip, fix(latitude=NEAR))
        board.connect()
        shows(board, cast, NEAR, timeout_s=5)
        assert len(board.of("snapshot")) == 1


def test_subscribe_narrows_positions_and_no_event(
    cast: Cast, opens: Opens, door: Door, trip: Trip
) -> None:
    other = cast.trip_in("dispatched")
    with opens(cast.dina, "/ws/dispatch/") as board, opens(cast.dina, "/ws/dispatch/") as all_:
        board.live()
        all_.live()
        board.send({"type": "subscribe", "trips": [other.pk]})
        board.send("so that the answer tells that the line before was read")
        board.next_of("error")
        door.post(trip, fix(latitude=NEAR))
        shows(all_, cast, NEAR)
        cast.tap(trip, "arrive_dropoff")
        board.until(lambda state: state.trips[trip.pk]["status"] == "arrived_dropoff")
        fixes = [fix for frame in board.of("gps.batch") for fix in frame["fixes"]]
        # A van of the test before may still have moved when this board opened.
        assert NEAR not in [fix["latitude"] for fix in fixes if fix["vehicle_id"] == cast.van.pk]
        board.send({"type": "subscribe", "trips": None})
        board.send("?")
        board.next_of("error")
        door.post(trip, fix(latitude=NEARER))
        shows(board, cast, NEARER)


def test_the_tracking_link_moves_too(
    cast: Cast, web_server: WebServer, door: Door, trip: Trip
) -> None:
    with Screen(f"{web_server.ws_url}/ws/track/{links.sign(trip.pk)}/") as screen:
        screen.live()
        door.post(trip, fix(latitude=NEAR))
        shows(screen, cast, NEAR)


def test_the_task_of_the_guides_sends_one_frame_and_stores_nothing(
    cast: Cast, opens: Opens, trip: Trip
) -> None:
    with opens(cast.pia, f"/ws/trips/{trip.pk}/") as pias:
        pias.live()
        result = broadcast_gps_update.delay(trip.pk, NEAR, 11.9, speed=3.0)
        assert "GPS update broadcast" in result.get(timeout=15)
        # It names no vehicle: a marker of the trip's own.
        pias.until(lambda state: state.vehicles[f"trip:{trip.pk}"]["latitude"] == NEAR)
        update = pias.frames[-1]
    assert (update["trip_id"], update["latitude"], update["speed"]) == (trip.pk, NEAR, 3.0)
    assert marker().latitude != NEAR


@pytest.mark.parametrize(
    "idle_s",
    [
        # Longer than redis-py's 5 s and one round of pings and heartbeats.
        12,
        pytest.param(
            65,
            marks=[
                pytest.mark.slow,
                pytest.mark.skipif("ATW_SLOW" not in os.environ, reason="takes a minute"),
            ],
        ),
    ],
)
def test_a_socket_that_says_nothing_stays_and_hears_the_heart(
    cast: Cast, opens: Opens, door: Door, trip: Trip, idle_s: int
) -> None:
    with opens(cast.dina, "/ws/dispatch/", heals=False) as board:
        head = board.next()["seq"]
        board.next_of("snapshot")
        board.read_for(idle_s)
        beats = board.of("heartbeat")
        assert len(beats) >= idle_s // 10
        assert all(beat == {"type": "heartbeat", "seq": head, "at": beat["at"]} for beat in beats)
        door.post(trip, fix(latitude=NEAR))
        shows(board, cast, NEAR)
