"""What one socket has yet to be sent: numbered frames in order, the rest latest-wins (pure).

A socket that acknowledges what it gets is sent every frame at once. One that falls behind
gets the newest position per vehicle four times a second, one that never acknowledged
anything once a second. Numbered frames are never dropped: over the bound the socket
is closed with 4408, and the client resumes. The web server buffers whatever it is given, so
what a dead socket may cost is counted here: over its bound positions wait for an
acknowledgement, and a socket that then owes one is closed as well.
"""

import asyncio
import contextlib
from collections import deque

import msgspec

from trips.realtime import messages

#: Frames on the way, beyond which a socket counts as slow (clients ack every 64).
SLOW_AFTER = 256
SLOW_PERIOD_S = 0.25
SILENT_PERIOD_S = 1.0
#: A client acks at least every 5 s; one that has not by now never will.
ACK_DUE_S = 7.0
#: Unsent numbered frames and their size, beyond which the socket is closed.
MOST_WAITING = 1_000
MOST_WAITING_CHARS = 4_000_000
#: What may be on the way to a socket before positions wait.
MOST_UNACKED_CHARS = 2_000_000
#: Estimates that go with one flush: after a pause there may be thousands.
MOST_ETAS_AT_ONCE = 200


class Outbox:
    """Queue of one socket, written by the hub, emptied by the socket's own writer."""

    def __init__(self, *, batch: bool, opened_at: float) -> None:
        self.batch = batch  # the board gets gps.batch, others gps_update
        self.opened_at = opened_at  # monotonic seconds, as every `now` here
        self.sent = 0
        self.acked = 0
        self.overflowed = False
        self.held = True  # positions wait until the socket has its snapshot
        self.conflated = 0  # positions that a newer one replaced unsent
        self.born: tuple[str, float] | None = None  # what to time until it is written
        self.wake = asyncio.Event()
        self._frames: list[str] = []
        self._chars = 0
        self._positions: dict[int | None, messages.Fix] = {}
        self._etas: dict[int, str] = {}  # the newest frame of each trip
        self._flushed_at = 0.0
        self._on_the_way: deque[int] = deque()  # the size of each frame, oldest first
        self._unacked_chars = 0
        self._full_since: float | None = None

    @property
    def full(self) -> bool:
        """Whether as much is on the way as may be."""
        return self._unacked_chars > MOST_UNACKED_CHARS

    @property
    def waiting(self) -> int:
        """Frames that are not yet on their way."""
        return len(self._frames) + len(self._positions) + len(self._etas)

    def behind(self, now: float) -> bool:
        """Whether positions are to be thinned out for this socket."""
        silent = not self.acked and now - self.opened_at > ACK_DUE_S
        return silent or self.full or self.sent - self.acked > SLOW_AFTER

    def acknowledge(self, frames: int) -> None:
        """Note that the client has received so many frames since `hello`."""
        self.acked = max(self.acked, min(frames, self.sent))
        while len(self._on_the_way) > self.sent - self.acked:
            self._unacked_chars -= self._on_the_way.popleft()
        self._full_since = None
        self.wake.set()

    def put(self, text: str) -> None:
        """Queue a frame that must arrive, in order."""
        self._frames.append(text)
        self._chars += len(text)
        if len(self._frames) > MOST_WAITING or self._chars > MOST_WAITING_CHARS:
            self.overflowed = True
        self.wake.set()

    def merge(self, fix: messages.Fix) -> None:
        """Keep `fix` as its vehicle's newest until the next flush."""
        key = fix.vehicle_id if fix.vehicle_id is not None else fix.trip_id
        self.conflated += key in self._positions
        self._positions[key] = fix
        self.wake.set()

    def merge_etas(self, texts: dict[int, str]) -> None:
        """Keep each frame as its trip's newest estimate until it is flushed."""
        if texts:
            self._etas.update(texts)
            self.wake.set()

    def take(self, now: float) -> list[str]:
        """The frames to send now (`now`: monotonic seconds)."""
        texts, self._frames, self._chars = self._frames, [], 0
        if self.wait_s(now) == 0.0:
            texts += self._position_frames() + self._eta_frames()
            self._flushed_at = now
        self._count(texts, now)
        return texts

    def _count(self, texts: list[str], now: float) -> None:
        self.sent += len(texts)
        for text in texts:
            self._on_the_way.append(len(text))
            self._unacked_chars += len(text)
        if not self.full:
            self._full_since = None
        elif self._full_since is None:
            self._full_since = now
        elif now - self._full_since > ACK_DUE_S:
            self.overflowed = True

    def wait_s(self, now: float) -> float | None:
        """Seconds until what was merged may go; None where nothing waits, or it may not."""
        if self.held or self.full or not (self._positions or self._etas):
            return None
        period = SLOW_PERIOD_S if self.acked else SILENT_PERIOD_S
        return max(0.0, self._flushed_at + period - now)

    async def woken(self, now: float) -> None:
        """Until something was put in, or what was merged is due."""
        wait_s = self.wait_s(now)
        if wait_s == 0.0:
            return
        if wait_s is None:
            await self.wake.wait()
        else:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), wait_s)
        self.wake.clear()

    def _position_frames(self) -> list[str]:
        fixes = list(self._positions.values())
        self._positions.clear()
        if self.batch and fixes:
            return [messages.encode(messages.GpsBatch(fixes=fixes))]
        return [messages.encode(gps_update(fix)) for fix in fixes]

    def _eta_frames(self) -> list[str]:
        going = list(self._etas)[:MOST_ETAS_AT_ONCE]
        return [self._etas.pop(trip_id) for trip_id in going]


def gps_update(fix: messages.Fix) -> messages.GpsUpdate:
    """The frame that a trip's watchers get for one fix."""
    return messages.GpsUpdate(**msgspec.structs.asdict(fix))
