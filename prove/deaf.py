"""Sockets that are opened and never read, beside others that are, and a fleet that drives."""

from __future__ import annotations

import asyncio
import fcntl
import re
import socket
import struct
import termios
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import psutil  # type: ignore[import-untyped]

from bench.sockets import Watcher, acknowledge_forever, drop_all, open_all
from bench.stats import percentile
from bench.wire import handshake
from prove.screens import Screen
from trips.realtime.broadcast import LiveFix, send_positions
from trips.realtime.messages import iso_s

BOARD = "/ws/dispatch/"
#: A deaf socket gets its snapshot after one second.
SNAPSHOT_S = 1.5
CONNECT_S, LIVE_S = 30.0, 30.0
FIRST_VEHICLE, VEHICLES = 10_000, 150
#: Together 7 MB a socket, more than the kernel's buffers hold for it.
BURST, BURST_EVERY_S = 300, 0.02
STREAM_EVERY_S, LOOK_EVERY_S = 0.1, 0.25
_AT = re.compile(rb'"recorded_at":"([^"]+)"')


class Deaf:
    """One board that is never read, in as little memory of its own as the kernel allows."""

    def __init__(self, port: int, token: str) -> None:
        self._line = socket.socket()
        self._line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self._line.settimeout(CONNECT_S)
        self._line.connect(("127.0.0.1", port))
        self._line.sendall(handshake(BOARD, token))
        if b" 101 " not in self._line.recv(64):
            raise ConnectionError("the board is not opened")
        self.since = time.monotonic()
        self.port: int = self._line.getsockname()[1]

    @property
    def unread_bytes(self) -> int:
        """What has come to it."""
        return int(struct.unpack("i", fcntl.ioctl(self._line, termios.FIONREAD, b"\0" * 4))[0])

    def close(self) -> None:
        """Give it up."""
        self._line.close()


@contextmanager
def deaf_ones(port: int, token: str, count: int) -> Iterator[list[Deaf]]:
    """So many of them; the list may be changed."""
    opened = [Deaf(port, token) for _ in range(count)]
    try:
        yield opened
    finally:
        for one in opened:
            one.close()


def fleet(at: float) -> list[LiveFix]:
    """Where all vehicles are, at unix seconds `at`."""
    return [
        LiveFix(
            vehicle=FIRST_VEHICLE + n,
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


def burst() -> float:
    """Push the fleet's positions at 50 a second; when the last ones were taken."""
    at = time.time()
    for _ in range(BURST):
        at = time.time()
        send_positions(fleet(at))
        time.sleep(BURST_EVERY_S)
    return at


async def cost_of_a_burst(ws_url: str, pid: int, token: str) -> tuple[Screen, int]:
    """(a screen that read along to the end, the bytes that process `pid` has more by then).

    To be called where deaf ones are open.
    """
    process = psutil.Process(pid)
    async with Screen(f"{ws_url}{BOARD}", token) as screen:
        await screen.wait_until(lambda state: state.status == "live", LIVE_S)
        await asyncio.sleep(SNAPSHOT_S)
        before = process.memory_info().rss
        last = iso_s(await asyncio.to_thread(burst))
        await screen.wait_until(
            lambda state: state.vehicles[FIRST_VEHICLE]["recorded_at"] == last, LIVE_S
        )
        return screen, process.memory_info().rss - before


@dataclass
class Readers:
    """Boards that are read and acknowledged as they should be, and how old what they got was."""

    ages_s: list[float] = field(default_factory=list)

    @asynccontextmanager
    async def reading(self, port: int, token: str, count: int) -> AsyncIterator[list[Watcher]]:
        """So many of them."""
        watchers = [Watcher(BOARD, token, self._heard) for _ in range(count)]
        await open_all(port, watchers)
        acknowledging = asyncio.create_task(acknowledge_forever(watchers))
        yield watchers
        acknowledging.cancel()
        drop_all(watchers)

    def _heard(self, _: Watcher, payload: bytes) -> None:
        if payload.startswith(b'{"type":"gps.batch"') and (found := _AT.search(payload)):
            at = datetime.fromisoformat(found[1].decode()).timestamp()
            self.ages_s.append(time.time() - at)

    async def p99_s(self, seconds: float) -> float:
        """The fleet drives for so long: the 99th percentile of the ages."""
        self.ages_s.clear()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await asyncio.to_thread(send_positions, fleet(time.time()))
            await asyncio.sleep(STREAM_EVERY_S)
        return percentile(self.ages_s, 99)


@dataclass
class Ward:
    """The deaf ones of a process, each of them replaced as soon as the server has let it go."""

    process: psutil.Process
    deaf: list[Deaf]
    #: How long each was kept that the server closed, and the most memory that the process took.
    kept_s: list[float] = field(default_factory=list)
    most_bytes: int = 0
    most_unread_bytes: int = 0

    async def watch(self, port: int, token: str) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.to_thread(self._look, port, token)
            await asyncio.sleep(LOOK_EVERY_S)

    def _look(self, port: int, token: str) -> None:
        lines = {line.raddr.port for line in self.process.net_connections("tcp") if line.raddr}
        self.most_bytes = max(self.most_bytes, self.process.memory_info().rss)
        for n, one in enumerate(self.deaf):
            self.most_unread_bytes = max(self.most_unread_bytes, one.unread_bytes)
            if one.port not in lines:
                self.kept_s.append(time.monotonic() - one.since)
                one.close()
                self.deaf[n] = Deaf(port, token)

    @property
    def longest_s(self) -> float:
        """How long the one was kept, or is by now, that was kept longest."""
        now = time.monotonic()
        return max(self.kept_s + [now - one.since for one in self.deaf])
