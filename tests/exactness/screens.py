"""Who looks on: a screen as we ship it, and two that repair nothing (the control arm)."""

from __future__ import annotations

import asyncio
import contextlib
import json
from types import TracebackType
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from tests.exactness.checker import Change, Position
from trips.realtime.broadcast import LIVE
from trips.realtime.client import PROTOCOL, BoardClient


class Screen(BoardClient):
    """Our client, with a log of the changes that it took as the next ones of its stream."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__(url, token=token, log_positions=True, on_frame=self._note)
        self.token = token
        self.changes: list[Change] = []

    @property
    def positions(self) -> list[Position]:
        """Where it has drawn markers, in order."""
        return [Position(s.vehicle_id, s.recorded_at, s.latitude, s.longitude) for s in self.shown]

    def _note(self, frame: dict[str, Any], _now: float) -> None:
        seq = self.state.seq
        if frame["type"] == "trip.event" and seq is not None and frame["seq"] == seq + 1:
            self.changes.append(_change(frame))


class _Background:
    """Something that runs beside the test."""

    async def run(self) -> None:
        raise NotImplementedError

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self.run())

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task


class NaiveScreen(_Background):
    """Shows every event that comes and connects again when cut: it never resumes."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._subprotocols = [Subprotocol(PROTOCOL), Subprotocol(f"token.{token}")]
        self.ready = asyncio.Event()
        self.changes: list[Change] = []

    async def run(self) -> None:
        while True:
            with contextlib.suppress(OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
                async with connect(
                    self._url, subprotocols=self._subprotocols, compression=None, proxy=None
                ) as socket:
                    async for text in socket:
                        self._show(json.loads(text))
            await asyncio.sleep(0.1)

    def _show(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "trip.event":
            self.changes.append(_change(frame))
        elif frame["type"] == "snapshot":
            self.ready.set()


class DoorbellEar(_Background):
    """Hears the channel layer itself and believes that each doorbell is the next event.

    This is what a consumer without numbers shows. `numbers` are the board's.
    """

    def __init__(self, url: str) -> None:
        self._layer = RedisPubSubChannelLayer(
            hosts=[{"address": url, "socket_timeout": None}], prefix="atw"
        )
        self.ready = asyncio.Event()
        self.numbers: list[int] = []

    async def run(self) -> None:
        channel = await self._layer.new_channel()
        await self._layer.group_add(LIVE, channel)
        self.ready.set()
        while True:
            message = await self._layer.receive(channel)
            if message["type"] == "live.heads" and "board" in message["heads"]:
                self.numbers.append(message["heads"]["board"])


def _change(frame: dict[str, Any]) -> Change:
    return Change(frame["trip_id"], frame["version"], frame["status"])
