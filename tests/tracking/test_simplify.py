"""A simplified track still says where the vehicle was at every moment."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trips.tracking.simplify import MOST_AT_ONCE, Point, gaps, length_m, off_track_m, simplify

TOLERANCE_M = 20.0
BEGAN = 1_750_000_000.0

steps = st.tuples(st.floats(0.0, 60.0), st.floats(-0.002, 0.002), st.floats(-0.002, 0.002))


def _walk(walked: list[tuple[float, float, float]]) -> list[Point]:
    points = [Point(BEGAN, 57.7, 11.97)]
    for seconds, north, east in walked:
        last = points[-1]
        points.append(Point(last.at + seconds, last.latitude + north, last.longitude + east))
    return points


def _drive(count: int, seed: int = 1) -> list[Point]:
    rng = Random(seed)
    return _walk([(1.0, rng.gauss(0, 1e-4), rng.gauss(1e-4, 5e-5)) for _ in range(count - 1)])


def _furthest_off_m(points: list[Point], kept: list[Point]) -> float:
    spans = iter(pairwise(kept))
    span, worst = next(spans), 0.0
    for point in points:
        while point.at > span[1].at:
            span = next(spans)
        worst = max(worst, off_track_m(point, *span))
    return worst


@given(st.lists(steps, min_size=1, max_size=40))
def test_no_point_left_out_is_further_off_than_the_tolerance(
    walked: list[tuple[float, float, float]],
) -> None:
    points = _walk(walked)
    kept = simplify(points, TOLERANCE_M)
    assert kept[0] == points[0]
    assert kept[-1] == points[-1]
    # Points of one moment have no order in time, so no way between them is theirs alone.
    if len({point.at for point in points}) == len(points):
        assert _furthest_off_m(points, kept) <= TOLERANCE_M


def test_a_straight_drive_at_one_speed_is_two_points() -> None:
    points = _walk([(1.0, 1e-4, 1e-4)] * 300)
    assert simplify(points, TOLERANCE_M) == [points[0], points[-1]]


def test_a_wait_at_the_door_is_not_forgotten() -> None:
    drive, wait = [(1.0, 1e-4, 0.0)] * 100, [(1.0, 0.0, 0.0)] * 600
    points = _walk(drive + wait + drive)
    kept = simplify(points, TOLERANCE_M)
    longest_s = max(b.at - a.at for a, b in pairwise(kept))
    assert 560 <= longest_s <= 600 + 4


def test_a_day_of_a_point_a_second_is_simplified_piece_by_piece() -> None:
    points = _drive(3 * MOST_AT_ONCE + 7)
    kept = simplify(points, TOLERANCE_M)
    assert len(kept) < len(points) / 2
    assert _furthest_off_m(points, kept) <= TOLERANCE_M


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_points_stay(count: int) -> None:
    points = _drive(2)[:count]
    assert simplify(points, TOLERANCE_M) == points
    assert length_m(points) >= 0


def test_a_silence_is_a_gap() -> None:
    points = _walk([(30.0, 1e-4, 0.0), (500.0, 1e-3, 0.0), (30.0, 1e-4, 0.0)])
    assert gaps(points, 120.0) == [(points[1].at, points[2].at)]


def test_the_length_is_along_the_way() -> None:
    points = _walk([(10.0, 0.001, 0.0), (10.0, -0.001, 0.0)])
    assert length_m(points) == pytest.approx(2 * 111.195, rel=1e-3)
