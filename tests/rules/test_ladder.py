"""Which step comes next, for every way in which nights can be missed."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from billing.ladder import REST_DAYS, Step, Taken, next_step

DUE = date(2026, 1, 31)
STEPS = [Step(3, "first"), Step(14, "second"), Step(30, "final"), Step(45, "over")]


def walk(nights: list[int], steps: list[Step] = STEPS) -> list[Taken]:
    """What is taken when the task runs on these days after the due day."""
    taken: list[Taken] = []
    for night in nights:
        today = DUE + timedelta(days=night)
        if step := next_step(steps, taken, DUE, today):
            taken.append(Taken(step.days_after_due, step.action, today))
    return taken


def test_no_step_is_due_before_its_day() -> None:
    assert walk([0, 1, 2]) == []
    assert [one.action for one in walk([3])] == ["first"]


def test_steps_closer_than_the_rest_keep_their_own_distance() -> None:
    close = [Step(1, "first"), Step(3, "second")]
    assert [(one.action, one.on) for one in walk(list(range(5)), close)] == [
        ("first", DUE + timedelta(days=1)),
        ("second", DUE + timedelta(days=3)),
    ]


def test_a_step_put_before_one_that_was_taken_is_left_out() -> None:
    taken = [Taken(14, "second", DUE + timedelta(days=14))]
    found = next_step(STEPS, taken, DUE, DUE + timedelta(days=31))
    assert found == Step(30, "final")


def test_a_step_whose_day_was_moved_after_it_was_taken_is_not_taken_again() -> None:
    taken = [Taken(3, "first", DUE + timedelta(days=3))]
    moved = [Step(10, "first"), Step(14, "second")]
    assert next_step(moved, taken, DUE, DUE + timedelta(days=12)) is None


@given(st.sets(st.integers(0, 90), max_size=40))
def test_whatever_nights_are_missed_each_step_comes_once_in_order_and_never_in_a_hurry(
    nights: set[int],
) -> None:
    taken = walk(sorted(nights))
    assert [one.action for one in taken] == [step.action for step in STEPS][: len(taken)]
    for one in taken:
        assert one.on >= DUE + timedelta(days=one.days_after_due)
    for before, after in pairwise(taken):
        assert after.on - before.on >= timedelta(days=REST_DAYS)
