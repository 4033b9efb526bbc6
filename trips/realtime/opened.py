"""Who opened which socket: told to the audit, many at a time, while the socket already lives."""

import asyncio
import logging
from datetime import datetime
from typing import Any

from django.db import Error
from django.utils import timezone

from config import addresses
from trips.events.streams import BOARD
from trips.realtime.sockets import Socket
from trips.realtime.stream import read
from users.audit.entries import Entry, address_of, append_reads

logger = logging.getLogger(__name__)

#: A thousand clients that come back at once are a handful of statements.
GATHER_S = 0.2
RETRY_S = 2.0
#: Beyond these the oldest are given up, with an error in the log.
MOST_WAITING = 20_000

_waiting: list[tuple[datetime, Entry]] = []
_writer: "asyncio.Task[None] | None" = None


def opened(scope: Any, route: str, socket: Socket) -> None:
    """Note that `socket` shows its stream from now on."""
    global _writer
    _waiting.append((timezone.now(), _entry(scope, route, socket)))
    if _writer is None or _writer.done() or _writer.get_loop() is not asyncio.get_running_loop():
        _writer = asyncio.create_task(_write())


def _entry(scope: Any, route: str, socket: Socket) -> Entry:
    login = socket.credential
    kind = "trips" if socket.trip_id else "board" if socket.stream == BOARD else "users"
    whose = socket.trip_id or (login.user_id if login and kind == "users" else None)
    return Entry(
        action="read",
        actor_id=login.user_id if login else None,
        role=login.role if login else "",
        address=address_of(addresses.of_scope(scope)),
        route=f"WS {route}",
        kind=kind,
        ids=[whose] if whose else [],
        status=101,
    )


async def _write() -> None:
    await asyncio.sleep(GATHER_S)
    while _waiting:
        group = _waiting[:MOST_WAITING]
        try:
            await read(append_reads, group)
        except Error as exc:
            logger.error("%d opened sockets wait for the audit: %s", len(group), type(exc).__name__)
            del _waiting[: max(0, len(_waiting) - MOST_WAITING)]
            await asyncio.sleep(RETRY_S)
        else:
            del _waiting[: len(group)]
