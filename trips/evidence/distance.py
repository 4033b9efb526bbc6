"""How far a vehicle really drove, from positions that are noisy, late, doubled or absent (pure).

The plain sum along all positions is wrong in both directions: receivers are some metres off, so
that a parked vehicle reporting each second "drives" kilometres an hour, and a silence or a long
interval hides bends. So: what cannot have been driven is left out, a stay becomes one point, dense
positions are averaged and straightened, and where nothing was seen the way counts as streets are.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from trips.dispatch.travel import CIRCUITY
from trips.tracking.geo import distance_m
from trips.tracking.simplify import Point, simplify

#: No vehicle of a fleet drives faster; noise alone explains a jump of NOISE_M.
MOST_SPEED_MPS = 50.0
NOISE_M = 40.0
#: A longer run of wrong positions than this is not seen as wrong.
MOST_DOUBTED = 60
#: A vehicle that keeps within this distance for so long stands.
STAY_RADIUS_M, STAY_S = 20.0, 30.0
MOST_STRAYS = 2
#: Positions within this time of each other are averaged.
SMOOTH_S = 2.5
#: What is closer than this to the straightened track is noise.
TOLERANCE_M = 5.0
#: Between positions further apart in time the street may have had bends.
UNSEEN_S = 8.0
#: Short ways are straighter: the full circuity is reached at 2 km.
BEND_M = 6_500.0
#: Another device of the vehicle is looked at where the best one says nothing for so long.
FILL_S = 30.0


class Travelled(NamedTuple):
    """Metres driven, positions believed, and the silences as (from, to) in unix seconds."""

    distance_m: float
    fixes: int
    gaps: list[tuple[float, float]]


def travelled(
    tracks: Iterable[Sequence[Point]],
    begin_at: float,
    end_at: float,
    *,
    stops: Sequence[Point],
    longest_silence_s: float,
) -> Travelled:
    """What was driven between two times (unix s).

    `tracks` has one list a device, in any order of time. `stops` are where the vehicle must have
    been; they count where it was silent for `longest_silence_s` around their time.
    """
    seen = plausible(merged([in_order(track, begin_at, end_at) for track in tracks]))
    unseen = [stop for stop in stops if _silent_around(stop, seen, longest_silence_s)]
    times = [begin_at, *(point.at for point in seen), end_at]
    gaps = [(a, b) for a, b in pairwise(times) if b - a > longest_silence_s or not seen]
    return Travelled(driven_m(sorted([*seen, *unseen])), len(seen), gaps)


def _silent_around(stop: Point, seen: Sequence[Point], longest_silence_s: float) -> bool:
    ends = (*seen[:1], *seen[-1:])
    return all(abs(stop.at - point.at) > longest_silence_s for point in ends)


def along_sealed(track: Sequence[Point], silences: Iterable[tuple[float, float]]) -> float:
    """Metres along a track that was cleared of noise before; `silences` as unix seconds."""
    silent = set(silences)
    hops = ((_metres(a, b), (a.at, b.at) in silent) for a, b in pairwise(track))
    return sum(_unseen_m(metres) if unseen else metres for metres, unseen in hops)


def in_order(track: Iterable[Point], begin_at: float, end_at: float) -> list[Point]:
    """The positions between two times, sorted, one a moment."""
    by_time = {point.at: point for point in track if begin_at <= point.at <= end_at}
    return [by_time[at] for at in sorted(by_time)]


def merged(tracks: list[list[Point]]) -> list[Point]:
    """One track of several devices: the one that says most, and others where it is silent.

    Two receivers side by side are some metres apart: mixed, they would zigzag.
    """
    if not tracks:
        return []
    best, *others = sorted(tracks, key=len, reverse=True)
    for other in others:
        best = _filled(best, other)
    return best


def _filled(best: list[Point], other: list[Point]) -> list[Point]:
    if not best:
        return other
    edges = [float("-inf"), *(point.at for point in best), float("inf")]
    silences = [(a, b) for a, b in pairwise(edges) if b - a > FILL_S]
    found = [
        point
        for point in other
        if any(a + FILL_S / 2 < point.at < b - FILL_S / 2 for a, b in silences)
    ]
    return sorted(best + found)


def plausible(points: Sequence[Point]) -> list[Point]:
    """The most of `points` (in order) that one vehicle can have been at, one after the other."""
    chain_length, follows = [0] * len(points), [-1] * len(points)
    longest = 0
    for n, point in enumerate(points):
        for before in range(n - 1, max(-1, n - 1 - MOST_DOUBTED), -1):
            if chain_length[before] > chain_length[n] and _reachable(points[before], point):
                chain_length[n], follows[n] = chain_length[before], before
                if chain_length[n] == longest:
                    break
        chain_length[n] += 1
        longest = max(longest, chain_length[n])
    chain = []
    n = chain_length.index(longest) if points else -1
    while n >= 0:
        chain.append(points[n])
        n = follows[n]
    return chain[::-1]


def _reachable(a: Point, b: Point) -> bool:
    return _metres(a, b) <= NOISE_M + MOST_SPEED_MPS * (b.at - a.at)


def driven_m(path: Sequence[Point]) -> float:
    """Metres along plausible positions, free of noise."""
    pieces: list[list[Point]] = [[]]
    for point in _settled(path):
        if pieces[-1] and point.at - pieces[-1][-1].at > UNSEEN_S:
            pieces.append([])
        pieces[-1].append(point)
    lines = [simplify(_smoothed(piece), TOLERANCE_M) for piece in pieces if piece]
    seen_m = sum(_metres(a, b) for line in lines for a, b in pairwise(line))
    return seen_m + sum(_unseen_m(_metres(a[-1], b[0])) for a, b in pairwise(lines))


def _settled(path: Sequence[Point]) -> list[Point]:
    """`path` with each stay as two points, its centre when it began and when it ended."""
    settled: list[Point] = []
    begin = 0
    while begin < len(path):
        centre, end = _stay(path, begin)
        if path[end - 1].at - path[begin].at >= STAY_S:
            settled += [centre._replace(at=path[begin].at), centre._replace(at=path[end - 1].at)]
            begin = end
        else:
            settled.append(path[begin])
            begin += 1
    return settled


def _stay(path: Sequence[Point], begin: int) -> tuple[Point, int]:
    """(centre, end) of the positions from `begin` up to `end` that keep near their centre.

    Up to MOST_STRAYS in a row may be astray: a vehicle does not leave and return so quickly.
    """
    centre = path[begin]
    near, end = 1, begin + 1
    while end < len(path):
        ahead = path[end : end + MOST_STRAYS + 1]
        strays = next(
            (n for n, one in enumerate(ahead) if _metres(centre, one) <= STAY_RADIUS_M), None
        )
        if strays is None:
            break
        found, near, end = ahead[strays], near + 1, end + strays + 1
        latitude = centre.latitude + (found.latitude - centre.latitude) / near
        longitude = centre.longitude + (found.longitude - centre.longitude) / near
        centre = Point(centre.at, latitude, longitude)
    return centre, end


def _smoothed(piece: Sequence[Point]) -> list[Point]:
    """Each position as a mean of as many before it as after, of which nearer ones count more."""
    smooth = []
    for n, point in enumerate(piece):
        reach = _reach(piece, n)
        around = piece[n - reach : n + reach + 1]
        weights = [reach + 1 - abs(k) for k in range(-reach, reach + 1)]
        latitude = sum(w * one.latitude for w, one in zip(weights, around, strict=True)) / sum(
            weights
        )
        longitude = sum(w * one.longitude for w, one in zip(weights, around, strict=True)) / sum(
            weights
        )
        smooth.append(Point(point.at, latitude, longitude))
    return smooth


def _reach(piece: Sequence[Point], n: int) -> int:
    """How many positions on either side of the n-th are within SMOOTH_S of it."""
    at, reach = piece[n].at, 0
    while (
        n - reach > 0
        and n + reach + 1 < len(piece)
        and at - piece[n - reach - 1].at <= SMOOTH_S
        and piece[n + reach + 1].at - at <= SMOOTH_S
    ):
        reach += 1
    return reach


def _metres(a: Point, b: Point) -> float:
    return distance_m(a.latitude, a.longitude, b.latitude, b.longitude)


def _unseen_m(straight_m: float) -> float:
    return straight_m * min(CIRCUITY, 1 + straight_m / BEND_M)
