"""How far and how long it is from one place to another by road (pure).

A circuity model: streets are longer than the straight line by a factor that shrinks with the
distance, and a vehicle gets faster on longer ways. A company with OSRM or Valhalla replaces it
through `trips.routing`.
"""

from collections.abc import Callable

from trips.tracking.geo import distance_m

#: (latitude, longitude) in degrees.
Point = tuple[float, float]
#: Seconds of driving from one point to another.
DriveTime = Callable[[Point, Point], float]

CIRCUITY = 1.3
#: From so many metres of road on, so many seconds are gone and so fast is it driven, m/s.
_BANDS = (
    (40_000.0, 2_000 / 7 + 8_000 / 10 + 30_000 / 15, 22.0),
    (10_000.0, 2_000 / 7 + 8_000 / 10, 15.0),
    (2_000.0, 2_000 / 7, 10.0),
)
_AT_FIRST_MPS = 7.0


def road_distance_m(start: Point, end: Point) -> float:
    """Metres by road."""
    return distance_m(*start, *end) * CIRCUITY


def drive_time_s(start: Point, end: Point) -> float:
    """Seconds of driving; longer ways are never quicker than shorter ones."""
    road_m = road_distance_m(start, end)
    for from_m, gone_s, speed_mps in _BANDS:
        if road_m > from_m:
            return gone_s + (road_m - from_m) / speed_mps
    return road_m / _AT_FIRST_MPS
