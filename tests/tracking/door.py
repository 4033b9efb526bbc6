"""Omar's phone at the GPS door of the real server, and what the database kept of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import httpx
from django.utils import timezone

from tests.cast import Cast
from tests.fixtures_processes import wait_until
from trips.models import GpsFix, Trip, VehiclePosition
from users.models import User

#: On Pia's street.
HERE = {"latitude": 57.7035, "longitude": 11.9660}


class Door:
    """Posts as the phone of whoever it is told."""

    def __init__(self, http: httpx.Client, cast: Cast) -> None:
        self.http = http
        self.cast = cast

    def post(self, trip: Trip | int, body: Any, user: User | None = None) -> httpx.Response:
        """A JSON body to the trip's door, by Omar unless told otherwise."""
        trip_id = trip if isinstance(trip, int) else trip.pk
        headers = self.cast.headers(user or self.cast.omar)
        return self.http.post(f"/api/trips/{trip_id}/gps/", json=body, headers=headers)

    def send(self, trip: Trip | int, text: bytes | str) -> httpx.Response:
        """A body as it is."""
        trip_id = trip if isinstance(trip, int) else trip.pk
        headers = {**self.cast.headers(self.cast.omar), "Content-Type": "application/json"}
        return self.http.post(f"/api/trips/{trip_id}/gps/", content=text, headers=headers)


def fix(seconds_ago: float = 0, **more: Any) -> dict[str, Any]:
    """A fix in our own format, some metres along for each second."""
    at = timezone.now().timestamp() - seconds_ago
    moment = datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
    north = HERE["latitude"] - seconds_ago * 1e-5
    return {"latitude": north, "longitude": HERE["longitude"], "recorded_at": moment} | more


def track(count: int) -> list[dict[str, Any]]:
    """The last `count` seconds of Omar's way, oldest first."""
    return [fix(seconds_ago) for seconds_ago in range(count, 0, -1)]


def kept(**which: Any) -> list[GpsFix]:
    """The kept fixes, oldest first."""
    return list(GpsFix.objects.filter(**which).order_by("recorded_at", "pk"))


def marker() -> VehiclePosition:
    """The one vehicle's position, once the writer behind the commits has come by."""
    wait_until(VehiclePosition.objects.exists, 5, "a position")
    time.sleep(0.15)
    return VehiclePosition.objects.get()
