"""Who causes events: Dina taps, Omar's phone posts, and both insist until it is answered 2xx."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from tests.exactness.checker import Change, Position
from trips.realtime.messages import iso

PAUSE_S = 0.1


@dataclass
class Answers:
    """What was answered 2xx."""

    changes: list[Change] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)
    retries: int = 0


class Sender:
    """A person's device with a queue: what was not answered is sent again, the very same."""

    def __init__(self, base_url: str, token: str, answers: Answers) -> None:
        self._http = httpx.AsyncClient(
            base_url=base_url, headers={"Authorization": f"Token {token}"}, timeout=5
        )
        self.answers = answers

    async def insist(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST until it is answered 2xx; no answer and 503 mean: try again, all else is a fault."""
        while True:
            try:
                answer = await self._http.post(path, json=body)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code != 503:
                assert answer.is_success, f"{answer.status_code} {answer.text}"
                return dict(answer.json())
            self.answers.retries += 1
            await asyncio.sleep(PAUSE_S)

    async def close(self) -> None:
        await self._http.aclose()


class Dina(Sender):
    """Schedules trips, takes that back, and schedules them again."""

    async def tap(self, trip_id: int, action: str) -> Change:
        """One tap, remembered with its answer."""
        body = {"action": action, "client_event_id": uuid.uuid4().hex}
        if action == "undo":
            body["reason"] = "not yet"
        trip = await self.insist(f"/api/trips/{trip_id}/status/", body)
        change = Change(trip_id, trip["version"], trip["status"])
        self.answers.changes.append(change)
        return change

    async def tap_on(self, trip_ids: list[int], stop: asyncio.Event) -> None:
        """Tap one trip after the other until `stop`."""
        for action in itertools.cycle(("undo", "schedule")):
            for trip_id in trip_ids:
                if stop.is_set():
                    return
                await self.tap(trip_id, action)
                await asyncio.sleep(random.uniform(0, 0.05))


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
            assert answer["quarantined"] == [], answer
            self.answers.positions.append(Position(self._vehicle_id, at, latitude, 11.97))
            await asyncio.sleep(0.03)
