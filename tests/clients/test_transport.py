"""Both clients heal themselves over real sockets, whatever the server or the line does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.clients.node import node_binary
from tests.clients.scripted_server import ScriptedServer, until
from trips.realtime.client import BoardClient

Json = dict[str, Any]
RUNNER = Path(__file__).with_name("run_socket.mjs")


class Screen(Protocol):
    """What a client shows, in whichever language it is written."""

    def shown(self) -> Json: ...


class PythonScreen:
    def __init__(self, client: BoardClient) -> None:
        self.client = client

    def shown(self) -> Json:
        state = self.client.state
        return {
            "status": state.status,
            "seq": state.seq,
            "epoch": state.epoch,
            "stopped": state.stopped,
            "counters": asdict(state.counters),
            "trips": {str(key): trip for key, trip in state.trips.items()},
        }


class JavaScriptScreen:
    def __init__(self) -> None:
        self.last: Json = {"status": None, "seq": None, "trips": {}}

    def shown(self) -> Json:
        return self.last

    async def follow(self, lines: asyncio.StreamReader) -> None:
        async for line in lines:
            self.last = json.loads(line)


@asynccontextmanager
async def python_screen(url: str, token: str) -> AsyncIterator[Screen]:
    async with BoardClient(url, token=token) as client:
        yield PythonScreen(client)


@asynccontextmanager
async def javascript_screen(url: str, token: str) -> AsyncIterator[Screen]:
    command = [node_binary(), "--experimental-websocket", str(RUNNER), url, token]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdin is not None
    screen = JavaScriptScreen()
    following = asyncio.create_task(screen.follow(process.stdout))
    try:
        yield screen
    finally:
        process.stdin.close()
        await process.wait()
        await following


Open = Callable[[str, str], AbstractAsyncContextManager[Screen]]
both_clients = pytest.mark.parametrize(
    "open_screen", [python_screen, javascript_screen], ids=["python", "javascript"]
)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer()
    await server.start()
    yield server
    await server.stop()


def url_of(server: ScriptedServer) -> str:
    return f"ws://127.0.0.1:{server.port}/ws/dispatch/"


def shows(screen: Screen, status: str) -> Callable[[], bool]:
    def check() -> bool:
        shown = screen.shown()
        trip = shown["trips"].get("7")
        return bool(shown["status"] == "live" and trip and trip["status"] == status)

    return check


@both_clients
async def test_a_client_says_who_it_is_by_subprotocol_and_gets_a_snapshot(
    server: ScriptedServer, open_screen: Open
) -> None:
    async with open_screen(url_of(server), "secret-1_x") as screen:
        await until(shows(screen, "assigned"))
    assert server.greetings[0][0] == ["atw.v1", "token.secret-1_x"]
    assert server.asked[0] == {"type": "resume"}


@both_clients
async def test_a_killed_server_costs_nothing_but_a_replay(
    server: ScriptedServer, open_screen: Open
) -> None:
    async with open_screen(url_of(server), "t") as screen:
        await until(shows(screen, "assigned"))
        await server.publish("dispatched")
        await until(shows(screen, "dispatched"))
        await server.stop()
        await server.publish("en_route_pickup")
        await server.publish("arrived_pickup")
        await until(lambda: screen.shown()["status"] == "offline")
        server.asked.clear()
        await server.start()
        await until(shows(screen, "arrived_pickup"), 15)
    assert server.asked[0] == {"type": "resume", "epoch": server.epoch, "since": 1}
    assert screen.shown()["seq"] == 3


@both_clients
async def test_a_lost_last_frame_is_noticed_at_the_next_heartbeat(
    server: ScriptedServer, open_screen: Open
) -> None:
    async with open_screen(url_of(server), "t") as screen:
        await until(shows(screen, "assigned"))
        await server.publish("dispatched", lost=True)
        await server.heartbeat()
        await until(shows(screen, "dispatched"))
    assert screen.shown()["counters"]["gaps"] == 0


@both_clients
async def test_a_gap_is_filled_before_anything_newer_is_shown(
    server: ScriptedServer, open_screen: Open
) -> None:
    async with open_screen(url_of(server), "t") as screen:
        await until(shows(screen, "assigned"))
        await server.publish("dispatched", lost=True)
        await server.publish("en_route_pickup")
        await until(shows(screen, "en_route_pickup"))
    assert screen.shown()["counters"]["gaps"] == 1


@both_clients
async def test_a_restored_database_replaces_the_picture(
    server: ScriptedServer, open_screen: Open
) -> None:
    async with open_screen(url_of(server), "t") as screen:
        await until(shows(screen, "assigned"))
        await server.publish("dispatched")
        await until(shows(screen, "dispatched"))
        server.epoch = "22222222-2222-4222-8222-222222222222"
        server.log.clear()
        server.trips = {7: {"id": 7, "status": "scheduled", "version": 1}}
        await server.close(4012)
        await until(shows(screen, "scheduled"))
    assert screen.shown()["epoch"] == server.epoch


@both_clients
@pytest.mark.parametrize("code", [4408, 4012])
async def test_a_client_that_is_asked_to_come_back_does(
    server: ScriptedServer, open_screen: Open, code: int
) -> None:
    async with open_screen(url_of(server), "t") as screen:
        await until(shows(screen, "assigned"))
        await server.close(code)
        await until(lambda: len(server.greetings) == 2)
        await server.publish("dispatched")
        await until(shows(screen, "dispatched"))


@both_clients
@pytest.mark.parametrize("code", [4401, 4403, 4404])
async def test_a_refused_client_does_not_knock_again(
    server: ScriptedServer, open_screen: Open, code: int
) -> None:
    server.refuse_with = code
    async with open_screen(url_of(server), "t") as screen:
        await until(lambda: screen.shown().get("stopped") == code)
        await asyncio.sleep(1.2)
    assert len(server.greetings) == 1


async def test_waiting_on_a_refused_client_says_why(server: ScriptedServer) -> None:
    server.refuse_with = 4403
    async with BoardClient(url_of(server), token="t") as client:
        with pytest.raises(ConnectionError, match="4403"):
            await client.wait_until(lambda state: state.status == "live", 5)


async def test_a_wait_that_fails_tells_what_was_shown(server: ScriptedServer) -> None:
    async with BoardClient(url_of(server)) as client:
        await client.wait_until(lambda state: state.status == "live")
        with pytest.raises(TimeoutError, match="live, seq 0, 1 trips, 0 vehicles"):
            await client.wait_until(lambda state: 99 in state.trips, 0.2)


async def test_a_cut_line_is_resumed_and_every_drawn_position_is_kept(
    server: ScriptedServer,
) -> None:
    async with BoardClient(url_of(server), log_positions=True) as client:
        await client.wait_until(lambda state: state.status == "live")
        for second in (1, 3, 2):
            await server.tell({"type": "gps.batch", "fixes": [fix_at(second)]})
        await client.wait_until(lambda state: state.counters.stale == 1)
        client.drop()
        await client.wait_until(lambda state: state.status == "offline")
        await client.wait_until(lambda state: state.status == "live")
        await server.tell({"type": "gps.batch", "fixes": [fix_at(4)]})
        await client.wait_until(lambda state: state.vehicles[3]["recorded_at"] == time_at(4))
    assert [shown.recorded_at for shown in client.shown] == [time_at(n) for n in (1, 3, 4)]
    assert client.counters.stale == 1


async def test_a_browser_login_is_a_cookie_and_an_origin(server: ScriptedServer) -> None:
    origin = "http://127.0.0.1:8000"
    async with BoardClient(url_of(server), cookie="sessionid=x", origin=origin) as client:
        await client.wait_until(lambda state: state.status == "live")
    assert server.greetings == [(["atw.v1"], origin)]


def time_at(second: int) -> str:
    return f"2026-03-02T09:00:{second:02d}Z"


def fix_at(second: int) -> Json:
    return {
        "trip_id": 7,
        "vehicle_id": 3,
        "latitude": 57.7 + second / 1000,
        "longitude": 11.97,
        "speed": None,
        "heading": None,
        "recorded_at": time_at(second),
    }
