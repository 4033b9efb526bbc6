"""The checker objects to every kind of doctored log, or its silence would prove nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prove.checker import Change, Picture, Position, check_changes, check_positions

STATUSES = ("scheduled", "requested")
TAPS = [Change(trip, version, STATUSES[version % 2]) for version in range(2, 8) for trip in (1, 2)]
VAN = 7
DRIVE = [Position(VAN, f"2026-11-20T09:00:{n:02d}.000Z", 57.7 + n / 1000, 11.97) for n in range(9)]


def test_a_true_log_is_in_order() -> None:
    assert check_changes(TAPS, TAPS) == []


def test_trips_may_overtake_each_other() -> None:
    assert check_changes(TAPS, sorted(TAPS)) == []


@given(st.integers(0, len(TAPS) - 1))
def test_a_dropped_change_is_lost(n: int) -> None:
    assert check_changes(TAPS, TAPS[:n] + TAPS[n + 1 :]) == [f"lost: {TAPS[n]}"]


@given(st.integers(0, len(TAPS) - 1), st.integers(0, len(TAPS)))
def test_a_change_that_is_shown_again_is_duplicated(n: int, where: int) -> None:
    faults = check_changes(TAPS, [*TAPS[:where], TAPS[n], *TAPS[where:]])
    assert f"duplicated: {TAPS[n]}" in faults


@given(st.integers(0, len(TAPS) - 3))
def test_two_changes_of_one_trip_that_swapped_are_out_of_order(n: int) -> None:
    shown = list(TAPS)
    shown[n], shown[n + 2] = shown[n + 2], shown[n]
    [fault] = check_changes(TAPS, shown)
    assert fault.startswith("out of order")


def test_another_status_never_happened() -> None:
    shown = [TAPS[0]._replace(status="completed"), *TAPS[1:]]
    assert check_changes(TAPS, shown) == [f"lost: {TAPS[0]}", f"never happened: {shown[0]}"]


def test_a_change_that_nobody_tapped_never_happened() -> None:
    invented = Change(1, 99, "cancelled")
    assert check_changes(TAPS, [*TAPS, invented]) == [f"never happened: {invented}"]


def test_a_screen_that_shows_nothing_lost_everything() -> None:
    assert len(check_changes(TAPS, [])) == len(TAPS)


def test_a_picture_stands_for_what_it_skipped() -> None:
    shown: list[Change | Picture] = [
        TAPS[0],
        Picture({1: 5, 2: 5}),
        *(tap for tap in TAPS if tap.version > 5),
    ]
    assert check_changes(TAPS, shown) == []


def test_a_picture_does_not_stand_for_what_should_have_been_shown_before() -> None:
    # Version 3 of trip 1 is missing although its 4 was shown.
    before = [Change(1, 2, "scheduled"), Change(1, 4, "scheduled")]
    shown: list[Change | Picture] = [*before, Picture({1: 7, 2: 7})]
    assert check_changes(TAPS, shown) == ["lost: Change(trip_id=1, version=3, status='requested')"]


def test_a_change_that_follows_a_picture_of_it_is_duplicated() -> None:
    shown: list[Change | Picture] = [Picture({1: 7, 2: 7}), TAPS[-1]]
    assert check_changes(TAPS, shown) == [f"duplicated: {TAPS[-1]}"]


def test_an_older_picture_is_out_of_order() -> None:
    [fault] = check_changes([], [Picture({1: 7}), Picture({1: 6})])
    assert fault.startswith("out of order")


def test_a_true_drive_is_in_order() -> None:
    assert check_positions(DRIVE, DRIVE) == []


def test_a_marker_may_jump_ahead_and_stand_still() -> None:
    assert check_positions(DRIVE, [DRIVE[0], DRIVE[4], DRIVE[4], DRIVE[-1]]) == []


def test_the_order_of_the_answers_does_not_matter() -> None:
    assert check_positions(DRIVE[::-1], DRIVE) == []


@pytest.mark.parametrize(
    ("doctored", "fault"),
    [
        (DRIVE[:-1], "not at the last position"),
        ([], "not at the last position"),
        ([*DRIVE, DRIVE[3]], "backwards"),
        ([*DRIVE[:4], DRIVE[2], *DRIVE[4:]], "backwards"),
        ([*DRIVE[:-1], DRIVE[-1]._replace(latitude=0.0)], "not at the last position"),
        ([p._replace(vehicle_id=8) for p in DRIVE], "not at the last position"),
    ],
    ids=["last dropped", "nothing shown", "back at the end", "back once", "elsewhere", "whose"],
)
def test_a_doctored_drive_is_seen(doctored: list[Position], fault: str) -> None:
    faults = check_positions(DRIVE, doctored)
    assert any(text.startswith(fault) for text in faults)
