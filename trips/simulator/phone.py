"""A driver's phone: it queues fixes while the network is away, and sends them when it is back."""

import asyncio
import logging
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from trips.simulator.api import Api, Refused
from trips.simulator.route import METRES_PER_DEGREE, Place

log = logging.getLogger(__name__)

QUEUE_LENGTH = 1_000
LARGEST_BATCH = 100

Clock = Callable[[], float]
"""Unix seconds."""


@dataclass(frozen=True, slots=True)
class Faults:
    """How bad the network and the receiver are; chances (0-1) are per fix, batch or tap."""

    noise_m: float = 2.0
    offline: float = 0.0
    offline_s: tuple[float, float] = (8.0, 45.0)
    duplicate: float = 0.0
    shuffle: float = 0.0
    lost_answer: float = 0.0
    jump: float = 0.0
    jump_m: float = 3_000.0


GOOD_NETWORK = Faults()
BAD_NETWORK = Faults(
    noise_m=8.0, offline=0.005, duplicate=0.02, shuffle=0.3, lost_answer=0.02, jump=0.002
)


class Phone:
    """Reports to `api`; every fix and tap has an id of its own, so sending again is harmless."""

    def __init__(self, api: Api, faults: Faults, rng: Random, clock: Clock) -> None:
        self._api = api
        self._faults = faults
        self._rng = rng
        self._clock = clock
        self._queue: deque[tuple[str, dict[str, Any]]] = deque(maxlen=QUEUE_LENGTH)
        self._filled = asyncio.Event()
        self._offline_until = 0.0
        self._session = f"{rng.getrandbits(48):012x}"
        self._recorded = 0
        self._battery = rng.uniform(0.5, 1.0)

    def record(self, trip_id: int, place: Place) -> None:
        """Take one fix; it is sent as soon as there is a network."""
        self._queue.append((f"/api/trips/{trip_id}/gps/", self._fix(place)))
        self._filled.set()
        if self._happens(self._faults.offline):
            self._offline_until = self._clock() + self._rng.uniform(*self._faults.offline_s)

    async def send_forever(self) -> None:
        """Empty the queue whenever it fills: one fix alone, or what has piled up as a list."""
        while True:
            await self._filled.wait()
            await self._online()
            path, fixes = self._take_batch()
            if not self._queue:
                self._filled.clear()
            try:
                await self._send(path, fixes)
            except Refused as refused:
                self._api.stats.counts[f"fix_refused_{refused.status}"] += len(fixes)
            except Exception as error:
                self._api.stats.counts["errors"] += 1
                log.error("phone of %s stumbled: %r", self._api.login.username, error)

    async def tap(self, trip_id: int, action: str, place: Place) -> dict[str, Any]:
        """Report a status and return the trip. Raises `Refused`."""
        body = {
            "action": action,
            "client_event_id": self._next_id(),
            "occurred_at": self._now(),
            "latitude": round(place.latitude, 6),
            "longitude": round(place.longitude, 6),
        }
        await self._online()
        trip: dict[str, Any] = await self._post(f"/api/trips/{trip_id}/status/", body)
        self._api.stats.counts["taps"] += 1
        return trip

    async def ping(self, device_token: str, place: Place) -> None:
        """Report a parked vehicle by its own tracker, as an OsmAnd sender does. May raise."""
        params = {
            "id": device_token,
            "lat": round(place.latitude, 6),
            "lon": round(place.longitude, 6),
            "timestamp": int(self._clock()),
            "speed": 0,
            "bearing": round(place.heading_deg),
        }
        await self._api.call("GET", "/api/gps/", params=params)
        self._api.stats.counts["pings"] += 1

    async def _send(self, path: str, fixes: list[dict[str, Any]]) -> None:
        if len(fixes) > 1 and self._happens(self._faults.shuffle):
            self._rng.shuffle(fixes)
        if self._happens(self._faults.duplicate):
            fixes = [*fixes, fixes[0]]
        receipt = await self._post(path, fixes if len(fixes) > 1 else fixes[0])
        self._api.stats.add_receipt(receipt, len(fixes))

    async def _post(self, path: str, body: Any) -> Any:
        answer = await self._api.post(path, body)
        if self._happens(self._faults.lost_answer):
            self._api.stats.counts["sent_again"] += 1
            answer = await self._api.post(path, body)
        return answer

    async def _online(self) -> None:
        await asyncio.sleep(max(0.0, self._offline_until - self._clock()))

    def _take_batch(self) -> tuple[str, list[dict[str, Any]]]:
        path, fix = self._queue.popleft()
        fixes = [fix]
        while self._queue and self._queue[0][0] == path and len(fixes) < LARGEST_BATCH:
            fixes.append(self._queue.popleft()[1])
        return path, fixes

    def _fix(self, place: Place) -> dict[str, Any]:
        self._battery = max(0.1, self._battery - 0.00001)
        north, east = self._error_m()
        scale = METRES_PER_DEGREE * math.cos(math.radians(place.latitude))
        return {
            "id": self._next_id(),
            "recorded_at": self._now(),
            "latitude": round(place.latitude + north / METRES_PER_DEGREE, 6),
            "longitude": round(place.longitude + east / scale, 6),
            "speed": round(place.speed_mps, 1),
            "heading": round(place.heading_deg, 1) % 360,
            "accuracy": round(3 + abs(self._rng.gauss(0, self._faults.noise_m)), 1),
            "battery": round(self._battery, 2),
        }

    def _error_m(self) -> tuple[float, float]:
        if self._happens(self._faults.jump):
            return self._faults.jump_m, self._faults.jump_m
        return self._rng.gauss(0, self._faults.noise_m), self._rng.gauss(0, self._faults.noise_m)

    def _happens(self, chance: float) -> bool:
        return chance > 0 and self._rng.random() < chance

    def _next_id(self) -> str:
        self._recorded += 1
        return f"{self._session}-{self._recorded}"

    def _now(self) -> str:
        moment = datetime.fromtimestamp(self._clock(), UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
