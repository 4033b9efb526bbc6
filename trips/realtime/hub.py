"""One hub per server process: one subscription to the layer, all sockets of the process.

A message from the layer is a doorbell. For streams the hub reads from the table what lies
between its own number and the head, encodes each frame once per audience and hands the same
text to every socket; a doorbell that got lost is noticed when heads are compared. Positions
come in the message; per vehicle only newer ones pass.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.utils import timezone

from trips import access, links, queries
from trips.events.streams import user_stream
from trips.realtime import messages, resume
from trips.realtime.broadcast import LIVE, LiveFix
from trips.realtime.credentials import Credential, still_valid
from trips.realtime.markers import Markers, moved_since
from trips.realtime.outbox import Outbox, gps_update
from trips.realtime.projections import Audience
from users.roles import Permission

logger = logging.getLogger(__name__)

#: How often credentials are checked; a revocation reaches sockets within twice this.
RECHECK_S = 0.8
#: How often the heads of all watched streams are compared with the table.
COMPARE_S = 2.0
HEARTBEAT_S = 10.0

CLOSE_UNAUTHENTICATED, CLOSE_FORBIDDEN, CLOSE_NOT_FOUND = 4401, 4403, 4404
CLOSE_TOO_SLOW = 4408


@dataclass(eq=False)
class Socket:
    """One open socket as the hub knows it; `close` is the consumer's."""

    stream: str
    audience: Audience
    credential: Credential | None  # None: a tracking link
    outbox: Outbox
    close: Callable[[int], Awaitable[None]]
    trip_id: int | None = None
    only_trips: frozenset[int] | None = None
    seq: int = 0
    live: bool = False

    def offer(self, entry: resume.Entry) -> None:
        """Queue the stream's next entry; what the socket already has is dropped."""
        if entry.seq > self.seq:
            self.outbox.put(entry.text(self.audience))
            self.seq = entry.seq


@dataclass
class _Stream:
    """How far this process has read a stream, and for whom."""

    seq: int
    sockets: set[Socket] = field(default_factory=set)
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)


class Hub:
    """All sockets of one process on one event loop."""

    def __init__(self) -> None:
        self.sockets: set[Socket] = set()
        self._streams: dict[str, _Stream] = {}
        self._boards: set[Socket] = set()
        self._watchers: dict[int, set[Socket]] = defaultdict(set)
        self._markers = Markers()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start the background tasks once a loop runs; again after one of them ended."""
        if self._tasks and not any(task.done() for task in self._tasks):
            return
        for task in self._tasks:
            task.cancel()
        jobs = (self._listen, self._compare, self._recheck, self._heartbeat)
        self._tasks = [asyncio.create_task(_forever(job), name=job.__name__) for job in jobs]

    # --- sockets

    async def join(self, socket: Socket, since: int | None, *, resuming: bool) -> None:
        """Bring `socket` up to date (`since`: what it has; None: a snapshot) and keep it so.

        `resuming`: the client asked to resume, and is told whether that worked.

        It joins first, then reads until it has caught up with the hub, so that nothing
        falls between reading and listening.
        """
        stream = await self._open(socket)
        recovered = since is not None and await self._replay(socket, since)
        if not recovered:
            await self._snapshot(socket, resuming)
        while socket.seq < stream.seq:
            await self._read_into(socket)
        socket.live = True
        socket.outbox.held = False
        if recovered:
            # Positions have no numbers: what moved meanwhile is sent whole.
            if socket.outbox.batch or socket.trip_id is not None:
                for fix in await read(_positions, socket.trip_id):
                    socket.outbox.merge(fix)
            socket.outbox.put(messages.encode(messages.Resumed(recovered=True, seq=socket.seq)))

    def leave(self, socket: Socket) -> None:
        """Forget a closed socket, and streams that nobody watches."""
        socket.live = False
        self.sockets.discard(socket)
        self._boards.discard(socket)
        if socket.trip_id is not None:
            self._watchers[socket.trip_id].discard(socket)
            if not self._watchers[socket.trip_id]:
                del self._watchers[socket.trip_id]
        stream = self._streams.get(socket.stream)
        if stream is not None:
            stream.sockets.discard(socket)
            if not stream.sockets:
                del self._streams[socket.stream]

    async def _open(self, socket: Socket) -> _Stream:
        socket.live = False
        socket.outbox.held = True
        if socket.stream not in self._streams:
            heads = await read(resume.heads, [socket.stream])
            self._streams.setdefault(socket.stream, _Stream(heads[socket.stream]))
        stream = self._streams[socket.stream]
        stream.sockets.add(socket)
        self.sockets.add(socket)
        if socket.outbox.batch:
            self._boards.add(socket)
        elif socket.trip_id is not None:
            self._watchers[socket.trip_id].add(socket)
        return stream

    async def _replay(self, socket: Socket, since: int) -> bool:
        """Send what follows `since`; False where that is too much, or from another history."""
        head = (await read(resume.heads, [socket.stream]))[socket.stream]
        if not 0 <= head - since <= resume.MOST_REPLAYED:
            return False
        socket.seq = since
        await self._read_into(socket)
        return True

    async def _read_into(self, socket: Socket) -> None:
        for entry in await read(resume.entries, socket.stream, socket.seq):
            socket.offer(entry)

    async def _snapshot(self, socket: Socket, resuming: bool) -> None:
        socket.seq, text = await read(resume.snapshot, socket.stream, socket.audience)
        if resuming:
            resumed = messages.Resumed(recovered=False, seq=socket.seq)
            socket.outbox.put(messages.encode(resumed))
        socket.outbox.put(text)

    # --- what the layer brings

    async def _listen(self) -> None:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(LIVE, channel)
        while True:
            message = await layer.receive(channel)
            try:
                await self._on_message(message)
            except Exception as exc:
                # The next comparison of heads repairs what this message would have shown.
                logger.warning("live message not shown: %s", type(exc).__name__)

    async def _on_message(self, message: dict[str, Any]) -> None:
        if message["type"] == "live.positions":
            self.show(message["fixes"])
        elif message["type"] == "live.heads":
            for name, head in message["heads"].items():
                await self._advance(name, head, message["message"])
        elif message["type"] == "live.task":
            self._show_task(user_stream(message["user"]), messages.Task(**message["task"]))

    async def _advance(self, name: str, head: int, message: str = "") -> None:
        """Read a watched stream up to `head` and hand its entries to the live sockets."""
        stream = self._streams.get(name)
        if stream is None or head <= stream.seq:
            return
        async with stream.reading:
            while stream.seq < head:
                entries = await read(resume.entries, name, stream.seq)
                if not entries:
                    return
                entries[-1].message = message
                stream.seq = entries[-1].seq
                for entry in entries:
                    self._show_entry(stream, entry)

    def _show_entry(self, stream: _Stream, entry: resume.Entry) -> None:
        for socket in stream.sockets:
            if socket.live:
                socket.offer(entry)

    def _show_task(self, name: str, task: messages.Task) -> None:
        stream = self._streams.get(name)
        for socket in stream.sockets if stream else ():
            if socket.live:
                socket.outbox.put(messages.encode(task))

    def show(self, fixes: list[LiveFix]) -> None:
        """Show positions that are newer than what was shown of their vehicles."""
        newer = self._markers.newer(fixes, time.time())
        if not newer:
            return
        now = time.monotonic()
        shown = [(fix, _frame_fix(fix)) for fix in newer]
        self._show_on_boards(shown, now)
        for fix, out in shown:
            self._show_to_watchers(fix, out, now)

    def _show_on_boards(self, shown: list[tuple[LiveFix, messages.Fix]], now: float) -> None:
        text = ""
        for socket in self._boards:
            if socket.only_trips is None and socket.live and not socket.outbox.behind(now):
                if not text:
                    text = messages.encode(messages.GpsBatch(fixes=[out for _, out in shown]))
                socket.outbox.put(text)
                continue
            for fix, out in shown:
                if socket.only_trips is None or not socket.only_trips.isdisjoint(fix["trips"]):
                    socket.outbox.merge(out)

    def _show_to_watchers(self, fix: LiveFix, out: messages.Fix, now: float) -> None:
        for trip_id in fix["trips"]:
            text = ""
            for socket in self._watchers.get(trip_id, ()):
                if not socket.live or socket.outbox.behind(now):
                    socket.outbox.merge(out)
                    continue
                text = text or messages.encode(gps_update(out, trip_id))
                socket.outbox.put(text)

    # --- healing

    async def _compare(self) -> None:
        """Notice doorbells that never rang, and positions that no message brought."""
        since = timezone.now()
        while True:
            await asyncio.sleep(COMPARE_S)
            if not self._streams:
                continue
            for name, head in (await read(resume.heads, list(self._streams))).items():
                await self._advance(name, head)
            moved, since = await read(moved_since, since)
            self.show(moved)

    async def _recheck(self) -> None:
        while True:
            await asyncio.sleep(RECHECK_S)
            if self.sockets:
                await self._close_revoked(list(self.sockets))

    async def _close_revoked(self, sockets: list[Socket]) -> None:
        credentials = {socket.credential for socket in sockets if socket.credential}
        valid = await read(still_valid, credentials)
        pairs = {pair for socket in sockets if (pair := _asked_pair(socket))}
        watching = await read(access.still_watching, pairs) if pairs else set()
        linked = [s.trip_id for s in sockets if s.credential is None and s.trip_id is not None]
        open_links = await read(links.still_open, linked) if linked else set()
        for socket in sockets:
            if socket.credential is None:
                if socket.trip_id not in open_links:
                    await socket.close(CLOSE_NOT_FOUND)
            elif socket.credential not in valid:
                await socket.close(CLOSE_UNAUTHENTICATED)
            elif (pair := _asked_pair(socket)) and pair not in watching:
                await socket.close(CLOSE_NOT_FOUND)

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            at = messages.iso(timezone.now())
            for socket in list(self.sockets):
                if socket.live:
                    beat = messages.Heartbeat(seq=self._streams[socket.stream].seq, at=at)
                    socket.outbox.put(messages.encode(beat))


def _asked_pair(socket: Socket) -> tuple[int, int] | None:
    """(user, trip) whose relation must still hold; None for who sees all trips."""
    if socket.credential is None or socket.trip_id is None:
        return None
    user = socket.credential.user
    return None if user.may(Permission.SEE_ALL_TRIPS) else (user.pk, socket.trip_id)


def _positions(trip_id: int | None) -> list[messages.Fix]:
    """Where the vehicles of a screen stand now."""
    return [
        messages.Fix(
            trip_id=trip_id or (vehicle.trip_ids[0] if vehicle.trip_ids else None),
            vehicle_id=vehicle.id,
            latitude=vehicle.latitude,
            longitude=vehicle.longitude,
            speed=vehicle.speed,
            heading=vehicle.heading,
            recorded_at=vehicle.recorded_at,
        )
        for vehicle in queries.vehicles(trip_id)
        if vehicle.latitude is not None
        and vehicle.longitude is not None
        and vehicle.recorded_at is not None
    ]


def _frame_fix(fix: LiveFix) -> messages.Fix:
    return messages.Fix(
        trip_id=fix["trip"],
        vehicle_id=fix["vehicle"],
        latitude=fix["lat"],
        longitude=fix["lon"],
        speed=fix["speed"],
        heading=fix["heading"],
        recorded_at=messages.iso_s(fix["at"]),
    )


async def _forever(job: Callable[[], Awaitable[None]]) -> None:
    """Run `job` again whenever it fails: the database or Redis may be away for a while."""
    while True:
        try:
            await job()
        except Exception as exc:
            logger.warning("%s stopped, starts again: %s", job.__name__, type(exc).__name__)
        await asyncio.sleep(1)


async def read(function: Callable[..., Any], *args: Any) -> Any:
    """Run a reading function with a database connection, off the event loop."""
    return await database_sync_to_async(function, thread_sensitive=False)(*args)


hub = Hub()
