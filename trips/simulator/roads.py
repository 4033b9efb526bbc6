"""A road network to drive on: junctions, the streets between them, the quickest way. Pure."""

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import NamedTuple

from trips.simulator.route import Leg, Place, Point, Route, distance_m
from trips.simulator.streets import (
    ATTRIBUTION,
    CLASS_SPEED_MPS,
    Way,
    available_ways,
    streets_geojson,
    synthetic_grid,
)

__all__ = [
    "ATTRIBUTION",
    "Place",
    "Point",
    "RoadNetwork",
    "Route",
    "Stop",
    "load",
    "streets_geojson",
    "synthetic_grid",
]

ACCESS_SPEED_MPS = 4.0
DOORSTEP_CLASSES = frozenset({"residential", "living_street", "unclassified", "service", "road"})
TOP_SPEED_MPS = max(CLASS_SPEED_MPS.values())


@dataclass(frozen=True, slots=True)
class Edge:
    """A street between two junctions, in the direction of travel."""

    source: Point
    target: Point
    points: tuple[Point, ...]
    length_m: float
    way: Way

    @property
    def seconds(self) -> float:
        """Driving time at the street's usual speed."""
        return self.length_m / CLASS_SPEED_MPS[self.way.kind]


class Stop(NamedTuple):
    """A plausible place to stop; `street` is its name, "" where unnamed."""

    latitude: float
    longitude: float
    street: str


class Bounds(NamedTuple):
    """The box around a network, in degrees."""

    south: float
    west: float
    north: float
    east: float


Edges = dict[Point, list[Edge]]


class RoadNetwork:
    """The largest part of a street map in which every junction reaches every other."""

    def __init__(self, ways: Iterable[Way], attribution: str) -> None:
        self.attribution = attribution
        self._edges = _largest_component(_edges(list(ways)))
        latitudes, longitudes = zip(*self._edges, strict=True)
        self.bounds = Bounds(min(latitudes), min(longitudes), max(latitudes), max(longitudes))
        self._stops = _stops(self._edges)

    def __len__(self) -> int:
        return len(self._edges)

    def random_stop(self, rng: Random) -> Stop:
        """A stop on a calm street; the same for the same state of `rng`."""
        return rng.choice(self._stops)

    def random_point(self, rng: Random) -> Point:
        """(latitude, longitude) of a random stop."""
        return self.random_stop(rng)[:2]

    def nearest(self, point: Point) -> Point:
        """The junction nearest to `point`, which may lie anywhere."""
        if point in self._edges:
            return point
        scale = math.cos(math.radians(point[0]))
        return min(
            self._edges,
            key=lambda j: (j[0] - point[0]) ** 2 + ((j[1] - point[1]) * scale) ** 2,
        )

    def route(self, a: Point, b: Point) -> Route:
        """The quickest drive from `a` to `b`, each joined to its nearest junction by a straight."""
        start = self.nearest(a)
        legs = [Leg(start, ACCESS_SPEED_MPS)]
        for edge in self._quickest(start, self.nearest(b)):
            limit = CLASS_SPEED_MPS[edge.way.kind]
            legs += [Leg(point, limit) for point in edge.points[1:]]
        return Route(a, [*legs, Leg(b, ACCESS_SPEED_MPS)])

    def _quickest(self, start: Point, goal: Point) -> list[Edge]:
        """A*: the straight line at top speed never overestimates the time that is left."""
        best, arrived_by = {start: 0.0}, dict[Point, Edge]()
        queue = [(0.0, start)]
        closed: set[Point] = set()
        while queue:
            _, here = heapq.heappop(queue)
            if here == goal:
                return _back(arrived_by, start, goal)
            if here in closed:
                continue
            closed.add(here)
            for edge in self._edges[here]:
                seconds = best[here] + edge.seconds
                if seconds < best.get(edge.target, math.inf):
                    best[edge.target], arrived_by[edge.target] = seconds, edge
                    left = distance_m(edge.target, goal) / TOP_SPEED_MPS
                    heapq.heappush(queue, (seconds + left, edge.target))
        raise AssertionError("a strongly connected network has a way between any two junctions")


def load(path: Path | None = None) -> RoadNetwork:
    """The network of the GeoJSON extract `path`, by default the npm package's, else a grid."""
    return RoadNetwork(*available_ways(path))


def _back(arrived_by: dict[Point, Edge], start: Point, goal: Point) -> list[Edge]:
    edges = []
    here = goal
    while here != start:
        edges.append(arrived_by[here])
        here = edges[-1].source
    return edges[::-1]


def _edges(ways: list[Way]) -> Edges:
    """Streets cut at junctions: points used more than once, and the ends of ways."""
    uses = Counter(point for way in ways for point in way.points)
    uses.update(end for way in ways for end in (way.points[0], way.points[-1]))
    edges: Edges = defaultdict(list)
    for way in ways:
        cuts = [i for i, point in enumerate(way.points) if uses[point] > 1]
        for first, last in pairwise(cuts):
            _add(edges, way, way.points[first : last + 1])
    return dict(edges)


def _add(edges: Edges, way: Way, points: tuple[Point, ...]) -> None:
    length = sum(distance_m(a, b) for a, b in pairwise(points))
    for line in (points,) if way.oneway else (points, points[::-1]):
        edges[line[0]].append(Edge(line[0], line[-1], line, length, way))
        edges.setdefault(line[-1], [])


def _largest_component(edges: Edges) -> Edges:
    """Keep the biggest set of junctions that all reach each other, and the streets within."""
    back: dict[Point, list[Point]] = defaultdict(list)
    for edge in (edge for leaving in edges.values() for edge in leaving):
        back[edge.target].append(edge.source)
    ahead = {point: [edge.target for edge in leaving] for point, leaving in edges.items()}
    unseen, largest = set(edges), set[Point]()
    # Crossings first: the best connected ones lie in the main component, so one round is enough.
    for seed in sorted(edges, key=lambda point: -len(edges[point])):
        if len(largest) >= len(unseen):
            break
        if seed in unseen:
            component = _reached(seed, ahead) & _reached(seed, back)
            unseen -= component
            largest = max(largest, component, key=len)
    return {point: [e for e in edges[point] if e.target in largest] for point in sorted(largest)}


def _reached(seed: Point, neighbours: dict[Point, list[Point]]) -> set[Point]:
    reached, frontier = {seed}, [seed]
    while frontier:
        for point in neighbours.get(frontier.pop(), ()):
            if point not in reached:
                reached.add(point)
                frontier.append(point)
    return reached


def _stops(edges: Edges) -> list[Stop]:
    """Junctions that only calm streets leave: nobody boards on a motorway or a crossing."""
    stops = [
        Stop(*point, street=next((edge.way.name for edge in leaving if edge.way.name), ""))
        for point, leaving in edges.items()
        if all(edge.way.kind in DOORSTEP_CLASSES for edge in leaving)
    ]
    return stops or [Stop(*point, street="") for point in edges]
