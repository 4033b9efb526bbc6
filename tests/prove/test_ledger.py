"""The judgement over the files objects to every kind of doctored line, or it proves nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from prove.checker import Change, Picture, Position
from prove.ledger import Entry, Judgement, Ledger, judge, lateness_s, read

STATUSES = ("scheduled", "requested")
TAPS = [Change(trip, version, STATUSES[version % 2]) for version in range(2, 6) for trip in (1, 2)]
DRIVE = [Position(7, f"2026-11-20T09:00:{n:02d}.000Z", 57.7 + n / 1000, 11.97) for n in range(4)]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """(what was answered, what a screen showed): the same, in the same order."""
    paths = tmp_path / "answers.jsonl", tmp_path / "screen-00.jsonl"
    for path in paths:
        ledger = Ledger(path)
        for tap in TAPS:
            ledger.note(tap)
        for place in DRIVE:
            ledger.note(place)
        ledger.close()
    return paths


def doctored(files: tuple[Path, Path], change: Callable[[list[str]], list[str]]) -> Judgement:
    """The judgement after `change` of the screen's lines."""
    answers, screen = files
    lines = screen.read_text().splitlines()
    screen.write_text("".join(f"{line}\n" for line in change(lines)))
    return judge(answers, [screen])


def test_a_true_screen_is_in_order(files: tuple[Path, Path]) -> None:
    answers, screen = files
    found = judge(answers, [screen])
    assert found.faults == []
    assert found.answered == len(TAPS)
    assert len(found.lateness_s) == len(TAPS)


@pytest.mark.parametrize("n", range(len(TAPS)))
def test_a_dropped_line_is_lost(files: tuple[Path, Path], n: int) -> None:
    found = doctored(files, lambda lines: lines[:n] + lines[n + 1 :])
    assert found.faults == [f"screen-00: lost: {TAPS[n]}"]


@pytest.mark.parametrize("n", range(len(TAPS)))
def test_a_line_that_is_there_twice_is_duplicated(files: tuple[Path, Path], n: int) -> None:
    found = doctored(files, lambda lines: [*lines[: n + 1], lines[n], *lines[n + 1 :]])
    assert found.faults == [f"screen-00: duplicated: {TAPS[n]}"]


@pytest.mark.parametrize("n", range(len(TAPS) - 2))
def test_two_lines_of_a_trip_that_swapped_are_out_of_order(
    files: tuple[Path, Path], n: int
) -> None:
    def swap(lines: list[str]) -> list[str]:
        lines[n], lines[n + 2] = lines[n + 2], lines[n]
        return lines

    [fault] = doctored(files, swap).faults
    assert fault.startswith("screen-00: out of order")


def test_a_marker_that_goes_back_is_seen(files: tuple[Path, Path]) -> None:
    faults = doctored(files, lambda lines: [*lines, lines[-2]]).faults
    assert any("backwards" in fault for fault in faults)


def test_a_last_position_that_is_missing_is_seen(files: tuple[Path, Path]) -> None:
    [fault] = doctored(files, lambda lines: lines[:-1]).faults
    assert "not at the last position" in fault


def test_an_empty_file_has_lost_everything(files: tuple[Path, Path]) -> None:
    found = doctored(files, lambda lines: [])
    assert len(found.faults) == len(TAPS) + 1
    assert found.lateness_s == []


def test_a_line_of_another_kind_is_refused(files: tuple[Path, Path]) -> None:
    with pytest.raises(KeyError):
        doctored(files, lambda lines: [*lines, json.dumps({"second": 1.0, "kind": "Rumour"})])


def test_a_picture_comes_back_as_it_was(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "screen.jsonl")
    ledger.note(Picture({7: 3}))
    ledger.close()
    [entry] = read(ledger.path)
    assert entry.what == Picture({7: 3})


def test_lateness_counts_from_the_answer_to_the_first_sight() -> None:
    first, second, third = (Change(1, version, "scheduled") for version in (2, 3, 4))
    answered = [Entry(10.0, first), Entry(11.0, second), Entry(12.0, third)]
    shown = [Entry(9.9, first), Entry(14.0, Picture({1: 3})), Entry(14.5, third)]
    assert lateness_s(answered, shown) == [0.0, 3.0, 2.5]
