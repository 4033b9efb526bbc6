"""One numbered stream as a server process knows it: read once, shown to many sockets."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from channels.db import database_sync_to_async

from trips.realtime import resume
from trips.realtime.projections import Audience
from trips.realtime.sockets import Socket

T = TypeVar("T")
#: What was read for one socket serves all that ask within this time.
SHARED_FOR_S = 1.0


async def read(function: Callable[..., Any], *args: Any) -> Any:
    """Run a reading function with a database connection, off the event loop."""
    return await database_sync_to_async(function, thread_sensitive=False)(*args)


class Shared(Generic[T]):
    """A value that is read at most once a second, however many sockets ask for it."""

    def __init__(self, make: Callable[[], Awaitable[T]]) -> None:
        self._make = make
        self._value: T | None = None
        self._begun_at = float("-inf")
        self._making = asyncio.Lock()

    async def get(self) -> tuple[T, float]:
        """(value, monotonic second at which reading it began)."""
        async with self._making:
            if self._value is None or time.monotonic() - self._begun_at > SHARED_FOR_S:
                begun_at = time.monotonic()
                self._value, self._begun_at = await self._make(), begun_at
            return self._value, self._begun_at


class LiveStream:
    """How far this process has read a stream, its newest entries, and who watches."""

    def __init__(self, name: str, seq: int) -> None:
        self.name = name
        self.seq = seq
        self.sockets: set[Socket] = set()
        self._recent: deque[resume.Entry] = deque(maxlen=resume.MOST_REPLAYED)
        self._backfilled = False
        self._reading = asyncio.Lock()
        self._snapshots: dict[Audience, Shared[tuple[int, str]]] = {}

    async def advance(self, head: int, message: str = "") -> None:
        """Read up to `head` and hand the entries to the live sockets.

        `message` is shown with the newest entry where its event has none of its own.
        """
        async with self._reading:
            while self.seq < head:
                entries = await read(resume.entries, self.name, self.seq)
                if not entries:
                    return
                entries[-1].message = message
                self.seq = entries[-1].seq
                self._recent.extend(entries)
                for socket in self.sockets:
                    if socket.live:
                        for entry in entries:
                            socket.offer(entry)

    async def replay(self, socket: Socket, since: int) -> bool:
        """Send what follows `since`; False where that is too much, or from another history."""
        if since > self.seq:  # it heard more than we did: a doorbell got lost here
            await self.advance((await read(resume.heads, [self.name]))[self.name])
        if since < self._first_known():
            await self._backfill()
        if not self._first_known() <= since <= self.seq:
            return False
        socket.seq = since
        self.catch_up(socket)
        return True

    def catch_up(self, socket: Socket) -> bool:
        """Send from memory what `socket` lacks; False where memory does not reach back."""
        if socket.seq < self._first_known():
            return False
        for entry in self._recent:
            socket.offer(entry)
        return True

    async def snapshot(self, audience: Audience) -> tuple[tuple[int, str], float]:
        """((number, frame), monotonic second at which it was begun), shared."""
        if audience not in self._snapshots:
            self._snapshots[audience] = Shared(lambda: read(resume.snapshot, self.name, audience))
        return await self._snapshots[audience].get()

    def _first_known(self) -> int:
        """A socket that has this number, or a higher one, can be served from memory."""
        return self._recent[0].seq - 1 if self._recent else self.seq

    async def _backfill(self) -> None:
        """Read the newest entries before the first known one, once: a fresh process has none."""
        async with self._reading:
            if self._backfilled:
                return
            first = self._first_known()
            room = resume.MOST_REPLAYED - len(self._recent)
            older = await read(resume.entries, self.name, max(0, first - room))
            self._recent.extendleft(reversed([entry for entry in older if entry.seq <= first]))
            self._backfilled = True
