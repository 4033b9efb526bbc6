"""A driver's day: take the next trip that is due, drive it, tap, park, and begin again."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from trips.simulator.api import Api, Refused
from trips.simulator.desk import Crew
from trips.simulator.phone import Phone
from trips.simulator.roads import RoadNetwork
from trips.simulator.route import Place

log = logging.getLogger(__name__)

DUE_WITHIN = timedelta(minutes=20)
WAIT_S = (15.0, 45.0)
PAUSE_S = (10.0, 40.0)
UNWANTED_S = 300.0
PING_EVERY_S = 10.0
START_WITHIN_S = 10.0

Json = dict[str, Any]
Book = Callable[[Crew, Place], Awaitable[Json | None]]


@dataclass(frozen=True, slots=True)
class Step:
    """What leads out of a status: drive to a stop of the trip (or wait), then tap `action`."""

    action: str
    drive_to: str | None = None
    waits: bool = False


#: By status, the furthest first: what is begun is finished before anything new.
STEPS = {
    "arrived_dropoff": Step("complete", waits=True),
    "in_progress": Step("arrive_dropoff", drive_to="dropoff"),
    "arrived_pickup": Step("pick_up", waits=True),
    "en_route_pickup": Step("arrive_pickup", drive_to="pickup"),
    "dispatched": Step("start"),
    "assigned": Step("start"),
}


@dataclass(frozen=True, slots=True)
class Pace:
    """Fixes per second of each phone, and how many times faster than real time all drive."""

    rate_hz: float = 1.0
    time_scale: float = 1.0


@dataclass
class Driver:
    """One driver with a phone; without a `crew` (off shift) only given trips are driven."""

    api: Api
    phone: Phone
    roads: RoadNetwork
    pace: Pace
    rng: Random
    place: Place
    book: Book
    crew: Crew | None = None
    device_token: str = ""

    def __post_init__(self) -> None:
        self._given_up: set[int] = set()

    async def work_forever(self) -> None:
        """Live the day; what goes wrong with one trip does not end it."""
        await asyncio.sleep(self.rng.uniform(0, START_WITHIN_S))
        while True:
            try:
                await self._work_once()
            except Refused as refused:
                self.api.stats.counts[f"refused_{refused.status}"] += 1
                await self._park(self.rng.uniform(*PAUSE_S))
            except Exception as error:
                self.api.stats.counts["errors"] += 1
                log.error("driver %s stumbled: %r", self.api.login.username, error)
                await self._park(self.rng.uniform(*PAUSE_S))

    async def _work_once(self) -> None:
        trip = await self._next_trip()
        if trip is None and self.crew:
            trip = await self.book(self.crew, self.place)
        if trip is None:
            await self._park(UNWANTED_S)
        else:
            await self._serve(trip)
            await self._park(self.rng.uniform(*PAUSE_S) / self.pace.time_scale)

    async def _next_trip(self) -> Json | None:
        soon = datetime.now(UTC) + DUE_WITHIN
        for status in STEPS:
            page = await self.api.get("/api/trips/", driver="me", status=status)
            due: list[Json] = [
                trip
                for trip in page["results"]
                if trip["id"] not in self._given_up and _scheduled_at(trip) <= soon
            ]
            if due:
                return min(due, key=_scheduled_at)
        return None

    async def _serve(self, trip: Json) -> None:
        while step := STEPS.get(trip["status"]):
            try:
                if step.drive_to:
                    await self._drive(trip["id"], trip[step.drive_to])
                elif step.waits:
                    await self._wait(trip["id"], self.rng.uniform(*WAIT_S))
                trip = await self._tap(trip, step.action)
            except Refused:
                self._given_up.add(trip["id"])
                raise
        if trip["status"] == "completed":
            self.api.stats.counts["trips_completed"] += 1

    async def _tap(self, trip: Json, action: str) -> Json:
        try:
            return await self.phone.tap(trip["id"], action, self.place)
        except Refused as refused:
            if refused.status != 409:
                raise
            now: Json = await self.api.get(f"/api/trips/{trip['id']}/")
            if now["status"] == trip["status"]:
                raise
            return now

    async def _drive(self, trip_id: int, stop: Json) -> None:
        here = (self.place.latitude, self.place.longitude)
        route = self.roads.route(here, (stop["latitude"], stop["longitude"]))
        await self._tick(
            route.seconds,
            lambda seconds: self._report(trip_id, route.at(route.distance_after(seconds))),
        )

    async def _wait(self, trip_id: int, seconds: float) -> None:
        standing = Place(self.place.latitude, self.place.longitude, self.place.heading_deg, 0.0)
        await self._tick(seconds, lambda _: self._report(trip_id, standing))

    async def _tick(self, seconds: float, report: Callable[[float], None]) -> None:
        """Call `report` with the seconds gone, of `seconds` of the driver's time, at the rate."""
        started = time.monotonic()
        gone = 0.0
        while gone < seconds:
            await asyncio.sleep(1 / self.pace.rate_hz)
            gone = min((time.monotonic() - started) * self.pace.time_scale, seconds)
            report(gone)

    def _report(self, trip_id: int, place: Place) -> None:
        self.place = place
        self.phone.record(trip_id, place)

    async def _park(self, seconds: float) -> None:
        """Stand still for `seconds` of real time; the vehicle's tracker reports now and then."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.device_token:
                try:
                    await self.phone.ping(self.device_token, self.place)
                except Refused as refused:
                    self.api.stats.counts[f"ping_refused_{refused.status}"] += 1
            await asyncio.sleep(min(left, PING_EVERY_S))


def _scheduled_at(trip: Json) -> datetime:
    """When the trip is wanted; one without a time is wanted now."""
    wanted = trip["scheduled_at"]
    return datetime.fromisoformat(wanted) if wanted else datetime.now(UTC)
