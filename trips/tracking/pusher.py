"""One high-priority task per group of positions, not per position."""

import asyncio

from config.publish import publish
from trips.realtime.broadcast import LiveFix

#: Tasks of one process are at least this far apart, and further after a large one: under load
#: each position then costs less, and only the newest of each vehicle goes out.
APART_S, APART_PER_POSITION_S = 0.012, 0.0001


class Pusher:
    """Gathers the newest position per vehicle and publishes them together.

    The next task waits until the last one was sent: a process that is slower than its phones
    sends newer positions, not later ones.
    """

    def __init__(self) -> None:
        self._newest: dict[tuple[int | None, int | None], LiveFix] = {}
        self._due: asyncio.TimerHandle | None = None
        self._free_at = 0.0
        self._sending = False

    def push(self, fix: LiveFix) -> None:
        """Publish `fix` with the others of this moment; a newer one replaces it."""
        key = (fix["vehicle"], None if fix["vehicle"] is not None else fix["trip"])
        known = self._newest.get(key)
        if known is None or known["at"] <= fix["at"]:
            self._newest[key] = fix
        self._schedule()

    def _schedule(self) -> None:
        if self._newest and self._due is None and not self._sending:
            loop = asyncio.get_running_loop()
            self._due = loop.call_at(max(loop.time(), self._free_at), self._publish)

    def _publish(self) -> None:
        fixes, self._newest, self._due = list(self._newest.values()), {}, None
        loop = asyncio.get_running_loop()
        self._free_at = loop.time() + APART_S + APART_PER_POSITION_S * len(fixes)
        self._sending = True

        def done() -> None:
            loop.call_soon_threadsafe(self._sent)

        publish("trips.tasks.broadcast_gps_batch", fixes, done=done)

    def _sent(self) -> None:
        self._sending = False
        self._schedule()
