"""Who causes events: Dina taps, Omar's phone posts, and both insist until it is answered 2xx."""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from prove.checker import Change, Position
from prove.ledger import Ledger
from trips.realtime.messages import iso

PAUSE_S = 0.1
TIMEOUT_S = 10.0
BROKEN = 0


@dataclass
class Answers:
    """What was answered 2xx, also in a ledger; each try's status (0: none) and seconds."""

    ledger: Ledger
    changes: list[Change] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    @property
    def server_errors(self) -> dict[int, int]:
        """{status: count} of 5xx but for 503, which means "again"."""
        return {s: n for s, n in self.statuses.items() if s >= 500 and s != 503}

    def change(self, change: Change) -> None:
        """A tap was answered 2xx."""
        self.changes.append(change)
        self.ledger.note(change)

    def position(self, position: Position) -> None:
        """A fix was answered 2xx."""
        self.positions.append(position)
        self.ledger.note(position)


class Sender:
    """A person's device with a queue: what was not answered is sent again, the very same."""

    def __init__(
        self, base_url: str, token: str, answers: Answers, *, keep_alive: bool = True
    ) -> None:
        """`keep_alive` False: a connection per request, as through a balancer."""
        limits = httpx.Limits(max_keepalive_connections=1 if keep_alive else 0)
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Token {token}"},
            timeout=TIMEOUT_S,
            limits=limits,
        )
        self.answers = answers

    async def insist(self, path: str, body: Any) -> Any:
        """POST until it is answered 2xx; no answer and 5xx mean: try again; 4xx is a fault."""
        while True:
            answer = await self._try(path, body)
            if answer is not None and answer.status_code < 500:
                if not answer.is_success:
                    raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:300]}")
                return answer.json()
            await asyncio.sleep(PAUSE_S)

    async def _try(self, path: str, body: Any) -> httpx.Response | None:
        start = time.monotonic()
        try:
            answer = await self._http.post(path, json=body)
        except httpx.TransportError:
            answer = None
        self.answers.seconds.append(time.monotonic() - start)
        self.answers.statuses[BROKEN if answer is None else answer.status_code] += 1
        return answer

    async def close(self) -> None:
        """Hang up."""
        await self._http.aclose()


class Dina(Sender):
    """Schedules trips, takes that back, and schedules them again."""

    async def tap(self, trip_id: int, action: str) -> Change:
        """One tap, remembered with its answer."""
        trip = await self.insist(f"/api/trips/{trip_id}/status/", _tap(action))
        change = Change(trip_id, trip["version"], trip["status"])
        self.answers.change(change)
        return change

    async def taps(self, trip_id: int, actions: Sequence[str]) -> None:
        """Several at once, as a phone sends what it gathered without coverage."""
        body = [_tap(action) for action in actions]
        while True:
            answers = await self.insist(f"/api/trips/{trip_id}/status/", body)
            # Each is answered by itself: what our database was away for is sent again.
            if all(answer["status"] == 200 for answer in answers):
                break
            if any(answer["status"] not in (200, 503) for answer in answers):
                raise RuntimeError(f"{trip_id}: {answers}"[:500])
            await asyncio.sleep(PAUSE_S)
        for answer in answers:
            trip = answer["body"]
            self.answers.change(Change(trip_id, trip["version"], trip["status"]))

    async def tap_on(
        self, trip_ids: Sequence[int], stop: asyncio.Event, pause_s: Callable[[], float]
    ) -> None:
        """Tap one trip after the other until `stop`; each ends as it was, for who comes next."""
        for trip_id in itertools.cycle(trip_ids):
            if stop.is_set():
                return
            for action in ("schedule", "undo"):
                await self.tap(trip_id, action)
                await asyncio.sleep(pause_s())

    async def tap_through(
        self, trip_ids: Sequence[int], rounds: Iterator[int], at_once: int
    ) -> None:
        """Take rounds until there are no more: `at_once` taps on the next trip each."""
        actions = [("schedule", "undo")[n % 2] for n in range(at_once)]
        for trip_id in itertools.cycle(trip_ids):
            if next(rounds, None) is None:
                return
            await self.taps(trip_id, actions)


def _tap(action: str) -> dict[str, Any]:
    body = {"action": action, "client_event_id": uuid.uuid4().hex}
    return body | {"reason": "not yet"} if action == "undo" else body


class OmarsPhone(Sender):
    """Drives north and posts each fix in turn."""

    def __init__(self, base_url: str, token: str, answers: Answers, vehicle_id: int) -> None:
        super().__init__(base_url, token, answers)
        self._vehicle_id = vehicle_id

    async def drive(self, trip_id: int, stop: asyncio.Event) -> None:
        """A fix every 30 ms until `stop`, a few metres further each time."""
        for n in itertools.count():
            if stop.is_set():
                return
            # Whole milliseconds, as frames have them.
            at = iso(datetime.fromtimestamp(time.time(), UTC))
            latitude = 57.7 + n * 1e-6
            fix = {"latitude": latitude, "longitude": 11.97, "recorded_at": at}
            answer = await self.insist(f"/api/trips/{trip_id}/gps/", fix)
            if answer["quarantined"]:
                raise RuntimeError(f"quarantined: {answer}")
            self.answers.position(Position(self._vehicle_id, at, latitude, 11.97))
            await asyncio.sleep(0.03)
