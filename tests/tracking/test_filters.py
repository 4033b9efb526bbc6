"""Which fixes are believed: kept, late, of the future, or quarantined with a reason."""

from __future__ import annotations

import pytest

from trips.tracking.filters import (
    CONSISTENT_FIXES,
    DAY_S,
    MOST_SPEED_MPS,
    SMALLEST_JUMP_M,
    Track,
    Verdict,
    judge,
)
from trips.tracking.fixes import Fix

NOW = 1_800_000_000.0
LATITUDE, LONGITUDE = 57.7, 11.97
DEGREE_M = 111_195.0
KEPT, LATE, FUTURE = ((verdict, "") for verdict in Verdict)


def at(metres: float, accuracy_m: float | None = None) -> Fix:
    """A fix so far north of where Omar began."""
    return Fix(LATITUDE + metres / DEGREE_M, LONGITUDE, accuracy_m=accuracy_m)


def verdicts(*moves: tuple[float, float], track: Track | None = None) -> list[str]:
    """What becomes of (second, metres) moves, in order, all arriving at the last second."""
    track = track or Track()
    found = [judge(at(metres), NOW + second, track, NOW + second) for second, metres in moves]
    return [verdict.value if verdict else reason for verdict, reason in found]


def test_a_drive_is_kept() -> None:
    assert verdicts(*((second, 15.0 * second) for second in range(60))) == ["kept"] * 60


def test_the_first_fix_is_believed_wherever_it_is() -> None:
    assert judge(Fix(-33.9, 151.2), NOW, Track(), NOW) == KEPT


@pytest.mark.parametrize(
    ("age_s", "verdict"),
    [
        (30 * DAY_S, KEPT),
        (30 * DAY_S + 1, (None, "outside_window")),
        (-DAY_S, FUTURE),
        (-DAY_S - 1, (None, "outside_window")),
        (-31, FUTURE),
        (-30, KEPT),
    ],
)
def test_the_window_is_thirty_days_back_and_one_ahead(
    age_s: float, verdict: tuple[Verdict | None, str]
) -> None:
    assert judge(at(0), NOW - age_s, Track(), NOW) == verdict


def test_a_future_fix_is_not_what_the_next_is_compared_with() -> None:
    track = Track()
    assert judge(at(0), NOW + 3_600, track, NOW) == FUTURE
    assert judge(at(0), NOW, track, NOW) == KEPT


def test_older_than_the_last_is_late_and_equal_is_too() -> None:
    assert verdicts((10, 0), (9, 0), (10, 0), (11, 0)) == ["kept", "late", "late", "kept"]


def test_null_island_is_the_answer_of_a_phone_that_knows_nothing() -> None:
    assert judge(Fix(0.0, 0.0), NOW, Track(), NOW) == (None, "null_island")
    assert judge(Fix(0.0, 11.97), NOW, Track(), NOW) == KEPT


def test_an_accuracy_of_kilometres_says_nothing() -> None:
    assert judge(at(0, accuracy_m=2_000), NOW, Track(), NOW) == KEPT
    assert judge(at(0, accuracy_m=2_001), NOW, Track(), NOW) == (None, "poor_accuracy")


def test_a_jump_of_250_metres_may_be_noise_and_a_longer_one_must_be_drivable() -> None:
    assert verdicts((0, 0), (1, SMALLEST_JUMP_M - 1)) == ["kept", "kept"]
    assert verdicts((0, 0), (1, SMALLEST_JUMP_M + 5)) == ["kept", "impossible_speed"]
    assert verdicts((0, 0), (10, 10 * MOST_SPEED_MPS - 5)) == ["kept", "kept"]
    assert verdicts((0, 0), (10, 10 * MOST_SPEED_MPS + 5)) == ["kept", "impossible_speed"]


def test_an_inaccurate_fix_may_jump_by_its_inaccuracy() -> None:
    track = Track()
    judge(at(0, accuracy_m=100), NOW, track, NOW)
    assert judge(at(450, accuracy_m=110), NOW + 1, track, NOW + 1) == KEPT


def test_one_spike_is_refused_and_the_drive_goes_on() -> None:
    assert verdicts((0, 0), (1, 20_000), (2, 30)) == ["kept", "impossible_speed", "kept"]


def test_fixes_that_agree_with_each_other_are_the_truth() -> None:
    doubted = ["impossible_speed"] * (CONSISTENT_FIXES - 1)
    moves = [(0, 0.0), (1, 20_000.0), (2, 20_015.0), (3, 20_030.0), (4, 20_045.0)]
    assert verdicts(*moves) == ["kept", *doubted, "kept", "kept"]


def test_spikes_that_disagree_never_become_the_truth() -> None:
    moves = [(0, 0.0), (1, 20_000.0), (2, -40_000.0), (3, 60_000.0), (4, -80_000.0), (5, 50.0)]
    assert verdicts(*moves) == ["kept", *["impossible_speed"] * 4, "kept"]


def test_after_a_long_silence_a_far_place_is_reachable() -> None:
    assert verdicts((0, 0), (3_600, 90_000)) == ["kept", "kept"]
