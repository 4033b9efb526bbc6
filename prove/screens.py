"""Who looks on: a screen as we ship it, and two that repair nothing (the control arm)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from prove.checker import Change, Picture, Position
from prove.ledger import Ledger
from trips.realtime.broadcast import LIVE
from trips.realtime.client import PROTOCOL, BoardClient
from trips.realtime.client_state import Effects


class Screen(BoardClient):
    """Our client, with a log of what it showed: the changes that it took as the next ones of its
    stream, the pictures that it was given instead, and where it drew markers."""

    def __init__(self, url: str, token: str, ledger: Ledger | None = None) -> None:
        super().__init__(url, token=token, log_positions=True, on_frame=self._note)
        self.token = token
        self.changes: list[Change] = []
        #: Seconds that each line was away until the screen was live again.
        self.away_s: list[float] = []
        self._ledger = ledger
        self._snapshot_came = False
        self._away_since: float | None = None

    @property
    def positions(self) -> list[Position]:
        """Where it has drawn markers, in order."""
        return [Position(s.vehicle_id, s.recorded_at, s.latitude, s.longitude) for s in self.shown]

    def shows(self, answered: Sequence[Change]) -> bool:
        """Whether each of these is on the screen, or something newer of its trip."""
        trips = self.state.trips
        return all(
            change.trip_id in trips and trips[change.trip_id]["version"] >= change.version
            for change in answered
        )

    def _note(self, frame: dict[str, Any], _now: float) -> None:
        seq = self.state.seq
        if frame["type"] == "snapshot":
            self._snapshot_came = True
        elif frame["type"] == "trip.event" and seq is not None and frame["seq"] == seq + 1:
            change = _change(frame)
            self.changes.append(change)
            if self._ledger:
                self._ledger.note(change)

    async def _apply(self, effects: Effects) -> None:
        if self._ledger:
            self._write(self._ledger, effects)
        self._note_absence()
        await super()._apply(effects)

    def _write(self, ledger: Ledger, effects: Effects) -> None:
        if self._snapshot_came:
            self._snapshot_came = False
            versions = {trip["id"]: trip["version"] for trip in self.state.trips.values()}
            ledger.note(Picture(versions))
        for fix in effects.moved:
            vehicle_id = fix["vehicle_id"] if "vehicle_id" in fix else fix["id"]
            place = (fix["latitude"], fix["longitude"])
            ledger.note(Position(vehicle_id, fix["recorded_at"], *place))

    def _note_absence(self) -> None:
        if self.state.status == "offline" and self._away_since is None:
            self._away_since = time.monotonic()
        elif self.state.status == "live" and self._away_since is not None:
            self.away_s.append(time.monotonic() - self._away_since)
            self._away_since = None


class _Background:
    """Something that runs beside the rest."""

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
    """Hears the channel layer itself: a hub that never compares heads would know no more.

    `numbers` are the board's, with the monotonic second at which each rang.
    """

    def __init__(self, url: str) -> None:
        self._layer = RedisPubSubChannelLayer(
            hosts=[{"address": url, "socket_timeout": None}], prefix="atw"
        )
        self.ready = asyncio.Event()
        self.numbers: list[tuple[float, int]] = []

    def rang(self, number: int) -> bool:
        """Whether it has told of a number of the board."""
        return any(told >= number for _, told in self.numbers)

    async def run(self) -> None:
        channel = await self._layer.new_channel()
        await self._layer.group_add(LIVE, channel)
        self.ready.set()
        while True:
            message = await self._layer.receive(channel)
            if message["type"] == "live.heads" and "board" in message["heads"]:
                self.numbers.append((time.monotonic(), message["heads"]["board"]))


def _change(frame: dict[str, Any]) -> Change:
    return Change(frame["trip_id"], frame["version"], frame["status"])
