"""How a web process that is told to stop leaves without anybody noticing (SIGTERM).

1. `/healthz` and `/readyz` say 503 and each answer ends its connection: proxies and clients turn
   to other processes. Everything is still served.
2. Sockets are closed with 4012, one after the other, so that they do not all come to the next
   process at once. Those that still arrive are closed as well: they resume elsewhere.
3. Requests that run come to their end; then the server stops.

The launchers of daphne and uvicorn call `leave` where their server is about to shut down.
"""

import asyncio
import logging
import random
from collections.abc import Callable

from django.conf import settings

logger = logging.getLogger(__name__)

#: Of the time to leave, what proxies have to notice before sockets are closed.
NOTICE = 0.3
#: What closed sockets, then running requests, may still take.
LAST_WORDS_S = 2.0
LOOK_S = 0.02

_leaving = False


def leaving() -> bool:
    """Whether this process was told to stop."""
    return _leaving


async def leave(*, stop_listening: Callable[[], None] | None = None) -> None:
    """Send everybody elsewhere within about ATW_DRAIN_S seconds; never raises.

    `stop_listening` is for a listening socket that others share: what has connected but was not
    accepted is theirs then, so that there is nothing for a proxy to notice.
    """
    global _leaving
    _leaving = True
    for_notice_s = settings.DRAIN_S * NOTICE
    if stop_listening is not None:
        stop_listening()
    await asyncio.sleep(for_notice_s)
    await _send_away(settings.DRAIN_S - for_notice_s)


async def _send_away(within_s: float) -> None:
    """Close all sockets, in any order, spread over `within_s` seconds, and await their end."""
    # Not before the application is loaded: it needs the apps.
    from trips.realtime.hub import CLOSE_RECONNECT, hub

    hub.leaving = True
    sockets = random.sample(list(hub.sockets), len(hub.sockets))
    clock = asyncio.get_running_loop().time
    begun = clock()
    for number, socket in enumerate(sockets):
        due = begun + within_s * (number + random.random()) / len(sockets)
        await asyncio.sleep(max(0.0, due - clock()))
        try:
            await socket.close(CLOSE_RECONNECT)
        except Exception as exc:
            logger.warning("socket not closed: %s", type(exc).__name__)
    await until(lambda: not hub.sockets)


async def until(done: Callable[[], bool]) -> None:
    """Return when `done()` holds, or has had its time."""
    for _ in range(round(LAST_WORDS_S / LOOK_S)):
        if done():
            return
        await asyncio.sleep(LOOK_S)
