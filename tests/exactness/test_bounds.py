"""What a socket that does not acknowledge may cost, in bytes on the way to it."""

from __future__ import annotations

import pytest

from trips.realtime.messages import Fix
from trips.realtime.outbox import ACK_DUE_S, MOST_UNACKED_CHARS, Outbox

OPENED = 1_000.0
FIX = Fix(1, 1, 57.7, 11.97, None, None, "2026-11-20T08:00:00.000Z")
FRAME = "x" * 100_000
FILL = MOST_UNACKED_CHARS // len(FRAME) + 1


@pytest.fixture
def outbox() -> Outbox:
    """A board's socket with as much on the way as may be."""
    outbox = Outbox(batch=True, opened_at=OPENED)
    outbox.held = False
    for _ in range(FILL):
        outbox.put(FRAME)
    outbox.take(OPENED)
    return outbox


def test_positions_wait_while_too_much_is_on_the_way(outbox: Outbox) -> None:
    assert outbox.behind(OPENED)
    outbox.merge(FIX)
    assert outbox.wait_s(OPENED + 1) is None
    assert outbox.take(OPENED + 1) == []


def test_an_acknowledgement_lets_them_go(outbox: Outbox) -> None:
    outbox.merge(FIX)
    outbox.wake.clear()
    outbox.acknowledge(FILL)
    assert outbox.wake.is_set()
    assert not outbox.behind(OPENED)
    assert len(outbox.take(OPENED + 1)) == 1


def test_numbered_frames_go_all_the_same(outbox: Outbox) -> None:
    outbox.put("a tap")
    assert outbox.take(OPENED + 1) == ["a tap"]


def test_a_socket_that_stays_full_is_closed(outbox: Outbox) -> None:
    outbox.take(OPENED + ACK_DUE_S)
    assert not outbox.overflowed
    outbox.take(OPENED + ACK_DUE_S + 0.1)
    assert outbox.overflowed


def test_a_slow_reader_that_acknowledges_is_not(outbox: Outbox) -> None:
    for second in range(60):
        outbox.put(FRAME)
        outbox.take(OPENED + second)
        outbox.acknowledge(second)
    assert not outbox.overflowed


def test_more_is_never_acknowledged_than_was_sent(outbox: Outbox) -> None:
    outbox.acknowledge(10**9)
    assert outbox.acked == outbox.sent
    outbox.acknowledge(3)
    assert outbox.acked == outbox.sent
