"""Charts: shapes in a square of 100 by 100."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trips.reports.charts import bars, line, share, top


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 2), (1, 2), (2, 2), (3, 4), (9, 10), (10, 10), (11, 20), (61, 80), (100, 100), (101, 200)],
)
def test_the_top_of_an_axis_is_the_next_round_number(value: int, expected: float) -> None:
    assert top(value) == expected


@given(st.integers(0, 10**9))
def test_the_top_is_never_below_the_value_and_its_half_is_whole(value: int) -> None:
    assert top(value) >= value
    assert (top(value) / 2).is_integer()


def test_bars_stand_on_each_other_and_reach_the_ground() -> None:
    chart = bars([("aboard", [3, 0]), ("trouble", [1, 2])], ["Monday", "Tuesday"])
    assert chart.most == 4
    low, high, lone = chart.bars
    assert (low.hue, low.y, low.height) == ("aboard", 25, 75)
    assert (high.hue, high.y, high.height) == ("trouble", 0, 25)
    assert (lone.y, lone.height) == (50, 50)
    assert low.x == high.x
    assert [(place.x, place.width, place.text) for place in chart.places] == [
        (0, 50, "Monday"),
        (50, 50, "Tuesday"),
    ]


def test_a_line_is_broken_where_nothing_is_known() -> None:
    chart = line([1.0, 0.5, None, 0.0], ["a", "b", "c", "d"], most=1.0)
    assert chart.path == "M12.50 0.00h0.01L37.50 50.00M87.50 100.00h0.01"


def test_a_value_beyond_the_axis_stays_in_the_picture() -> None:
    assert line([7.0], ["a"], most=1.0).path == "M50.00 0.00h0.01"


def test_parts_of_a_whole_fill_the_bar_and_nothing_leaves_it_empty() -> None:
    boxes = share([1, 0, 3], ["aboard", "open", "trouble"])
    assert [(box.x, box.width, box.hue) for box in boxes] == [
        (0, 25, "aboard"),
        (25, 75, "trouble"),
    ]
    assert share([0, 0], ["aboard", "open"]) == []


def test_without_places_there_is_nothing_to_draw() -> None:
    assert bars([("aboard", [])], []).bars == []
    assert line([], [], most=1.0).path == ""
