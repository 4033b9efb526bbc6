"""A trip as the planning of routes sees it: two stops with their windows (pure).

Times are unix seconds. Nobody is picked up before the agreed time; an arrival after a stop's
window is impossible rather than late.
"""

from typing import NamedTuple

from trips.dispatch.seats import Load
from trips.dispatch.travel import DriveTime, Point

#: Seconds at a door, to get in or out.
BOARDING_S = {
    "ambulatory": 120.0,
    "wheelchair": 300.0,
    "bariatric_wheelchair": 360.0,
    "stretcher": 600.0,
    "bariatric_stretcher": 720.0,
}
#: A shared ride takes at most so many times the direct way, and this long more; a patient who
#: is underway for LONG_RIDE_S more than that direct way is as badly served as a late one.
MOST_DETOUR, DETOUR_S, LONG_RIDE_S = 1.5, 1_200.0, 900.0


class Stop(NamedTuple):
    """A door. `wanted_s`: an arrival after it is late; `latest_s`: after it impossible."""

    trip_id: int
    is_pickup: bool
    point: Point
    earliest_s: float
    wanted_s: float
    latest_s: float
    boarding_s: float
    load: Load


class Ride(NamedTuple):
    """A trip as a plan sees it; `pickup` is None for who is aboard already."""

    trip_id: int
    pickup: Stop | None
    dropoff: Stop

    @property
    def load(self) -> Load:
        """Who rides."""
        return -self.dropoff.load

    @property
    def begins_s(self) -> float:
        """The agreed pick-up; for who is aboard, when they can be there."""
        return (self.pickup or self.dropoff).earliest_s

    @property
    def ends_s(self) -> float:
        """When the patient is out again if nothing comes between."""
        return self.dropoff.earliest_s + self.dropoff.boarding_s


class Order(NamedTuple):
    """What of a trip decides its ride. `aboard_since_s` is set from the pick-up on."""

    trip_id: int
    mobility: str
    load: Load
    pickup: Point
    dropoff: Point
    ready_s: float
    window_s: float
    due_s: float | None = None
    aboard_since_s: float | None = None


def ride_of(order: Order, drive: DriveTime) -> Ride:
    """The stops of a trip, with their windows."""
    boarding = BOARDING_S[order.mobility]
    direct = drive(order.pickup, order.dropoff)
    begin = order.ready_s if order.aboard_since_s is None else order.aboard_since_s
    latest = begin + order.window_s
    pickup = Stop(order.trip_id, True, order.pickup, begin, begin, latest, boarding, order.load)
    dropoff = Stop(
        order.trip_id,
        False,
        order.dropoff,
        begin + boarding + direct,
        order.due_s or begin + boarding + direct + LONG_RIDE_S,
        latest + boarding + MOST_DETOUR * direct + DETOUR_S,
        boarding,
        -order.load,
    )
    return Ride(order.trip_id, None if order.aboard_since_s else pickup, dropoff)
