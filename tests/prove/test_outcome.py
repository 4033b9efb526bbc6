"""A row that missed cannot look as if it had held."""

from __future__ import annotations

import pytest

from prove.report import Proved, markdown
from prove.row import Outcome, Row, load, numbers, scaled


def outcome() -> Outcome:
    """One that measured something of every kind and missed nothing."""
    out = Outcome()
    out.expect("events", 7, 7)
    out.at_most("memory, MB", 3.5, 20)
    out.time_s("resumed", 1.25, 5)
    out.faults("lost", [])
    out.control("lost by who repairs nothing", 12)
    return out


def row(number: int = 3) -> Row:
    return Row(number, "a | fault", "0/0/0", 60, lambda stack, seed, scale: outcome())


def test_what_is_reached_is_held() -> None:
    assert outcome().verdict == "held"
    assert outcome().misses == []


def test_another_number_is_a_broken_promise() -> None:
    out = outcome()
    out.expect("events", 6, 7)
    assert out.verdict == "missed"
    assert out.broken == ["events: 6, not 7"]


def test_a_fault_that_the_checker_found_is_a_broken_promise() -> None:
    out = outcome()
    out.faults("lost", ["lost: this"])
    assert out.broken == ["lost: 1, not 0"]
    assert "lost: lost: this" in out.notes


def test_a_time_that_is_too_long_misses_but_breaks_no_promise() -> None:
    out = outcome()
    out.time_s("resumed", 5.01, 5)
    assert out.verdict == "missed"
    assert out.broken == []


def test_a_number_that_was_never_measured_misses() -> None:
    out = outcome()
    out.time_s("resumed", float("nan"), 5)
    assert out.verdict == "missed"


def test_a_fault_that_did_not_bite_proves_nothing() -> None:
    out = outcome()
    out.control("lost by who repairs nothing", 0)
    assert [miss.kind for miss in out.misses] == ["control"]


def test_an_outcome_comes_back_from_its_file_as_it_was() -> None:
    out = outcome()
    out.expect("events", 6, 7)
    assert Outcome.from_json(out.to_json()) == out


def test_a_part_keeps_its_misses_under_its_name() -> None:
    whole, part = outcome(), outcome()
    part.expect("events", 6, 7)
    whole.add("seed 2", part)
    assert whole.broken == ["seed 2: events: 6, not 7"]
    assert whole.measured["seed 2: events"] == 6


def test_the_page_says_which_row_missed_and_why() -> None:
    missed = outcome()
    missed.expect("events", 6, 7)
    proved = [Proved(row(3), outcome(), 10.0, 0.5), Proved(row(4), missed, 11.0, 0.5)]
    page = markdown(proved, "On a machine.", 1, quick=False)
    assert "1 of 2 rows held." in page
    assert "| 3 | a \\| fault | 0/0/0 |" in page
    assert "**missed**" in page
    assert "- 4, promise: events: 6, not 7" in page
    assert "--quick`):" not in page


@pytest.mark.parametrize(("full", "scale", "wanted"), [(10_000, 1.0, 10_000), (10, 0.05, 2)])
def test_a_small_row_does_less_but_never_nothing(full: int, scale: float, wanted: int) -> None:
    assert scaled(full, scale, 2) == wanted


def test_every_row_of_the_table_can_be_loaded() -> None:
    for number in numbers():
        found = load(number)
        assert found.fault
        assert found.reach
        assert 0 < found.quick <= 1
