"""A socket of the real server, read frame by frame, with what a client would show of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from types import TracebackType
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from trips.realtime import client_state
from trips.realtime.client_state import Frame, State

PROTOCOL = "atw.v1"
SOON_S = 10.0


class Screen:
    """Connects on entering; `state` is what a healing client shows of the frames so far."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        protocols: Sequence[str] = (PROTOCOL,),
        origin: str | None = None,
        cookie: str | None = None,
        heals: bool = True,
    ) -> None:
        self._url = url
        self._protocols = [*protocols, *([f"token.{token}"] if token else [])]
        self._origin, self._cookie = origin, cookie
        self._heals = heals
        self.state = State()
        self.frames: list[Frame] = []

    def __enter__(self) -> Screen:
        self.connect()
        return self

    def connect(self) -> None:
        """Open a socket, the first or another one, with what is known so far."""
        self._lines = ExitStack()
        self.socket = self._lines.enter_context(self._line())
        client_state.opened(self.state, time.time())

    def _line(self) -> AbstractContextManager[ClientConnection]:
        return connect(
            self._url,
            subprotocols=[Subprotocol(name) for name in self._protocols] or None,
            origin=None if self._origin is None else Origin(self._origin),
            additional_headers={"Cookie": self._cookie} if self._cookie else None,
            compression=None,
            proxy=None,
            close_timeout=1,
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lines.close()

    def drop(self) -> None:
        """Lose the line; `connect` comes back."""
        self._lines.close()
        client_state.closed(self.state, None, time.time())

    def send(self, frame: Frame | str | bytes) -> None:
        """A frame, or anything else, as it is."""
        self.socket.send(json.dumps(frame) if isinstance(frame, dict) else frame)

    def next(self, timeout_s: float = SOON_S) -> Frame:
        """The next frame, shown; TimeoutError, or ConnectionClosed."""
        frame: Frame = json.loads(self.socket.recv(timeout=timeout_s))
        self.frames.append(frame)
        for answer in client_state.received(self.state, frame, time.time()).send:
            if self._heals:
                self.send(answer)
        return frame

    def next_of(self, kind: str, timeout_s: float = SOON_S) -> Frame:
        """The next frame of this type; the ones before it are shown as well."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                frame = self.next(max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                kinds = [frame["type"] for frame in self.frames]
                pytest.fail(f"no {kind} within {timeout_s:g} s, only {kinds}")
            if frame["type"] == kind:
                return frame

    def until(self, condition: Callable[[State], Any], timeout_s: float = SOON_S) -> None:
        """Read until the picture is so; a KeyError counts as "not yet"."""
        deadline = time.monotonic() + timeout_s
        while not _holds(condition, self.state):
            try:
                self.next(max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                pytest.fail(f"still {self.state}")

    def live(self) -> Screen:
        """Read until the first picture is whole."""
        self.until(lambda state: state.status == "live")
        return self

    def closed_with(self, timeout_s: float = SOON_S) -> int | None:
        """The code with which the server closes the socket in time; None: the line broke."""
        deadline = time.monotonic() + timeout_s
        try:
            while True:
                self.next(max(0.0, deadline - time.monotonic()))
        except ConnectionClosed as gone:
            return None if gone.rcvd is None else gone.rcvd.code
        except TimeoutError:
            pytest.fail(f"still open after {timeout_s:g} s")

    def read_for(self, seconds: float) -> None:
        """Show whatever comes within so long."""
        deadline = time.monotonic() + seconds
        with suppress(TimeoutError):
            while True:
                self.next(max(0.0, deadline - time.monotonic()))

    def of(self, kind: str) -> list[Frame]:
        """The frames of this type so far."""
        return [frame for frame in self.frames if frame["type"] == kind]


def _holds(condition: Callable[[State], Any], state: State) -> bool:
    try:
        return bool(condition(state))
    except KeyError:
        return False
