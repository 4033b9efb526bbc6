"""Where each vehicle's marker stands, so that it never goes back in time."""

import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from trips.lifecycle import STARTED
from trips.models import Trip, VehiclePosition
from trips.realtime import messages
from trips.realtime.broadcast import LiveFix

#: How far a phone's clock may be ahead before its fix no longer moves the marker.
CLOCK_TOLERANCE_S = 30.0
#: Rows written while a previous reading was under way are read again.
OVERLAP = timedelta(seconds=5)


class Markers:
    """What was shown last per vehicle, or per trip where a fix names no vehicle (pure)."""

    def __init__(self) -> None:
        self._shown: dict[tuple[str, int | None], tuple[LiveFix, float]] = {}

    def newer(self, fixes: Iterable[LiveFix], now: float) -> list[LiveFix]:
        """Those of `fixes` that move a marker, newest per vehicle; `now` in unix seconds."""
        newest: dict[tuple[str, int | None], LiveFix] = {}
        shown_at = time.monotonic()
        for fix in fixes:
            key = _key(fix)
            known = self._shown.get(key)
            if (known is None or known[0]["at"] < fix["at"]) and fix["at"] <= (
                now + CLOCK_TOLERANCE_S
            ):
                self._shown[key] = fix, shown_at
                newest[key] = fix
        return list(newest.values())

    def shown_since(self, begun_at: float) -> list[LiveFix]:
        """What was shown at or after that monotonic second."""
        return [fix for fix, shown_at in self._shown.values() if shown_at >= begun_at]


def _key(fix: LiveFix) -> tuple[str, int | None]:
    return ("vehicle", fix["vehicle"]) if fix["vehicle"] is not None else ("trip", fix["trip"])


def standing() -> list[LiveFix]:
    """Where every vehicle stands."""
    return _live_fixes(list(VehiclePosition.objects.all()))


def moved_since(since: datetime) -> tuple[list[LiveFix], datetime]:
    """Positions written after `since`, and the time to ask from next."""
    rows = list(VehiclePosition.objects.filter(updated_at__gt=since - OVERLAP))
    return _live_fixes(rows), max([since, *(row.updated_at for row in rows)])


def _live_fixes(rows: list[VehiclePosition]) -> list[LiveFix]:
    started = Trip.objects.filter(
        status__in=STARTED, vehicle__in=[row.vehicle_id for row in rows]
    ).order_by("-state_since")
    aboard: dict[int, list[int]] = {}
    for vehicle_id, trip_id in started.values_list("vehicle_id", "pk"):
        if vehicle_id is not None:
            aboard.setdefault(vehicle_id, []).append(trip_id)
    return [_live_fix(row, aboard.get(row.vehicle_id, [])) for row in rows]


def _live_fix(row: VehiclePosition, trips: list[int]) -> LiveFix:
    return LiveFix(
        vehicle=row.vehicle_id,
        driver=row.driver_id,
        trip=trips[0] if trips else None,
        trips=trips,
        lat=row.latitude,
        lon=row.longitude,
        speed=row.speed_mps,
        heading=row.heading_deg,
        at=row.recorded_at.timestamp(),
    )


def frame_fix(fix: LiveFix, trip_id: int | None = None) -> messages.Fix:
    """A position as frames hold it, under `trip_id` for a screen of that trip."""
    return messages.Fix(
        trip_id=trip_id if trip_id is not None else fix["trip"],
        vehicle_id=fix["vehicle"],
        latitude=fix["lat"],
        longitude=fix["lon"],
        speed=fix["speed"],
        heading=fix["heading"],
        recorded_at=messages.iso_s(fix["at"]),
    )
