"""Sockets that are never read cost little, and disturb nobody."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import psutil  # type: ignore[import-untyped]
import pytest

from prove.screens import Screen
from tests.cast import Cast
from tests.fixtures_processes import WebServer
from trips.realtime.broadcast import LiveFix, send_positions
from trips.realtime.messages import iso_s

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

DEAF = 20
MOST_COST_BYTES = 50_000_000
#: Together 7 MB a socket, more than the kernel's buffers hold for it.
FRAMES, VEHICLES = 300, 150


@pytest.fixture
def deaf_sockets(web_server: WebServer, cast: Cast) -> Iterator[list[socket.socket]]:
    """Boards that were opened and are never read again."""
    host, port = web_server.base_url.removeprefix("http://").split(":")
    with ExitStack() as stack:
        opened = [_open(host, int(port), cast.token(cast.dina)) for _ in range(DEAF)]
        for one in opened:
            stack.enter_context(one)
        yield opened


def _open(host: str, port: int, token: str) -> socket.socket:
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    one.settimeout(10)
    one.connect((host, port))
    key = base64.b64encode(os.urandom(16)).decode()
    one.sendall(
        (
            f"GET /ws/dispatch/ HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: atw.v1, token.{token}\r\n\r\n"
        ).encode()
    )
    assert b" 101 " in one.recv(64)
    return one


def _fleet(at: float) -> list[LiveFix]:
    return [
        LiveFix(
            vehicle=10_000 + n,
            driver=None,
            trip=None,
            trips=[],
            lat=57.7,
            lon=11.97,
            speed=9.5,
            heading=180.0,
            at=at,
        )
        for n in range(VEHICLES)
    ]


def test_twenty_sockets_that_never_read_cost_little_and_disturb_no_one(
    web_server: WebServer, cast: Cast, deaf_sockets: list[socket.socket]
) -> None:
    process = psutil.Process(web_server.pid)
    token = cast.token(cast.dina)

    async def look_on() -> tuple[Screen, int, int]:
        async with Screen(f"{web_server.ws_url}/ws/dispatch/", token) as screen:
            await screen.wait_until(lambda state: state.status == "live")
            await asyncio.sleep(1.5)  # the deaf ones get their snapshot after one second
            before = process.memory_info().rss
            last = await asyncio.to_thread(_send_all)
            await screen.wait_until(
                lambda state: state.vehicles[10_000]["recorded_at"] == iso_s(last), 20
            )
            after = process.memory_info().rss
        return screen, before, after

    screen, before, after = asyncio.run(look_on())
    print("COST", after - before)
    assert after - before < MOST_COST_BYTES
    assert screen.close_codes == []
    drawn = {position.at for position in screen.positions}
    assert len(drawn) > FRAMES / 2, "the one that reads was taken for a slow one"


def _send_all() -> float:
    """Push the fleet's positions at 50 a second; when the last ones were taken."""
    at = time.time()
    for _ in range(FRAMES):
        at = time.time()
        send_positions(_fleet(at))
        time.sleep(0.02)
    return at
