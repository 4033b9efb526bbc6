"""When a trip is too long in its state, and when it is missed."""

from datetime import UTC, datetime, timedelta

import pytest

from trips.lifecycle import ENDED, STARTED, Status
from trips.timers import LONGEST, NOT_STARTED, TOO_LONG, missed_at, stuck_at, window_end

TEN = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def stuck(
    status: str, *, agreed: datetime | None = TEN, wait_and_return: bool = False
) -> datetime | None:
    """For a trip that came into its state at ten."""
    return stuck_at(
        Status(status), state_since=TEN, scheduled_at=agreed, wait_and_return=wait_and_return
    )


@pytest.mark.parametrize(
    ("status", "agreed", "at"),
    [
        ("dispatched", TEN, TEN + 2 * HOUR),
        ("dispatched", TEN + 9 * HOUR, TEN + 11 * HOUR),
        ("en_route_pickup", TEN + 9 * HOUR, TEN + 2 * HOUR),
        ("arrived_pickup", TEN - HOUR, TEN + HOUR),
        ("arrived_pickup", TEN + 2 * HOUR, TEN + 3 * HOUR),
        ("arrived_pickup", TEN + 9 * HOUR, TEN + 6 * HOUR),
        ("in_progress", TEN + 9 * HOUR, TEN + 4 * HOUR),
        ("arrived_dropoff", None, TEN + HOUR),
        ("assigned", TEN, None),
        ("will_call", None, None),
        ("scheduled", TEN, None),
    ],
)
def test_each_state_has_a_limit_and_waiting_begins_with_the_agreed_time(
    status: str, agreed: datetime | None, at: datetime | None
) -> None:
    assert stuck(status, agreed=agreed) == at


def test_no_started_state_outlasts_six_hours_and_no_end_is_ever_stuck() -> None:
    for status in STARTED:
        at = stuck(status, agreed=TEN + 99 * HOUR)
        assert at is not None
        assert at <= TEN + LONGEST
    for status in ENDED:
        assert stuck(status) is None


def test_a_wait_and_return_is_measured_only_where_it_drives() -> None:
    measured = {status.value for status in TOO_LONG if stuck(status, wait_and_return=True)}
    assert measured == {"en_route_pickup", "in_progress"}


def test_a_window_ends_with_its_minutes_or_with_the_promise_to_who_called() -> None:
    def end(ready_at: datetime | None) -> datetime:
        return window_end(TEN, 30, ready_at=ready_at, will_call_minutes=60)

    assert end(None) == TEN + HOUR / 2
    assert end(TEN) == TEN + HOUR
    assert end(TEN - 2 * HOUR) == TEN + HOUR / 2  # called long before the time that was asked for
    assert missed_at(end(None), 120) == TEN + 2.5 * HOUR


def test_what_can_be_missed_has_been_agreed_on_and_not_begun() -> None:
    assert {"scheduled", "assigned", "dispatched"} == NOT_STARTED
