"""Raw websocket clients that acknowledge as WIRE says: thousands of them in one process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from bench.wire import CLOSE, PING, PONG, TEXT, client_frame, handshake, split_frames

ACK_EVERY, ACK_AFTER_S, ACK_ROUNDS = 64, 5.0, 50
OPENING_AT_ONCE, OPENING_TRIES, OPENING_WITHIN_S = 50, 3, 30.0


@dataclass(frozen=True)
class Since:
    """Where to resume; `epoch` empty: at the hello, so without a snapshot."""

    epoch: str = ""
    seq: int = 0


OnFrame = Callable[["Watcher", bytes], None]


class Watcher(asyncio.Protocol):
    """One socket. `ready` is set once it is told everything that happens.

    `since` None asks for a snapshot. Without a `token` it speaks the text-book's protocol:
    no hello, no acks.
    """

    def __init__(
        self, path: str, token: str | None, on_frame: OnFrame, since: Since | None = None
    ) -> None:
        self.path = path
        self._token = token
        self._since = since
        self._on_frame = on_frame
        self._reset()

    async def open(self, port: int) -> bool:
        """Connect, and again where that fails; False: it never worked."""
        loop = asyncio.get_running_loop()
        for attempt in range(OPENING_TRIES):
            self._reset()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(OPENING_WITHIN_S):
                    await loop.create_connection(lambda: self, "127.0.0.1", port)
                    await self.ready.wait()
            if self.ready.is_set() and self.closed is None:
                return True
            self.drop()
            await asyncio.sleep(0.5 * (attempt + 1))
        return False

    def _reset(self) -> None:
        self.hello: dict[str, object] = {}
        self.ready = asyncio.Event()
        self.closed: int | None = None
        self._transport: asyncio.Transport | None = None
        self._data = b""
        self._open = False
        self._frames = self._acked = 0

    def drop(self) -> None:
        """Cut the line."""
        if self._transport is not None:
            self._transport.abort()

    def acknowledge(self) -> None:
        """Say how many frames came since the hello."""
        if self._transport is None or not self._token or self._acked == self._frames:
            return
        self._acked = self._frames
        self._send({"type": "ack", "frames": self._frames})

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(handshake(self.path, self._token))

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        self._transport = None
        self.closed = self.closed or 1006
        self.ready.set()

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        if self._data:
            data = self._data + data
        if not self._open:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self._data = head
                return
            self._opened(head)
        frames, self._data = split_frames(data)
        for opcode, payload in frames:
            self._frame(opcode, payload)

    def _opened(self, head: bytes) -> None:
        self._open = True
        if b" 101 " not in head[:16]:
            self.drop()
        elif not self._token:
            self.ready.set()

    def _frame(self, opcode: int, payload: bytes) -> None:
        if opcode == TEXT:
            if not self._token or self.hello:
                self._frames += 1
            if self._frames - self._acked >= ACK_EVERY:
                self.acknowledge()
            if not self.ready.is_set():
                self._before_ready(payload)
            self._on_frame(self, payload)
        elif opcode == PING and self._transport is not None:
            self._transport.write(client_frame(PONG, payload))
        elif opcode == CLOSE:
            self.closed = int.from_bytes(payload[:2], "big")
            self.drop()

    def _before_ready(self, payload: bytes) -> None:
        if payload.startswith(b'{"type":"hello"'):
            self.hello = json.loads(payload)
            self._send({"type": "resume", **self._resume()})
        elif payload.startswith((b'{"type":"snapshot"', b'{"type":"resumed","recovered":true')):
            self.ready.set()

    def _resume(self) -> dict[str, object]:
        if self._since is None:
            return {}
        if not self._since.epoch:
            return {"epoch": self.hello["epoch"], "since": self.hello["seq"]}
        return {"epoch": self._since.epoch, "since": self._since.seq}

    def _send(self, frame: dict[str, object]) -> None:
        if self._transport is not None:
            self._transport.write(client_frame(TEXT, json.dumps(frame).encode()))


async def open_all(port: int, watchers: Sequence[Watcher], at_once: int = OPENING_AT_ONCE) -> float:
    """Open many, `at_once` at a time, the seconds that it took."""
    start = time.monotonic()
    turn = asyncio.Semaphore(at_once)

    async def one(watcher: Watcher) -> bool:
        async with turn:
            return await watcher.open(port)

    opened = await asyncio.gather(*map(one, watchers))
    if not any(opened):
        raise ConnectionError(f"no socket opened, closed with {watchers[0].closed}")
    return time.monotonic() - start


async def acknowledge_forever(watchers: Sequence[Watcher]) -> None:
    """The ack that is due every 5 s, spread over them; to be cancelled."""
    step = len(watchers) // ACK_ROUNDS + 1
    while True:
        for start in range(0, step * ACK_ROUNDS, step):
            for watcher in watchers[start : start + step]:
                watcher.acknowledge()
            await asyncio.sleep(ACK_AFTER_S / ACK_ROUNDS)


def drop_all(watchers: Sequence[Watcher]) -> None:
    """Cut all lines."""
    for watcher in watchers:
        watcher.drop()
