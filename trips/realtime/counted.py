"""What the hub and its sockets count: looked up every two seconds, never for each frame."""

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from config import logs, metrics
from config.tally import Durations, Tally
from trips.events.streams import BOARD
from trips.realtime.broadcast import LiveFix
from trips.realtime.outbox import Outbox
from trips.realtime.sockets import Socket

EVERY_S = 2.0
#: What a client, or the network, may end a socket with. It may send others, in any number.
CLIENTS_CODES = {1000, 1001, 1005, 1006, 1009, 1011, 1012}

_latency: dict[str, Durations] = {}


class HubCounts:
    """One per hub, over its open `sockets`."""

    def __init__(self, sockets: Collection[Socket]) -> None:
        self._sockets = sockets
        self._gone: Counter[str] = Counter()
        self._written: Counter[str] = Counter()
        self._kinds: set[str] = set()
        self._messages = Tally[str](lambda kind, n: metrics.HUB_MESSAGES.labels(kind).inc(n))
        self._heard = False
        self._deaf_rounds = 0

    def left(self, socket: Socket) -> None:
        """A socket closes: what it was sent must not be forgotten."""
        self._gone["sent"] += socket.outbox.sent
        self._gone["conflated"] += socket.outbox.conflated

    def heard(self, kind: str) -> None:
        """The layer brought a message."""
        self._heard = True
        self._messages.add(kind)

    def compared(self, *, streams: bool, positions: bool) -> None:
        """A look into the tables found news there, or none."""
        for what, found in (("streams", streams), ("positions", positions)):
            if found:
                metrics.HUB_REPAIRS.labels(what).inc()
        if self._heard:
            self._deaf_rounds = 0
        elif streams or positions:
            self._deaf_rounds += 1
        self._heard = False
        metrics.HUB_DEAF_ROUNDS.labels("live").set(self._deaf_rounds)

    async def keep(self) -> None:
        """Write the counts, for ever."""
        while True:
            await asyncio.sleep(EVERY_S)
            self.write()

    def write(self) -> None:
        """Write the counts now."""
        kinds = Counter(kind_of(socket) for socket in self._sockets)
        self._kinds |= kinds.keys()
        for kind in self._kinds:
            metrics.SOCKETS.labels(kind).set(kinds[kind])
        outboxes = [socket.outbox for socket in self._sockets]
        totals = self._gone + Counter(
            sent=sum(one.sent for one in outboxes),
            conflated=sum(one.conflated for one in outboxes),
        )
        for outcome, total in totals.items():
            metrics.FRAMES.labels(outcome).inc(total - self._written[outcome])
        self._written = totals
        metrics.FRAMES_WAITING.labels("queued").set(sum(one.waiting for one in outboxes))
        unacked = sum(one.sent - one.acked for one in outboxes)
        metrics.FRAMES_WAITING.labels("unacknowledged").set(unacked)


def kind_of(socket: Socket) -> str:
    """board, trip, track (a public link), or me."""
    if socket.stream == BOARD:
        return "board"
    if socket.trip_id is None:
        return "me"
    return "trip" if socket.credential else "track"


def time_position(socket: Socket | None, fix: LiveFix) -> None:
    """Time how old `fix` is when the frame that `socket` was given is written."""
    if socket and (received := fix.get("received")):
        socket.outbox.born = socket.outbox.born or ("position", received)


def written(outbox: Outbox) -> None:
    """What was noted in `outbox.born` is on its way."""
    if outbox.born is None:
        return
    (kind, at), outbox.born = outbox.born, None
    if kind not in _latency:
        _latency[kind] = Durations(metrics.FRAME_LATENCY.labels(kind))
    _latency[kind].add(max(0.0, time.time() - at))


def closed(ours: int | None, theirs: int | None) -> None:
    """A socket ended: with our code, or with the client's where we had not closed it."""
    known = ours or (theirs if theirs in CLIENTS_CODES else "other")
    metrics.SOCKET_CLOSES.labels(known).inc()


def introduce(scope: Mapping[str, Any], route: str, socket: Socket) -> None:
    """Log lines of this socket's tasks, and of what they set off, are about it."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    user = socket.credential.user_id if socket.credential else None
    about = {"socket": route, "user": user, "trip": socket.trip_id}
    logs.begin(logs.id_for(given.decode("latin-1")), about)
