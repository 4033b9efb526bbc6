"""How far and how long it is from one place to another by road (pure).

A circuity model: streets are longer than the straight line by a factor that shrinks with the
distance, and a vehicle gets faster on longer ways. A company with OSRM or Valhalla replaces it
through `trips.dispatch.routing`.
"""

from collections.abc import Callable

from trips.tracking.geo import distance_m

#: (latitude, longitude) in degrees.
Point = tuple[float, float]
#: Seconds of driving from one point to another.
DriveTime = Callable[[Point, Point], float]

CIRCUITY = 1.3
#: Metres of road and the mean speed driven on ways up to that length, m/s.
_SPEEDS_MPS = ((2_000.0, 7.0), (10_000.0, 10.0), (40_000.0, 15.0), (float("inf"), 22.0))


def road_distance_m(start: Point, end: Point) -> float:
    """Metres by road."""
    return distance_m(*start, *end) * CIRCUITY


def drive_time_s(start: Point, end: Point) -> float:
    """Seconds of driving; longer ways are never quicker than shorter ones."""
    left = road_distance_m(start, end)
    seconds = done = 0.0
    for up_to_m, speed_mps in _SPEEDS_MPS:
        stretch = min(left, up_to_m - done)
        seconds += stretch / speed_mps
        left -= stretch
        done = up_to_m
        if left <= 0:
            break
    return seconds
