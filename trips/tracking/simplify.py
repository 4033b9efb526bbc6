"""A track with fewer points that still tells where the vehicle was, and when (pure).

Douglas-Peucker with the distance taken at equal times (TD-TR, Meratnia and de By 2004): the
plain form keeps the road but forgets how long a vehicle stood, and waiting is billed.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import cos, hypot, radians
from typing import NamedTuple

from trips.tracking.geo import distance_m

M_PER_DEG = 111_195.0
#: Points looked at together: the method is quadratic at worst.
MOST_AT_ONCE = 1_000


class Point(NamedTuple):
    """A position (degrees) and its time in unix seconds."""

    at: float
    latitude: float
    longitude: float


def length_m(points: Sequence[Point]) -> float:
    """Metres along `points`."""
    return sum(
        distance_m(a.latitude, a.longitude, b.latitude, b.longitude) for a, b in pairwise(points)
    )


def gaps(points: Sequence[Point], longest_s: float) -> list[tuple[float, float]]:
    """(from, to) in unix seconds wherever more than `longest_s` passed without a point."""
    return [(a.at, b.at) for a, b in pairwise(points) if b.at - a.at > longest_s]


def simplify(points: Sequence[Point], tolerance_m: float) -> list[Point]:
    """Those of `points` (in order of time) between which each other one can be interpolated.

    At the time of a point left out, the straight way between its kept neighbours passes within
    `tolerance_m` of it.
    """
    last = len(points) - 1
    kept = {0, last} if points else set()
    cuts = [*range(0, max(last, 0), MOST_AT_ONCE), last]
    kept.update(cuts if points else ())
    spans = list(pairwise(cuts))
    while spans:
        begin, end = spans.pop()
        off_m, worst = _worst(points, begin, end)
        if off_m > tolerance_m:
            kept.add(worst)
            spans += [(begin, worst), (worst, end)]
    return [points[n] for n in sorted(kept)]


def off_track_m(point: Point, begin: Point, end: Point) -> float:
    """Metres between `point` and where the straight way from `begin` to `end` is at its time."""
    lasts_s = end.at - begin.at
    share = (point.at - begin.at) / lasts_s if lasts_s > 0 else 0.0
    north = point.latitude - begin.latitude - share * (end.latitude - begin.latitude)
    east = point.longitude - begin.longitude - share * (end.longitude - begin.longitude)
    return hypot(north, east * cos(radians(begin.latitude))) * M_PER_DEG


def _worst(points: Sequence[Point], begin: int, end: int) -> tuple[float, int]:
    """(metres, index) of the point between two that their straight way misses most."""
    first, last = points[begin], points[end]
    return max(
        ((off_track_m(points[n], first, last), n) for n in range(begin + 1, end)),
        default=(0.0, begin),
    )
