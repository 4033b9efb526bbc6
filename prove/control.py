"""What the same faults did to who repairs nothing: had they lost nothing, nothing is proved."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from prove.checker import Change
from prove.ledger import read
from prove.row import Outcome
from prove.scene import Scene

#: Later than screens with the repair are in the worst of all rows' usual cases.
LATE_S = 3.0


def deaf_without_comparing(out: Outcome, made: Scene, calm: int) -> None:
    """A hub that believed its doorbells alone and never compared heads: how often too late.

    The answers from when the scene had settled until the `calm`th came before any fault; of these
    it must have heard.
    """
    made.answers.ledger.flush()
    entries = read(made.answers.ledger.path)
    answered = [(at, what) for at, what in entries if isinstance(what, Change)]
    late = doorbells_late(answered, made.ear.numbers, board_numbers(made))
    if missed := [n for n in late if made.settled <= n < calm]:
        out.control("control: without faults, doorbells in time", 0)
        out.notes.append(f"without any fault, {len(missed)} doorbells were late")
    out.control("control: late or never by doorbells alone", len([n for n in late if n >= calm]))


def doorbells_late(
    answered: Sequence[tuple[float, Change]],
    numbers: Sequence[tuple[float, int]],
    board: dict[tuple[int, int], int],
) -> list[int]:
    """Which of the answered changes no doorbell told of within LATE_S: their indices.

    `numbers` are (second, head) in the order heard; `board` is {(trip, version): number}.
    """
    heads: list[int] = []
    for _, head in numbers:
        heads.append(max(head, heads[-1]) if heads else head)
    late = []
    for n, (at, change) in enumerate(answered):
        heard = bisect_left(heads, board[change.trip_id, change.version])
        if heard == len(heads) or numbers[heard][0] - at > LATE_S:
            late.append(n)
    return late


def board_numbers(made: Scene) -> dict[tuple[int, int], int]:
    """{(trip, version): number on the board} of everything that is in the table."""
    rows = made.stack.query(
        "SELECT event.trip_id, event.version, entry.seq FROM trips_streamentry entry"
        " JOIN trips_tripevent event ON event.id = entry.event_id WHERE entry.stream_id = 'board'"
    )
    return {(trip_id, version): seq for trip_id, version, seq in rows}
