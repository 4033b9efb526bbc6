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
from typing import Any

from channels.layers import get_channel_layer
from django.utils import timezone

from trips import access, links
from trips.events.streams import user_stream
from trips.models import TripEta
from trips.realtime import counted, messages, resume
from trips.realtime.broadcast import LIVE, LiveFix
from trips.realtime.credentials import still_valid
from trips.realtime.estimates import Estimates, catch_up, streams_of, texts
from trips.realtime.jobs import begin
from trips.realtime.markers import Markers, frame_fix, moved_since, standing
from trips.realtime.outbox import gps_update
from trips.realtime.projections import Audience
from trips.realtime.sockets import Socket
from trips.realtime.stream import LiveStream, Shared, failing, read

logger = logging.getLogger(__name__)

#: How often credentials are checked; a revocation reaches sockets within twice this.
RECHECK_S = 0.8
#: How often the heads of all watched streams are compared with the table.
COMPARE_S = 2.0
HEARTBEAT_S = 10.0
#: The table of positions may be so far behind what was shown (`tracking.positions`).
POSITIONS_LAG_S = 0.5

CLOSE_UNAUTHENTICATED, CLOSE_FORBIDDEN, CLOSE_NOT_FOUND = 4401, 4403, 4404
CLOSE_TOO_SLOW, CLOSE_RECONNECT = 4408, 4012
#: The last socket that was given something at once.
Last = Socket | None


class Hub:
    """All sockets of one process on one event loop."""

    def __init__(self) -> None:
        self.sockets: set[Socket] = set()
        self._counts = counted.HubCounts(self.sockets)
        self._streams: dict[str, LiveStream] = {}
        self._boards: set[Socket] = set()
        self._watchers: dict[int, set[Socket]] = defaultdict(set)
        self._markers = Markers()
        self._standing = Shared[list[LiveFix]](lambda: read(standing))
        self._estimates = Estimates()
        self._epoch, self.leaving = "", False
        # Kept when the comparison fails and starts again: what moved meanwhile counts.
        self._compared_at = timezone.now()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start the background tasks once a loop runs; again after one of them ended."""
        if self._tasks and not any(task.done() for task in self._tasks):
            return
        for task in self._tasks:
            task.cancel()
        jobs = (self._listen, self._compare, self._recheck, self._heartbeat, self._counts.keep)
        self._tasks = begin(*jobs)

    # --- sockets

    async def open(self, socket: Socket) -> messages.Hello:
        """Take `socket` in; it is shown nothing before it joins."""
        self.start()
        self._epoch = self._epoch or await read(resume.epoch)
        stream = await self._stream(socket.stream)
        stream.sockets.add(socket)
        self.sockets.add(socket)
        if socket.outbox.batch:
            self._boards.add(socket)
        elif socket.trip_id is not None:
            self._watchers[socket.trip_id].add(socket)
        return messages.Hello(stream=socket.stream, epoch=self._epoch, seq=stream.seq)

    async def join(self, socket: Socket, since: int | None, *, resuming: bool) -> None:
        """Bring `socket` up to date (`since`: what it has; None: a snapshot) and keep it so.

        `resuming`: the client asked to resume, and is told whether that worked. Nothing is
        awaited between the last look at the stream and `live`, so nothing falls in between.
        """
        socket.live, socket.outbox.held = False, True
        stream = await self._stream(socket.stream)
        recovered = since is not None and await stream.replay(socket, since)
        if recovered:
            begun_at = await self._put_standing(socket)
            catch_up(socket, await self._estimates.missed_since(stream.recorded_at(since)))
        else:
            begun_at = await self._put_snapshot(socket, stream, resuming)
        while not stream.catch_up(socket):
            # More happened since the snapshot than memory holds.
            for entry in await read(resume.entries, socket.stream, socket.seq):
                socket.offer(entry)
        if socket.shows_positions:
            for fix in self._markers.shown_since(begun_at - POSITIONS_LAG_S):
                self._merge(socket, fix)
        catch_up(socket, self._estimates.shown_since(begun_at - COMPARE_S))
        socket.live, socket.outbox.held = True, False
        if recovered:
            socket.put(messages.Resumed(recovered=True, seq=socket.seq))

    def leave(self, socket: Socket) -> None:
        """Forget a closed socket, and streams that nobody watches."""
        socket.live = False
        if socket in self.sockets:
            self._counts.left(socket)
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

    async def _stream(self, name: str) -> LiveStream:
        if name not in self._streams:
            head = (await read(resume.heads, [name]))[name]
            self._streams.setdefault(name, LiveStream(name, head))
        return self._streams[name]

    async def _put_snapshot(self, socket: Socket, stream: LiveStream, resuming: bool) -> float:
        (socket.seq, text), begun_at = await stream.snapshot(socket.audience)
        if resuming:
            socket.put(messages.Resumed(recovered=False, seq=socket.seq))
        socket.outbox.put(text)
        return begun_at

    async def _put_standing(self, socket: Socket) -> float:
        """Positions have no numbers: after a resume all markers are sent."""
        if not socket.shows_positions:
            return time.monotonic()
        fixes, begun_at = await self._standing.get()
        for fix in fixes:
            self._merge(socket, fix)
        return begun_at

    def _merge(self, socket: Socket, fix: LiveFix) -> None:
        if socket.outbox.batch or socket.trip_id in fix["trips"]:
            socket.outbox.merge(frame_fix(fix, socket.trip_id))

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
        self._counts.heard(message["type"])
        match message["type"]:
            case "live.positions":
                self.show(message["fixes"])
            case "live.heads":
                await self._advance(message["heads"], message["message"])
            case "live.task":
                self._show_task(user_stream(message["user"]), messages.Task(**message["task"]))

    async def _advance(self, heads: dict[str, int], message: str = "") -> None:
        for name, head in heads.items():
            stream = self._streams.get(name)
            if stream is not None and head > stream.seq:
                await self._renew(await stream.advance(head, message))

    async def _renew(self, sockets: list[Socket]) -> None:
        """Give each a snapshot in place of what it missed; who cannot have one comes again."""
        for socket in await failing(sockets, lambda one: self.join(one, None, resuming=True)):
            await socket.close(CLOSE_RECONNECT)

    def _show_task(self, name: str, task: messages.Task) -> None:
        stream = self._streams.get(name)
        for socket in stream.sockets if stream else ():
            if socket.live:
                socket.put(task)

    def show(self, fixes: list[LiveFix]) -> bool:
        """Show positions newer than what was shown of their vehicles; whether there were any."""
        newer = self._markers.newer(fixes, time.time())
        if not newer:
            return False
        now = time.monotonic()
        shown = [(fix, frame_fix(fix)) for fix in newer]
        last = self._show_on_boards(shown, now)
        for fix, out in shown:
            last = self._show_to_watchers(fix, out, now) or last
        counted.time_position(last, newer[-1])
        return True

    def _show_on_boards(self, shown: list[tuple[LiveFix, messages.Fix]], now: float) -> Last:
        text, last = "", None
        for socket in self._boards:
            if socket.only_trips is None and socket.live and not socket.outbox.behind(now):
                text = text or messages.encode(messages.GpsBatch(fixes=[out for _, out in shown]))
                socket.outbox.put(text)
                last = socket
                continue
            for fix, out in shown:
                if socket.only_trips is None or not socket.only_trips.isdisjoint(fix["trips"]):
                    socket.outbox.merge(out)
        return last

    def _show_to_watchers(self, fix: LiveFix, out: messages.Fix, now: float) -> Last:
        last = None
        for trip_id in fix["trips"]:
            text = ""
            for socket in self._watchers.get(trip_id, ()):
                if not socket.live or socket.outbox.behind(now):
                    socket.outbox.merge(frame_fix(fix, trip_id))
                    continue
                text = text or messages.encode(gps_update(frame_fix(fix, trip_id)))
                socket.outbox.put(text)
                last = socket
        return last

    def _show_etas(self, rows: list[TripEta]) -> None:
        on_boards = texts(rows, Audience.DISPATCH)
        for socket in self._boards:
            socket.outbox.merge_etas(on_boards)
        for row in rows:
            for name in streams_of(row):
                stream = self._streams.get(name)
                for socket in stream.sockets if stream else ():
                    catch_up(socket, [row])

    # --- healing

    async def _compare(self) -> None:
        """Notice doorbells that never rang, and positions that no message brought."""
        while True:
            await asyncio.sleep(COMPARE_S)
            if not self._streams:
                continue
            heads = await read(resume.heads, list(self._streams))
            behind = any(heads.get(one.name, 0) > one.seq for one in self._streams.values())
            await self._advance(heads)
            moved, self._compared_at = await read(moved_since, self._compared_at)
            self._counts.compared(streams=behind, positions=self.show(moved))
            self._show_etas(await self._estimates.look())
            await self._notice_restore(await read(resume.known_epoch))

    async def _notice_restore(self, epoch: str) -> None:
        """Numbers of another history mean nothing: clients come again and are told so."""
        if epoch and self._epoch and epoch != self._epoch:
            self._epoch = epoch
            for socket in list(self.sockets):
                await socket.close(CLOSE_RECONNECT)
            self._streams.clear()

    async def _recheck(self) -> None:
        while True:
            await asyncio.sleep(RECHECK_S)
            if self.sockets:
                await self._close_revoked(list(self.sockets))

    async def _close_revoked(self, sockets: list[Socket]) -> None:
        valid = await read(still_valid, {one.credential for one in sockets if one.credential})
        pairs = {pair for socket in sockets if (pair := socket.relation())}
        watching = await read(access.still_watching, pairs) if pairs else set()
        linked = [s.trip_id for s in sockets if s.credential is None and s.trip_id is not None]
        open_links = await read(links.still_open, linked) if linked else set()
        for socket in sockets:
            if socket.credential is None:
                if socket.trip_id not in open_links:
                    await socket.close(CLOSE_NOT_FOUND)
            elif socket.credential not in valid:
                await socket.close(CLOSE_UNAUTHENTICATED)
            elif (pair := socket.relation()) and pair not in watching:
                await socket.close(CLOSE_NOT_FOUND)

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            at = messages.iso(timezone.now())
            for stream in list(self._streams.values()):
                text = messages.encode(messages.Heartbeat(seq=stream.seq, at=at))
                for socket in stream.sockets:
                    if socket.live:
                        socket.outbox.put(text)


hub = Hub()
