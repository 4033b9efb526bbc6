"""A client of the sockets that heals itself: for tests, measurements and the simulator.

async with BoardClient(ws_url + "/ws/dispatch/", token=token) as client:
    await client.wait_until(lambda state: state.trips[7]["status"] == "completed", 5)
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple, Self

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Origin, Subprotocol

from trips.realtime import client_state as protocol
from trips.realtime.client_state import Counters, Effects, Frame, State

PROTOCOL = "atw.v1"
ACK_AFTER_S = 5.0
SILENCE_S = 25.0
OPEN_TIMEOUT_S = 10.0


class Shown(NamedTuple):
    """One position that a screen would have drawn, and when (unix seconds)."""

    at: float
    vehicle_id: int | None
    trip_id: int | None
    recorded_at: str
    latitude: float
    longitude: float


class BoardClient:
    """One socket with its state; connects on entering, reconnects until it leaves.

    `token` or `cookie` (a whole Cookie header, with `origin`) says who asks. With `log_positions`
    every drawn position is kept in `shown`. `on_frame(frame, unix_seconds)` sees each frame first.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        origin: str | None = None,
        cookie: str | None = None,
        log_positions: bool = False,
        on_frame: Callable[[Frame, float], None] | None = None,
    ) -> None:
        self.url = url
        self.state = State()
        self.shown: list[Shown] = []
        self.close_codes: list[int | None] = []
        self._subprotocols = [Subprotocol(PROTOCOL)]
        if token is not None:
            self._subprotocols.append(Subprotocol(f"token.{token}"))
        self._origin = None if origin is None else Origin(origin)
        self._headers = {} if cookie is None else {"Cookie": cookie}
        self._log_positions = log_positions
        self._on_frame = on_frame
        self._changed = asyncio.Event()
        self._socket: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def counters(self) -> Counters:
        """How many frames, duplicates, gaps, resumes, stale positions and unknown types."""
        return self.state.counters

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._keep_connected())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def wait_until(
        self, condition: Callable[[State], object], timeout_s: float = 10.0
    ) -> State:
        """Return the state once `condition(state)` is true; TimeoutError says what was shown.

        A KeyError in the condition counts as "not yet": the trip or vehicle is still unknown.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not self._holds(condition):
                    self._raise_if_broken()
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            self._raise_if_broken()
            raise TimeoutError(self._summary()) from None
        return self.state

    async def send(self, frame: Frame) -> None:
        """Send one frame; ConnectionError where there is no open socket."""
        if self._socket is None:
            raise ConnectionError("the socket is not open")
        await self._socket.send(msgspec.json.encode(frame).decode())

    def drop(self) -> None:
        """Cut the line without a goodbye, as a tunnel does; the client then heals itself."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def _keep_connected(self) -> None:
        attempt = 0
        while True:
            code = await self._converse()
            if self.state.status == "live":
                attempt = 0
            self.close_codes.append(code)
            await self._apply(protocol.closed(self.state, code, time.time()))
            delay_s = protocol.reconnect_delay_s(code, attempt, random.random())
            if delay_s is None:
                return
            attempt += 1
            await asyncio.sleep(delay_s)

    async def _converse(self) -> int | None:
        try:
            async with connect(
                self.url,
                subprotocols=self._subprotocols,
                origin=self._origin,
                additional_headers=self._headers,
                compression=None,
                proxy=None,
                open_timeout=OPEN_TIMEOUT_S,
                close_timeout=0.5,
            ) as socket:
                self._socket = socket
                await self._apply(protocol.opened(self.state, time.time()))
                return await self._listen(socket)
        except (OSError, TimeoutError, InvalidHandshake):
            return None
        except ConnectionClosed as gone:
            return None if gone.rcvd is None else gone.rcvd.code
        finally:
            self._socket = None

    async def _listen(self, socket: ClientConnection) -> int | None:
        ticker = asyncio.create_task(self._tick())
        try:
            while True:
                async with asyncio.timeout(SILENCE_S):
                    text = await socket.recv(decode=False)
                now = time.time()
                frame = msgspec.json.decode(text, type=Frame)
                if self._on_frame is not None:
                    self._on_frame(frame, now)
                await self._apply(protocol.received(self.state, frame, now))
        finally:
            ticker.cancel()

    async def _tick(self) -> None:
        with suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(ACK_AFTER_S)
                await self._apply(protocol.ticked(self.state))

    async def _apply(self, effects: Effects) -> None:
        if self._log_positions:
            now = time.time()
            self.shown.extend(_shown(fix, now) for fix in effects.moved)
        self._changed.set()
        for frame in effects.send:
            await self.send(frame)

    def _holds(self, condition: Callable[[State], object]) -> bool:
        try:
            return bool(condition(self.state))
        except KeyError:
            return False

    def _raise_if_broken(self) -> None:
        if self._task is not None and self._task.done():
            self._task.result()
            raise ConnectionError(f"refused for good: close code {self.state.stopped}")

    def _summary(self) -> str:
        state = self.state
        return (
            f"{state.status}, seq {state.seq}, {len(state.trips)} trips, "
            f"{len(state.vehicles)} vehicles, {state.counters}, closed {self.close_codes}"
        )


def _shown(fix: Frame, now: float) -> Shown:
    vehicle_id = fix["vehicle_id"] if "vehicle_id" in fix else fix["id"]
    return Shown(
        now,
        vehicle_id,
        fix.get("trip_id"),
        fix["recorded_at"],
        fix["latitude"],
        fix["longitude"],
    )
