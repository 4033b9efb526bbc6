"""One high-priority task per group of positions, not per position."""

import asyncio

from config.publish import publish
from trips.realtime.broadcast import LiveFix

#: Tasks of one process are at least this far apart, and further after a large one: under load
#: each position then costs less, and only the newest of each vehicle goes out.
APART_S, APART_PER_POSITION_S = 0.012, 0.0001
#: Whoever publishes is not waited for longer than this.
SENT_WITHIN_S = 1.0


class Pusher:
    """Gathers the newest position per vehicle and publishes them together.

    The next task waits until the last one was sent: a process that is slower than its phones
    sends newer positions, not later ones.
    """

    def __init__(self) -> None:
        self._newest: dict[tuple[int | None, int | None], LiveFix] = {}
        self._due: asyncio.TimerHandle | None = None
        self._free_at = 0.0
        self._sending_until = 0.0

    def push(self, fix: LiveFix) -> None:
        """Publish `fix` with the others of this moment; a newer one replaces it."""
        key = (fix["vehicle"], None if fix["vehicle"] is not None else fix["trip"])
        known = self._newest.get(key)
        if known is None or known["at"] <= fix["at"]:
            self._newest[key] = fix
        self._schedule()

    def _schedule(self) -> None:
        if self._newest and self._due is None:
            loop = asyncio.get_running_loop()
            due_at = max(loop.time(), self._free_at, self._sending_until)
            self._due = loop.call_at(due_at, self._publish)

    def _publish(self) -> None:
        fixes, self._newest, self._due = list(self._newest.values()), {}, None
        loop = asyncio.get_running_loop()
        self._free_at = loop.time() + APART_S + APART_PER_POSITION_S * len(fixes)
        self._sending_until = loop.time() + SENT_WITHIN_S

        def done() -> None:
            loop.call_soon_threadsafe(self._sent)

        publish("trips.tasks.broadcast_gps_batch", fixes, done=done)

    def _sent(self) -> None:
        self._sending_until = 0.0
        if self._due is not None:
            self._due.cancel()
            self._due = None
        self._schedule()
