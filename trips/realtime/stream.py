"""One numbered stream as a server process knows it: read once, shown to many sockets."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Generic, TypeVar

from channels.db import database_sync_to_async

from trips.realtime import resume
from trips.realtime.projections import Audience
from trips.realtime.sockets import Socket

T = TypeVar("T")
Snapshot = tuple[int, str]  # number and frame
#: A snapshot is as good as new for so long while its stream stays at its number.
GOOD_FOR_S = 1.0
#: Entries that live sockets are shown one by one; after more (an import) they get a snapshot.
MOST_FOLLOWED = 1_000


async def read(function: Callable[..., Any], *args: Any) -> Any:
    """Run a reading function with a database connection, off the event loop."""
    return await database_sync_to_async(function, thread_sensitive=False)(*args)


class Shared(Generic[T]):
    """A reading that many sockets share: who asks gets one that began after they asked.

    While one reading runs, all who ask meanwhile wait for the next.
    """

    def __init__(self, make: Callable[[], Awaitable[T]]) -> None:
        self._make = make
        self._running = asyncio.Lock()
        self._next: asyncio.Task[tuple[T, float]] | None = None

    async def get(self) -> tuple[T, float]:
        """(value, monotonic second at which reading it began)."""
        if self._next is None:
            self._next = asyncio.create_task(self._run())
        return await asyncio.shield(self._next)

    async def _run(self) -> tuple[T, float]:
        async with self._running:
            self._next = None
            begun_at = time.monotonic()
            return await self._make(), begun_at


async def failing(sockets: list[Socket], do: Callable[[Socket], Awaitable[None]]) -> list[Socket]:
    """`do` it for all at once; those for which it failed."""
    results = await asyncio.gather(*map(do, sockets), return_exceptions=True)
    return [one for one, result in zip(sockets, results, strict=True) if result is not None]


class LiveStream:
    """How far this process has read a stream, its newest entries, and who watches."""

    def __init__(self, name: str, seq: int) -> None:
        self.name = name
        self.seq = seq
        self.sockets: set[Socket] = set()
        self._recent: deque[resume.Entry] = deque(maxlen=resume.MOST_REPLAYED)
        self._backfilled = False
        self._reading = asyncio.Lock()
        self._head = Shared[dict[str, int]](lambda: read(resume.heads, [name]))
        self._snapshots: dict[Audience, Shared[Snapshot]] = {}
        self._kept: dict[Audience, tuple[Snapshot, float]] = {}

    async def advance(self, head: int, message: str = "") -> list[Socket]:
        """Read up to `head` and hand the entries to the live sockets.

        `message` is shown with the newest entry where its event has none of its own. Where that
        is too much nothing is read: who was live is live no more, and returned for a snapshot.
        """
        async with self._reading:
            if head - self.seq > MOST_FOLLOWED:
                return self._jump(head)
            while self.seq < head:
                entries = await read(resume.entries, self.name, self.seq)
                if not entries:
                    break
                entries[-1].message = message
                self.seq = entries[-1].seq
                self._recent.extend(entries)
                self._show(entries)
        return []

    def _show(self, entries: list[resume.Entry]) -> None:
        last = None
        for socket in self.sockets:
            if socket.live:
                last = socket
                for entry in entries:
                    socket.offer(entry)
        if last and (recorded_at := entries[0].recorded_at):
            last.outbox.born = last.outbox.born or ("event", recorded_at.timestamp())

    def _jump(self, head: int) -> list[Socket]:
        self.seq, self._backfilled = head, False
        self._recent.clear()
        behind = [socket for socket in self.sockets if socket.live]
        for socket in behind:
            socket.live, socket.outbox.held = False, True
        return behind

    async def replay(self, socket: Socket, since: int) -> bool:
        """Send what follows `since`; False where that is too much, or from another history."""
        if since > self.seq:  # it heard more than we did: a doorbell got lost here
            head = (await read(resume.heads, [self.name]))[self.name]
            if head - self.seq > MOST_FOLLOWED:
                return False
            await self.advance(head)
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

    async def snapshot(self, audience: Audience) -> tuple[Snapshot, float]:
        """(snapshot, monotonic second at which it was begun), no older than the stream's head.

        Its positions may be as old as GOOD_FOR_S: the hub adds what it showed since.
        """
        heads, asked_at = await self._head.get()
        kept = self._kept.get(audience)
        if kept and kept[0][0] == heads[self.name] and asked_at - kept[1] < GOOD_FOR_S:
            return kept
        if audience not in self._snapshots:
            self._snapshots[audience] = Shared(lambda: read(resume.snapshot, self.name, audience))
        self._kept[audience] = taken = await self._snapshots[audience].get()
        return taken

    def recorded_at(self, seq: int | None) -> datetime | None:
        """When the entry of this number was recorded; None where memory does not have it."""
        return next((entry.recorded_at for entry in self._recent if entry.seq == seq), None)

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
