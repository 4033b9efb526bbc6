"""When a paper's end is warned of."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from trips.expiries import STEPS, due_step

TODAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("days_left", "step"),
    [(31, None), (30, 30), (29, 30), (15, 30), (14, 14), (13, 14), (8, 14), (7, 7), (2, 7),
     (1, 1), (0, 0), (-1, 0), (-400, 0)],
)  # fmt: skip
def test_the_nearest_step_ahead_is_due(days_left: int, step: int | None) -> None:
    assert due_step(TODAY + timedelta(days=days_left), TODAY) == step


def test_who_asks_every_day_is_told_each_step_on_its_day() -> None:
    expires = TODAY + timedelta(days=40)
    told: dict[int, int] = {}
    for left in range(40, -3, -1):
        step = due_step(expires, expires - timedelta(days=left))
        if step is not None:
            told.setdefault(step, left)
    assert told == {step: step for step in STEPS}
