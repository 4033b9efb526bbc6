"""Raw keep-alive HTTP connections that post fixes and taps: closed loop, or at a fixed rate."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from bench.wire import split_response

TICK_S = 0.001
Answered = Callable[[int, bytes], None]


@dataclass
class Tally:
    """What came back: counts per status, and seconds from due to answered."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    waiting: int = 0

    @property
    def good(self) -> int:
        """Answers of 2xx."""
        return sum(n for status, n in self.statuses.items() if 200 <= status < 300)

    @property
    def bad(self) -> dict[int, int]:
        """{status: count} of all others; 0 is a broken connection."""
        return {s: n for s, n in self.statuses.items() if not 200 <= s < 300}


class Phone(asyncio.Protocol):
    """One connection, one request at a time; reopened when the server closed it."""

    def __init__(self, port: int, tally: Tally) -> None:
        self._port = port
        self.tally = tally
        self._queue: deque[tuple[bytes, float, Answered | None]] = deque()
        self._sent: tuple[float, Answered | None] | None = None
        self._transport: asyncio.Transport | None = None
        self._opening: asyncio.Task[None] | None = None
        self._data = b""
        self._ended = False

    def offer(self, request: bytes, due: float, answered: Answered | None = None) -> None:
        """Send `request` as soon as the connection is free; `due` is monotonic seconds."""
        self.tally.waiting += 1
        self._queue.append((request, due, answered))
        self._next()

    async def open(self) -> None:
        """Connect ahead of the first request."""
        if self._transport is None:
            loop = asyncio.get_running_loop()
            await loop.create_connection(lambda: self, "127.0.0.1", self._port)

    def end(self) -> None:
        """Close; nothing is sent any more."""
        self._ended = True
        if self._transport is not None:
            self._transport.abort()

    def _next(self) -> None:
        if self._sent is not None or not self._queue or self._ended:
            return
        if self._transport is None:
            if self._opening is None or self._opening.done():
                self._opening = asyncio.create_task(self.open())
            return
        request, due, answered = self._queue.popleft()
        self._sent = due, answered
        self._transport.write(request)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self._transport = cast(asyncio.Transport, transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        response = split_response(self._data + data if self._data else data)
        if response is None:
            self._data += data
            return
        status, body, self._data = response
        self._answer(status, body)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio; an unanswered request counts as failed."""
        self._transport, self._data = None, b""
        if self._sent is not None and not self._ended:
            self._answer(0, b"")

    def _answer(self, status: int, body: bytes) -> None:
        if self._sent is None:
            return
        (due, answered), self._sent = self._sent, None
        self.tally.waiting -= 1
        self.tally.statuses[status] += 1
        self.tally.seconds.append(time.monotonic() - due)
        if answered is not None:
            answered(status, body)
        self._next()


async def pace(rate: float, seconds: float, send: Callable[[int, float], None]) -> None:
    """Call `send(n, due)` for each n = 0, 1, … when it is due, `rate` a second (open loop)."""
    start, n = time.monotonic(), 0
    total = int(rate * seconds)
    while n < total:
        behind = min(total, int((time.monotonic() - start) * rate) + 1)
        while n < behind:
            send(n, start + n / rate)
            n += 1
        await asyncio.sleep(TICK_S)


async def answered(tally: Tally, within_s: float) -> None:
    """Until nothing waits for its answer any more, but at most `within_s`."""
    await wait_until(lambda: not tally.waiting, within_s)


async def wait_until(condition: Callable[[], bool], within_s: float) -> None:
    """Until `condition()` holds, but at most `within_s`."""
    deadline = time.monotonic() + within_s
    # An event per frame would cost the generator more than looking now and then.
    while not condition() and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.005)


async def open_phones(port: int, count: int, tally: Tally) -> list[Phone]:
    """`count` open connections."""
    phones = [Phone(port, tally) for _ in range(count)]
    for start in range(0, count, 100):
        await asyncio.gather(*(phone.open() for phone in phones[start : start + 100]))
    return phones
