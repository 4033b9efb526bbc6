"""Stretches of time: overlaps count once, and what is left out is left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trips.reports.intervals import Interval, common, seconds, united, without

moments = st.integers(0, 30)
stretches = st.lists(st.tuples(moments, moments).map(lambda p: (float(p[0]), float(p[1]))))


def seconds_in(found: list[Interval]) -> set[int]:
    """Each whole second that they hold, by looking at it."""
    return {n for n in range(31) for begin, end in found if begin <= n < end}


@given(stretches, stretches)
def test_they_hold_exactly_the_seconds_that_they_should(
    one: list[Interval], other: list[Interval]
) -> None:
    first, second = united(one), united(other)
    for result, wanted in (
        (first, seconds_in(one)),
        (common(first, second), seconds_in(one) & seconds_in(other)),
        (without(first, second), seconds_in(one) - seconds_in(other)),
    ):
        assert seconds_in(result) == wanted
        assert seconds(result) == len(wanted)
        assert result == united(result)


def test_neighbours_become_one() -> None:
    assert united([(5, 9), (0, 5), (2, 3)]) == [(0, 9)]


def test_what_ends_before_it_begins_is_nothing() -> None:
    assert united([(5, 5), (9, 7)]) == []
