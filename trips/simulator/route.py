"""A drive along a line of points: where, which way and how fast at each moment. Pure."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

from trips.tracking import geo

Point = tuple[float, float]
"""(latitude, longitude) in degrees."""

METRES_PER_DEGREE = math.radians(geo.EARTH_RADIUS_M)
LONGEST_STEP_M = 20.0
ACCELERATION_MPS2 = 1.6
SLOWEST_MPS = 2.0
SHARP_TURN_DEG = 100.0


class Leg(NamedTuple):
    """A stretch of road to `end`, at most `limit_mps` fast."""

    end: Point
    limit_mps: float


@dataclass(frozen=True, slots=True)
class Place:
    """A moment of a drive; `heading_deg` is clockwise from north."""

    latitude: float
    longitude: float
    heading_deg: float
    speed_mps: float


def distance_m(a: Point, b: Point) -> float:
    """Metres between two points."""
    return geo.distance_m(*a, *b)


def heading_deg(a: Point, b: Point) -> float:
    """Direction from `a` to `b`, 0 <= degrees < 360 clockwise from north; 0 when they are equal."""
    east = (b[1] - a[1]) * math.cos(math.radians((a[0] + b[0]) / 2))
    return math.degrees(math.atan2(east, b[0] - a[0])) % 360


class Route:
    """A drive from `start` over `legs`, from rest to rest, braking for limits and corners."""

    def __init__(self, start: Point, legs: Sequence[Leg]) -> None:
        self._points, limits = _in_short_steps(start, legs)
        self._steps_m = [distance_m(a, b) for a, b in pairwise(self._points)]
        self._distances = list(accumulate(self._steps_m, initial=0.0))
        self._speeds = _speeds(self._points, self._steps_m, limits)
        self._times = list(accumulate(self._step_seconds(), initial=0.0))

    @property
    def points(self) -> list[Point]:
        """The line driven, in steps of at most 20 m."""
        return self._points

    @property
    def length_m(self) -> float:
        """Metres from start to end."""
        return self._distances[-1]

    @property
    def seconds(self) -> float:
        """How long the whole drive takes."""
        return self._times[-1]

    def distance_after(self, seconds: float) -> float:
        """Metres driven `seconds` after the start; clamped to the drive."""
        if not 0 < seconds < self.seconds:
            return 0.0 if seconds <= 0 else self.length_m
        i = bisect_right(self._times, seconds) - 1
        elapsed = seconds - self._times[i]
        gained_mps = self._speeds[i + 1] - self._speeds[i]
        acceleration = gained_mps / (self._times[i + 1] - self._times[i])
        return self._distances[i] + self._speeds[i] * elapsed + acceleration * elapsed**2 / 2

    def at(self, driven_m: float) -> Place:
        """The place `driven_m` metres along the line; clamped to the drive."""
        if len(self._points) == 1:
            return Place(*self._points[0], 0.0, 0.0)
        driven = min(max(driven_m, 0.0), self.length_m)
        i = min(bisect_right(self._distances, driven), len(self._steps_m)) - 1
        part = min((driven - self._distances[i]) / self._steps_m[i], 1.0)
        (lat, lon), (next_lat, next_lon) = self._points[i], self._points[i + 1]
        before, after = self._speeds[i] ** 2, self._speeds[i + 1] ** 2
        return Place(
            latitude=lat + (next_lat - lat) * part,
            longitude=lon + (next_lon - lon) * part,
            heading_deg=heading_deg(self._points[i], self._points[i + 1]),
            # v² grows evenly with the distance under an even acceleration.
            speed_mps=math.sqrt(before * (1 - part) + after * part),
        )

    def _step_seconds(self) -> list[float]:
        return [
            2 * step / (before + after)
            for step, (before, after) in zip(self._steps_m, pairwise(self._speeds), strict=True)
        ]


def _in_short_steps(start: Point, legs: Sequence[Leg]) -> tuple[list[Point], list[float]]:
    """Points at most `LONGEST_STEP_M` apart, and the limit of each step; empty legs left out."""
    points, limits = [start], []
    for leg in legs:
        origin = points[-1]
        steps = math.ceil(distance_m(origin, leg.end) / LONGEST_STEP_M)
        for step in range(1, steps + 1):
            part = step / steps
            latitude = origin[0] + (leg.end[0] - origin[0]) * part
            longitude = origin[1] + (leg.end[1] - origin[1]) * part
            points.append((latitude, longitude) if step < steps else leg.end)
            limits.append(leg.limit_mps)
    return points, limits


def _speeds(points: list[Point], steps_m: list[float], limits: list[float]) -> list[float]:
    """The speed at each point that keeps to limits, corners and the acceleration both ways."""
    if not limits:
        return [0.0]
    inner = [
        min(before, after, _corner_mps(*points[i : i + 3], limit=min(before, after)))
        for i, (before, after) in enumerate(pairwise(limits))
    ]
    speeds = [0.0, *inner, 0.0]
    _limit_growth(speeds, steps_m)
    speeds.reverse()
    _limit_growth(speeds, steps_m[::-1])
    speeds.reverse()
    return _moving(speeds)


def _limit_growth(speeds: list[float], steps_m: list[float]) -> None:
    for i, step in enumerate(steps_m):
        reachable = math.sqrt(speeds[i] ** 2 + 2 * ACCELERATION_MPS2 * step)
        speeds[i + 1] = min(speeds[i + 1], reachable)


def _moving(speeds: list[float]) -> list[float]:
    """A drive of a single step would stand still at both ends and never arrive."""
    return [SLOWEST_MPS, SLOWEST_MPS] if len(speeds) == 2 else speeds


def _corner_mps(before: Point, corner: Point, after: Point, *, limit: float) -> float:
    turn = abs((heading_deg(corner, after) - heading_deg(before, corner) + 180) % 360 - 180)
    eased = limit * (1 - min(turn, SHARP_TURN_DEG) / SHARP_TURN_DEG)
    return max(SLOWEST_MPS, eased)
