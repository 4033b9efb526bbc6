"""One high-priority task per group of positions, not per position."""

import asyncio

from config.publish import publish
from trips.realtime.broadcast import LiveFix

#: Positions that arrive within this time share a task.
GATHER_S = 0.02


class Pusher:
    """Gathers the newest position per vehicle and publishes them together."""

    def __init__(self) -> None:
        self._newest: dict[tuple[int | None, int | None], LiveFix] = {}
        self._due: asyncio.TimerHandle | None = None

    def push(self, fix: LiveFix) -> None:
        """Publish `fix` with the others of this moment; a newer one replaces it."""
        key = (fix["vehicle"], None if fix["vehicle"] is not None else fix["trip"])
        known = self._newest.get(key)
        if known is None or known["at"] <= fix["at"]:
            self._newest[key] = fix
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(GATHER_S, self._publish)

    def _publish(self) -> None:
        fixes, self._newest, self._due = list(self._newest.values()), {}, None
        publish("trips.tasks.broadcast_gps_batch", fixes)
