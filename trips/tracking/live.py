"""A live position from plain arguments (pure)."""

import time
from math import isfinite

from trips.realtime.broadcast import LiveFix
from trips.tracking.fixes import BadFix, Fix, check


def live_fix(
    trip_id: int,
    latitude: float,
    longitude: float,
    speed_mps: float | None,
    heading_deg: float | None,
) -> LiveFix:
    """A position of now that is shown to a trip's watchers; BadFix for what is none.

    It names no vehicle: it is sent for trips that are in no database, too.
    """
    for value in (latitude, longitude, speed_mps, heading_deg):
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value)
        ):
            raise BadFix("malformed", f"{value!r} is not a number")
    if isinstance(trip_id, bool) or not isinstance(trip_id, int):
        raise BadFix("malformed", f"{trip_id!r} is not a trip id")
    check(Fix(latitude, longitude, speed_mps=speed_mps, heading_deg=heading_deg))
    return LiveFix(
        vehicle=None,
        driver=None,
        trip=trip_id,
        trips=[trip_id],
        lat=float(latitude),
        lon=float(longitude),
        speed=speed_mps,
        heading=heading_deg,
        at=time.time(),
    )
