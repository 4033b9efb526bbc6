"""Every row is proved once, and once more alone where nothing but a time was missed."""

from __future__ import annotations

from threading import Barrier

from prove.lanes import again_alone, in_two_lanes
from prove.report import Proved
from prove.row import Miss, Outcome, Row


def row(number: int, *, quiet: bool = False) -> Row:
    bound_s = 10.0 * number
    return Row(number, "", "", bound_s, run=lambda *_: Outcome(), quick=1, quiet=quiet)


def proved(row: Row, *misses: Miss) -> Proved:
    return Proved(row, Outcome(misses=list(misses)), 1.0, 0.5)


def test_each_row_is_proved_once() -> None:
    rows = [row(number) for number in (3, 1, 4, 5, 9, 2, 6)]
    found = in_two_lanes(rows, proved)
    assert sorted(each.row.number for each in found) == [1, 2, 3, 4, 5, 6, 9]


def test_what_wants_a_quiet_machine_comes_first_then_the_longest_beside_the_shortest() -> None:
    begun: list[int] = []
    together = Barrier(2)

    def prove(row: Row) -> Proved:
        begun.append(row.number)
        together.wait(10)
        return proved(row)

    in_two_lanes([row(1), row(2), row(3, quiet=True), row(4, quiet=True), row(8), row(9)], prove)
    assert [set(begun[n : n + 2]) for n in (0, 2, 4)] == [{3, 4}, {1, 9}, {2, 8}]


def test_a_missed_time_is_measured_again_and_both_are_told() -> None:
    late = proved(row(13), Miss("time", "the others done, s: 30.3, more than 30"))
    again = again_alone(late, proved)
    assert again.outcome.verdict == "held"
    assert "30.3" in again.outcome.notes[0]


def test_a_broken_promise_is_not_tried_until_it_holds() -> None:
    lost = proved(row(1), Miss("promise", "lost: 1, not 0"), Miss("time", "staleness: 9"))
    assert again_alone(lost, proved) is lost
    held = proved(row(2))
    assert again_alone(held, proved) is held
