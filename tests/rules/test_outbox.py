"""What one socket is sent: numbered frames all and in order, positions newest wins."""

import json
from itertools import count
from typing import Any

import pytest
from msgspec import structs

from trips.realtime.messages import Fix
from trips.realtime.outbox import (
    ACK_DUE_S,
    MOST_UNACKED_CHARS,
    MOST_WAITING,
    MOST_WAITING_CHARS,
    SILENT_PERIOD_S,
    SLOW_AFTER,
    SLOW_PERIOD_S,
    Outbox,
    gps_update,
)

#: When the socket was opened, in monotonic seconds.
OPENED = 1_000.0


def fix(vehicle: int | None = 1, latitude: float = 57.7, trip: int | None = 9) -> Fix:
    return Fix(
        trip_id=trip,
        vehicle_id=vehicle,
        latitude=latitude,
        longitude=11.9,
        speed=None,
        heading=None,
        recorded_at="2026-11-20T08:00:00.000Z",
    )


@pytest.fixture
def outbox() -> Outbox:
    """A board's socket that has its snapshot and acknowledges."""
    made = Outbox(batch=True, opened_at=OPENED)
    made.held = False
    made.put("hello")
    made.take(OPENED)
    made.acknowledge(1)
    return made


def decoded(texts: list[str]) -> list[dict[str, Any]]:
    return [json.loads(text) for text in texts]


def test_numbered_frames_go_at_once_and_in_order(outbox: Outbox) -> None:
    for n in range(5):
        outbox.put(f"frame {n}")
    assert outbox.wake.is_set()
    assert outbox.take(OPENED) == [f"frame {n}" for n in range(5)]
    assert outbox.take(OPENED) == []
    assert outbox.sent == 6


def test_of_positions_only_the_newest_per_vehicle_is_sent(outbox: Outbox) -> None:
    for latitude in (57.1, 57.2, 57.3):
        outbox.merge(fix(1, latitude))
    outbox.merge(fix(2, 58.0))
    [frame] = decoded(outbox.take(OPENED))
    assert frame["type"] == "gps.batch"
    assert [(f["vehicle_id"], f["latitude"]) for f in frame["fixes"]] == [(1, 57.3), (2, 58.0)]


def test_positions_without_a_vehicle_are_told_apart_by_their_trip(outbox: Outbox) -> None:
    outbox.merge(fix(None, 57.1, trip=100))
    outbox.merge(fix(None, 57.2, trip=101))
    [frame] = decoded(outbox.take(OPENED))
    assert [f["trip_id"] for f in frame["fixes"]] == [100, 101]


def test_a_trips_watcher_gets_each_position_as_a_frame_of_its_own() -> None:
    outbox = Outbox(batch=False, opened_at=OPENED)
    outbox.held = False
    outbox.merge(fix(1, 57.1))
    outbox.merge(fix(2, 57.2))
    frames = decoded(outbox.take(OPENED))
    assert [(f["type"], f["latitude"]) for f in frames] == [
        ("gps_update", 57.1),
        ("gps_update", 57.2),
    ]


def test_positions_wait_for_the_snapshot_and_numbered_frames_do_not(outbox: Outbox) -> None:
    outbox.held = True
    outbox.put("the snapshot")
    outbox.merge(fix())
    assert outbox.wait_s(OPENED) is None
    assert outbox.take(OPENED) == ["the snapshot"]
    outbox.held = False
    assert len(outbox.take(OPENED)) == 1


def test_merged_positions_of_an_acknowledging_socket_go_four_times_a_second(
    outbox: Outbox,
) -> None:
    outbox.merge(fix())
    outbox.take(OPENED)
    outbox.merge(fix())
    assert outbox.wait_s(OPENED + 0.1) == pytest.approx(SLOW_PERIOD_S - 0.1)
    assert outbox.take(OPENED + 0.1) == []
    assert len(outbox.take(OPENED + SLOW_PERIOD_S)) == 1


def test_a_socket_that_never_acknowledged_gets_them_once_a_second() -> None:
    outbox = Outbox(batch=True, opened_at=OPENED)
    outbox.held = False
    times = (OPENED + step / 10 for step in count())
    sent_at = []
    for now in times:
        if now >= OPENED + 3.05:
            break
        outbox.merge(fix())
        if outbox.take(now):
            sent_at.append(now)
    assert len(sent_at) == 4
    assert sent_at[1] - sent_at[0] >= SILENT_PERIOD_S


def test_a_socket_is_behind_when_it_is_silent_or_has_too_much_under_way() -> None:
    silent = Outbox(batch=True, opened_at=OPENED)
    assert not silent.behind(OPENED + ACK_DUE_S)
    assert silent.behind(OPENED + ACK_DUE_S + 0.1)
    slow = Outbox(batch=True, opened_at=OPENED)
    slow.acked, slow.sent = 10, 10 + SLOW_AFTER
    assert not slow.behind(OPENED + 60)
    slow.sent += 1
    assert slow.behind(OPENED + 60)


def test_too_many_or_too_large_unsent_frames_close_the_socket_and_none_is_dropped(
    outbox: Outbox,
) -> None:
    for n in range(MOST_WAITING):
        outbox.put(str(n))
    assert not outbox.overflowed
    outbox.put("one more")
    assert outbox.overflowed
    assert len(outbox.take(OPENED)) == MOST_WAITING + 1
    heavy = Outbox(batch=True, opened_at=OPENED)
    heavy.put("x" * (MOST_WAITING_CHARS + 1))
    assert heavy.overflowed


def test_what_was_taken_counts_no_more_against_the_bound(outbox: Outbox) -> None:
    for _ in range(3):
        for n in range(MOST_WAITING):
            outbox.put(str(n))
        outbox.take(OPENED)
    assert not outbox.overflowed


def test_acknowledged_frames_are_under_way_no_more(outbox: Outbox) -> None:
    outbox.put("x" * MOST_UNACKED_CHARS)
    outbox.put("y")
    outbox.take(OPENED)
    assert outbox.full
    assert outbox.behind(OPENED)
    outbox.acknowledge(2)  # the first frame of the socket, and the large one
    assert not outbox.full
    assert not outbox.behind(OPENED)


def test_an_acknowledgement_of_more_than_was_sent_or_less_than_before_counts_for_nothing(
    outbox: Outbox,
) -> None:
    for _ in range(5):
        outbox.put("frame")
    outbox.take(OPENED)
    for claimed, counted in ((4, 4), (2, 4), (10**9, 6), (-5, 6)):
        outbox.acknowledge(claimed)
        assert outbox.acked == counted


def test_positions_wait_while_too_much_is_under_way_and_go_after_the_acknowledgement(
    outbox: Outbox,
) -> None:
    outbox.put("x" * (MOST_UNACKED_CHARS + 1))
    outbox.take(OPENED)
    outbox.merge(fix())
    assert outbox.wait_s(OPENED + 60) is None
    assert outbox.take(OPENED + 1) == []
    outbox.acknowledge(outbox.sent)
    assert len(outbox.take(OPENED + 2)) == 1


def test_a_full_socket_that_acknowledges_nothing_for_too_long_is_closed(outbox: Outbox) -> None:
    outbox.put("x" * (MOST_UNACKED_CHARS + 1))
    outbox.take(OPENED)
    outbox.take(OPENED + ACK_DUE_S)
    assert not outbox.overflowed
    outbox.take(OPENED + ACK_DUE_S + 0.1)
    assert outbox.overflowed


def test_an_update_carries_the_fix_as_it_is() -> None:
    position = fix(1, 57.7, trip=9)
    assert structs.asdict(gps_update(position)) == structs.asdict(position)
