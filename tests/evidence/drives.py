"""Simulated drives of known length, as a receiver with faults would report them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import cos, radians
from random import Random

from trips.simulator.roads import RoadNetwork, Route, load, synthetic_grid
from trips.simulator.route import METRES_PER_DEGREE
from trips.tracking.simplify import Point


@dataclass(frozen=True)
class Receiver:
    """How a phone reports. `jump` is a chance per fix, `gap_s` silences in seconds."""

    every_s: float = 1.0
    noise_m: float = 5.0
    jump: float = 0.0
    gap_s: Sequence[float] = ()
    duplicate: float = 0.02


@dataclass(frozen=True)
class Drive:
    """The truth: standing at both ends and at places in between, each for so many seconds."""

    route: Route
    pauses: Sequence[tuple[float, float]]
    """(after so many seconds of driving, standing so long)"""

    @property
    def seconds(self) -> float:
        return self.route.seconds + sum(stands for _, stands in self.pauses)

    def driven_m(self, seconds: float) -> float:
        """Metres along the route so long after the start."""
        for after, stands in self.pauses:
            if seconds > after:
                seconds = max(after, seconds - stands)
        return self.route.distance_after(seconds)

    def place(self, seconds: float) -> Point:
        """Where the vehicle truly is."""
        place = self.route.at(self.driven_m(seconds))
        return Point(seconds, place.latitude, place.longitude)


def network() -> RoadNetwork:
    """Real streets where the extract is there, else a grid."""
    return load()


def grid() -> RoadNetwork:
    """A town of right angles."""
    return RoadNetwork(synthetic_grid(), "")


def drive(roads: RoadNetwork, seed: int, *, stands_s: tuple[float, float] = (60, 300)) -> Drive:
    """A drive of 5 to 20 km with a few stops on the way; the same for the same seed."""
    rng = Random(seed)
    while True:
        route = roads.route(roads.random_point(rng), roads.random_point(rng))
        if 5_000 <= route.length_m <= 20_000:
            break
    stops = sorted(rng.uniform(0, route.seconds) for _ in range(3))
    return Drive(route, [(after, rng.uniform(*stands_s)) for after in (0.0, *stops)])


def reported(truth: Drive, receiver: Receiver, seed: int) -> list[Point]:
    """What arrives: noisy, doubled, with jumps and silences, and in any order."""
    rng = Random(seed)
    silences = _silences(truth, receiver.gap_s, rng)
    fixes: list[Point] = []
    times = accumulate([receiver.every_s] * int(truth.seconds / receiver.every_s), initial=0.0)
    for at in times:
        if any(begin < at < end for begin, end in silences):
            continue
        fixes.append(_off(truth.place(at), receiver, rng))
        if rng.random() < receiver.duplicate:
            fixes.append(fixes[-1])
    rng.shuffle(fixes)
    return fixes


def _silences(truth: Drive, gap_s: Sequence[float], rng: Random) -> list[tuple[float, float]]:
    begins = [rng.uniform(0, truth.seconds - lasts) for lasts in gap_s]
    return [(begin, begin + lasts) for begin, lasts in zip(begins, gap_s, strict=True)]


def _off(place: Point, receiver: Receiver, rng: Random) -> Point:
    north, east = (rng.gauss(0, receiver.noise_m) for _ in range(2))
    if rng.random() < receiver.jump:
        north, east = north + rng.choice([-3_000, 3_000]), east + rng.choice([-3_000, 3_000])
    latitude = place.latitude + north / METRES_PER_DEGREE
    scale = METRES_PER_DEGREE * cos(radians(place.latitude))
    return Point(place.at, latitude, place.longitude + east / scale)
