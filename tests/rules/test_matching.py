"""Who fits into which vehicle."""

import pytest

from trips.dispatch.seats import Configuration, fits
from trips.models import Trip

VAN: list[Configuration] = [{"amb": 4, "wc": 1}, {"amb": 2, "wc": 2}]


@pytest.mark.parametrize(
    ("riders", "escorts", "expected"),
    [
        (["ambulatory"] * 4, 0, True),
        (["ambulatory"] * 5, 0, False),
        (["wheelchair"] * 2, 0, True),
        (["wheelchair"] * 3, 0, False),
        (["wheelchair", "wheelchair", "ambulatory"], 1, True),
        (["wheelchair", "wheelchair", "ambulatory"], 2, False),
        (["wheelchair"], 4, True),
        (["stretcher"], 0, False),
        ([], 0, True),
        ([], 5, False),
    ],
)
def test_one_of_the_vans_seatings_must_take_everybody_at_once(
    riders: list[str], escorts: int, expected: bool
) -> None:
    assert fits(VAN, riders, escorts=escorts) is expected


@pytest.mark.parametrize(
    ("place", "carried"),
    [
        ("amb", {"ambulatory"}),
        ("wc", {"wheelchair"}),
        ("bwc", {"wheelchair", "bariatric_wheelchair"}),
        ("str", {"stretcher"}),
        ("bstr", {"stretcher", "bariatric_stretcher"}),
    ],
)
def test_a_place_carries_what_it_is_built_for_and_what_is_smaller(
    place: str, carried: set[str]
) -> None:
    assert {m for m in Trip.Mobility.values if fits([{place: 1}], [m])} == carried


def test_a_wheelchair_leaves_the_bariatric_place_to_who_needs_it() -> None:
    configuration = [{"wc": 1, "bwc": 1}]
    for riders in (
        ["wheelchair", "bariatric_wheelchair"],
        ["bariatric_wheelchair", "wheelchair"],
    ):
        assert fits(configuration, riders)


def test_a_vehicle_without_seatings_or_with_empty_ones_takes_nobody() -> None:
    assert not fits([], ["ambulatory"])
    assert not fits([], [])
    assert not fits([{"amb": 0}], ["ambulatory"])


def test_asking_does_not_use_up_the_seats() -> None:
    configuration = {"amb": 1}
    assert fits([configuration], ["ambulatory"])
    assert fits([configuration], ["ambulatory"])
