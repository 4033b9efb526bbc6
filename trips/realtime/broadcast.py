"""The only `group_send`: from a task, through the Channels layer, to every server process.

One group carries everything: each process has one subscription and one hub that knows its
sockets. Messages hold ids, numbers and positions, never names or addresses.
"""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, NotRequired, TypedDict

from channels.layers import get_channel_layer

LIVE = "live"
SEND_TIMEOUT_S = 3.0


class LiveFix(TypedDict):
    """A position on its way through queue and layer; `at` is unix seconds.

    `trips` are the trips aboard, whose watchers get it. `received` is when the door had it, where
    it came through the door.
    """

    vehicle: int | None
    driver: int | None
    trip: int | None
    trips: list[int]
    lat: float
    lon: float
    speed: float | None
    heading: float | None
    at: float
    received: NotRequired[float]


def send_positions(fixes: list[LiveFix]) -> None:
    """Push positions to every process; raises where the layer is away."""
    _send({"type": "live.positions", "fixes": fixes})


def ring_streams(heads: dict[str, int], message: str = "") -> None:
    """Tell every process how far the streams are; each reads what it lacks from the table.

    `message` is shown with the newest event where the event has none of its own.
    """
    _send({"type": "live.heads", "heads": heads, "message": message})


def send_task(user_id: int, task_id: str, state: str, current: int, total: int) -> None:
    """Show how far a long job is on its owner's own sockets."""
    frame = {"id": task_id, "state": state, "current": current, "total": total}
    _send({"type": "live.task", "user": user_id, "task": frame})


def _send(message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    _loop.run(layer.group_send(LIVE, message))


class _Loop:
    """One event loop per process for sending: `async_to_sync` would open one per call.

    A forked worker child starts its own.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop = asyncio.new_event_loop()

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._ensure()
        future: Future[None] = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            future.result(SEND_TIMEOUT_S)
        except TimeoutError:
            future.cancel()
            raise

    def _ensure(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="layer", daemon=True
                )
                self._thread.start()


_loop = _Loop()
