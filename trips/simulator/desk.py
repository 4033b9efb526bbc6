"""The dispatcher of the simulated day: books a trip for whoever has none left."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from trips.simulator.api import Api, Refused
from trips.simulator.roads import RoadNetwork, Stop
from trips.simulator.route import Place, Point, distance_m

PICKUP_IN = timedelta(minutes=10)
NEAR_CHOICES = 8
SHORTEST_TRIP_M = 900.0

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Crew:
    """A driver on shift with a vehicle, and where that was last seen."""

    driver_id: int
    vehicle_id: int
    last_seen: Point | None


class Desk:
    """Books and dispatches over HTTP with a dispatcher's login."""

    def __init__(self, api: Api, roads: RoadNetwork, rng: Random) -> None:
        self._api = api
        self._roads = roads
        self._rng = rng
        self._patients: list[int] = []

    async def crews(self) -> dict[str, Crew]:
        """Who drives what, by user name."""
        places = {
            vehicle["id"]: (vehicle["latitude"], vehicle["longitude"])
            for vehicle in await self._all("/api/vehicles/")
            if vehicle["latitude"] is not None
        }
        return {
            driver["username"]: Crew(
                driver["id"], driver["vehicle"]["id"], places.get(driver["vehicle"]["id"])
            )
            for driver in await self._all("/api/drivers/")
            if driver["vehicle"]
        }

    async def book(self, crew: Crew, place: Place) -> Json | None:
        """Book a short trip near `place` and send `crew`; None where the server refuses."""
        try:
            trip = await self._api.post("/api/trips/", await self._order(place))
            dispatched = await self._send_out(trip, crew)
        except Refused as refused:
            self._api.stats.counts[f"booking_refused_{refused.status}"] += 1
            return None
        self._api.stats.counts["trips_booked"] += 1
        return dispatched

    async def _send_out(self, trip: Json, crew: Crew) -> Json:
        """Up to `dispatched`. What nobody can drive is cancelled: it would stay on the board."""
        try:
            if trip["status"] == "requested":
                await self._act(trip["id"], action="schedule")
            await self._act(
                trip["id"], action="assign", driver_id=crew.driver_id, vehicle_id=crew.vehicle_id
            )
            return await self._act(trip["id"], action="dispatch")
        except Refused:
            await self._act(trip["id"], action="cancel", reason="No driver is free.")
            raise

    async def _act(self, trip_id: int, **tap: Any) -> Json:
        tap["client_event_id"] = f"{self._rng.getrandbits(64):016x}"
        trip: Json = await self._api.post(f"/api/trips/{trip_id}/status/", tap)
        return trip

    async def _order(self, place: Place) -> Json:
        pickup = self._near((place.latitude, place.longitude))
        dropoff = self._near(pickup[:2])
        return {
            "patient_id": await self._patient(),
            "mobility": "ambulatory",
            "pickup": self._door(pickup),
            "dropoff": self._door(dropoff),
            "scheduled_at": (datetime.now(UTC) + PICKUP_IN).isoformat(),
        }

    def _near(self, point: Point) -> Stop:
        """The nearest of a few random stops, but not next door."""
        stops = [self._roads.random_stop(self._rng) for _ in range(NEAR_CHOICES)]
        far_enough = [s for s in stops if distance_m(s[:2], point) > SHORTEST_TRIP_M]
        return min(far_enough or stops, key=lambda stop: distance_m(stop[:2], point))

    def _door(self, stop: Stop) -> Json:
        street = stop.street or "Station Road"
        return {
            "address": f"{street} {self._rng.randint(1, 90)}",
            "latitude": stop.latitude,
            "longitude": stop.longitude,
        }

    async def _patient(self) -> int:
        if not self._patients:
            self._patients = [patient["id"] for patient in await self._all("/api/patients/")]
        return self._rng.choice(self._patients)

    async def _all(self, path: str) -> list[Json]:
        found: list[Json] = []
        page_number = 1
        while True:
            page = await self._api.get(path, page=page_number, page_size=200)
            found += page["results"]
            if not page["next"]:
                return found
            page_number += 1
