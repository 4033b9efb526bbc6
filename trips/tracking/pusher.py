"""One high-priority task per group of positions, not per position."""

import asyncio

from config.publish import publish
from trips.realtime.broadcast import LiveFix

#: Tasks of one process are at least this far apart; positions in between share the next.
APART_S = 0.015


class Pusher:
    """Gathers the newest position per vehicle and publishes them together."""

    def __init__(self) -> None:
        self._newest: dict[tuple[int | None, int | None], LiveFix] = {}
        self._due: asyncio.TimerHandle | None = None
        self._published_at = 0.0

    def push(self, fix: LiveFix) -> None:
        """Publish `fix` with the others of this moment; a newer one replaces it."""
        key = (fix["vehicle"], None if fix["vehicle"] is not None else fix["trip"])
        known = self._newest.get(key)
        if known is None or known["at"] <= fix["at"]:
            self._newest[key] = fix
        if self._due is None:
            loop = asyncio.get_running_loop()
            due_at = max(loop.time(), self._published_at + APART_S)
            self._due = loop.call_at(due_at, self._publish)

    def _publish(self) -> None:
        fixes, self._newest, self._due = list(self._newest.values()), {}, None
        self._published_at = asyncio.get_running_loop().time()
        publish("trips.tasks.broadcast_gps_batch", fixes)
