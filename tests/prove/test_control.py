"""Who counts only doorbells is found to be late exactly where they were."""

from __future__ import annotations

from prove.checker import Change
from prove.control import LATE_S, doorbells_late

TAPS = [(10.0 + n, Change(1, n, "scheduled")) for n in range(4)]
BOARD = {(1, n): 101 + n for n in range(4)}


def test_a_doorbell_for_each_change_is_in_time() -> None:
    assert (
        doorbells_late(TAPS, [(at + 0.1, 101 + n) for n, (at, _) in enumerate(TAPS)], BOARD) == []
    )


def test_the_next_doorbell_tells_of_the_one_before() -> None:
    assert doorbells_late(TAPS, [(11.1, 102), (13.1, 104)], BOARD) == []


def test_silence_is_late_for_all_that_fell_into_it() -> None:
    back = 10.0 + LATE_S + 0.5
    assert doorbells_late(TAPS, [(back, 104)], BOARD) == [0]


def test_a_last_doorbell_that_never_rings_is_late() -> None:
    assert doorbells_late(TAPS, [(12.1, 103)], BOARD) == [3]
