"""A drive along a line: positions, headings and speeds that a vehicle could have."""

from itertools import pairwise

import pytest

from trips.simulator.route import ACCELERATION_MPS2, Leg, Route, distance_m, heading_deg

START = (57.7, 11.97)
EAST = (57.7, 11.98)
NORTH_EAST = (57.71, 11.98)
CORNER = Route(START, [Leg(EAST, 14.0), Leg(NORTH_EAST, 14.0)])


def test_a_degree_of_latitude_is_about_111_km() -> None:
    assert distance_m((57.0, 12.0), (58.0, 12.0)) == pytest.approx(111_195, rel=0.001)


@pytest.mark.parametrize(
    ("to", "degrees"),
    [((57.71, 11.97), 0), ((57.7, 11.98), 90), ((57.69, 11.97), 180), ((57.7, 11.96), 270)],
)
def test_headings_are_clockwise_from_north(to: tuple[float, float], degrees: float) -> None:
    assert heading_deg(START, to) == pytest.approx(degrees, abs=0.01)


def test_the_length_is_that_of_the_line() -> None:
    line = distance_m(START, EAST) + distance_m(EAST, NORTH_EAST)
    assert CORNER.length_m == pytest.approx(line, rel=1e-6)


def test_a_drive_starts_and_ends_at_rest_at_its_ends() -> None:
    first, last = CORNER.at(0), CORNER.at(CORNER.length_m)
    assert (first.latitude, first.longitude) == START
    assert (last.latitude, last.longitude) == pytest.approx(NORTH_EAST)
    assert (first.speed_mps, last.speed_mps) == pytest.approx((0, 0), abs=0.001)


def test_a_drive_slows_down_at_a_corner_and_speeds_up_again() -> None:
    corner_m = distance_m(START, EAST)
    assert CORNER.at(corner_m).speed_mps < 4
    assert CORNER.at(corner_m - 150).speed_mps == pytest.approx(14)
    assert CORNER.at(corner_m + 150).speed_mps == pytest.approx(14)


def test_a_drive_heads_along_each_street_in_turn() -> None:
    assert CORNER.at(100).heading_deg == pytest.approx(90, abs=0.1)
    assert CORNER.at(CORNER.length_m - 100).heading_deg == pytest.approx(0, abs=0.1)


def test_a_drive_never_exceeds_the_limit_or_the_acceleration() -> None:
    seconds = range(int(CORNER.seconds))
    speeds = [CORNER.at(CORNER.distance_after(second)).speed_mps for second in seconds]
    assert max(speeds) <= 14 + 1e-6
    gains = [abs(after - before) for before, after in pairwise(speeds)]
    assert max(gains) <= ACCELERATION_MPS2 + 1e-6


def test_the_speed_is_the_distance_covered() -> None:
    for second in range(5, int(CORNER.seconds) - 5):
        driven = CORNER.distance_after(second + 0.05) - CORNER.distance_after(second - 0.05)
        speed = CORNER.at(CORNER.distance_after(second)).speed_mps
        assert driven / 0.1 == pytest.approx(speed, abs=0.1)


def test_time_beyond_the_ends_is_clamped() -> None:
    assert CORNER.distance_after(-5) == 0
    assert CORNER.distance_after(CORNER.seconds + 5) == CORNER.length_m


def test_a_drive_to_where_one_is_takes_no_time() -> None:
    route = Route(START, [Leg(START, 10.0)])
    assert (route.length_m, route.seconds) == (0, 0)
    assert (route.at(0).latitude, route.at(0).longitude) == START


def test_a_drive_of_one_short_step_arrives() -> None:
    near = (57.70005, 11.97)
    route = Route(START, [Leg(near, 10.0)])
    assert 0 < route.seconds < 60
    assert route.at(route.distance_after(route.seconds)).latitude == near[0]


def test_every_moment_of_a_drive_has_a_place() -> None:
    steps = 5_000
    for step in range(steps + 1):
        place = CORNER.at(CORNER.distance_after(CORNER.seconds * step / steps))
        assert START[0] <= place.latitude <= NORTH_EAST[0] + 1e-9
        assert START[1] - 1e-9 <= place.longitude <= EAST[1] + 1e-9
