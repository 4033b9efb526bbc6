"""Which tap a vehicle's position suggests (pure). It suggests; a person decides.

A vehicle that stands, or crawls, near the stop that it drives to is taken to have arrived. One
that only passes by is not: it must stay for a while.
"""

from datetime import datetime, timedelta

from trips.lifecycle import Action, Status

#: Slower than this is not driving on.
SLOW_MPS = 2.0
#: Faster than this has driven on, wherever it is; between the two it may look for a place.
DRIVING_MPS = 5.0
#: So long it must stay slow at the door.
STAY = timedelta(seconds=20)
#: Once there it has left only beyond this many radii: fixes wander.
LEFT_AT = 1.5

#: The tap that an arrival would be.
ARRIVALS = {
    Status.EN_ROUTE_PICKUP: Action.ARRIVE_PICKUP,
    Status.IN_PROGRESS: Action.ARRIVE_DROPOFF,
}


def near_since(
    known: datetime | None,
    *,
    distance_m: float,
    speed_mps: float | None,
    radius_m: float,
    seen_at: datetime,
) -> datetime | None:
    """Since when the vehicle is at the door, None where it is not; `known`: the last answer."""
    speed = speed_mps or 0.0
    if known is not None:
        return known if distance_m <= radius_m * LEFT_AT and speed <= DRIVING_MPS else None
    return seen_at if distance_m <= radius_m and speed <= SLOW_MPS else None


def suggestion(status: str, since: datetime | None, now: datetime) -> str:
    """The action that suggests itself, "" for none."""
    if since is None or now - since < STAY or status not in ARRIVALS:
        return ""
    return ARRIVALS[Status(status)].value
