"""Distances on the earth."""

import pytest

from trips.tracking.geo import EARTH_RADIUS_M, distance_m


@pytest.mark.parametrize(
    ("start", "end", "expected_m"),
    [
        ((0.0, 0.0), (0.0, 1.0), 111_195),  # a degree of the equator
        ((0.0, 0.0), (1.0, 0.0), 111_195),
        ((60.0, 0.0), (60.0, 1.0), 55_597),  # half as much at 60 degrees north
        ((57.7089, 11.9746), (59.3293, 18.0686), 396_893),  # Gothenburg to Stockholm
        ((0.0, 179.9), (0.0, -179.9), 22_239),  # across the date line
        ((90.0, 0.0), (-90.0, 0.0), 20_015_115),
    ],
)
def test_known_distances(
    start: tuple[float, float], end: tuple[float, float], expected_m: float
) -> None:
    assert distance_m(*start, *end) == pytest.approx(expected_m, rel=0.001)
    assert distance_m(*end, *start) == distance_m(*start, *end)


def test_a_place_is_no_metre_from_itself_and_its_antipode_half_the_earth() -> None:
    assert distance_m(57.7, 11.9, 57.7, 11.9) == 0.0
    assert distance_m(57.7, 11.9, -57.7, -168.1) == pytest.approx(3.14159265 * EARTH_RADIUS_M)


def test_a_metre_is_seen_as_a_metre() -> None:
    assert distance_m(57.7, 11.9, 57.7 + 1 / 111_195, 11.9) == pytest.approx(1.0, rel=0.001)
