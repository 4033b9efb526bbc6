"""What time alone does to a trip: when its window ends, and how long is too long (pure).

A trip that moves on is by that no longer too long in one state: nothing has to be cleared.
"""

from datetime import datetime, timedelta

from trips.lifecycle import STARTED, WITH_DRIVER, Status

S = Status

#: Time in state after which somebody should look. No started state may last for more than six
#: hours.
LONGEST = timedelta(hours=6)
TOO_LONG: dict[Status, timedelta] = {
    S.DISPATCHED: timedelta(hours=2),
    S.EN_ROUTE_PICKUP: timedelta(hours=2),
    S.ARRIVED_PICKUP: timedelta(hours=1),
    S.IN_PROGRESS: timedelta(hours=4),
    S.ARRIVED_DROPOFF: timedelta(hours=1),
}
#: There the clock waits for the agreed time: who is early does nothing wrong.
_NOT_BEFORE_THE_WINDOW = frozenset({S.DISPATCHED, S.ARRIVED_PICKUP})
#: There the driver of a wait-and-return waits, as agreed.
_WAITS = frozenset({S.DISPATCHED, S.ARRIVED_PICKUP, S.ARRIVED_DROPOFF})
SHORTEST = min(TOO_LONG.values())
#: Somebody who has just assigned a trip may be about to dispatch it as well.
AT_REST = timedelta(minutes=1)
#: Trips that a timer gives up: somebody has agreed to them and nobody has set out.
NOT_STARTED = (WITH_DRIVER | {S.SCHEDULED}) - STARTED


def stuck_at(
    status: Status,
    *,
    state_since: datetime,
    scheduled_at: datetime | None,
    wait_and_return: bool,
) -> datetime | None:
    """From when on a trip is too long in its state; None: it may stand there."""
    limit = TOO_LONG.get(status)
    if limit is None or (wait_and_return and status in _WAITS):
        return None
    since = state_since
    if status in _NOT_BEFORE_THE_WINDOW and scheduled_at is not None:
        since = max(since, scheduled_at)
    if status in STARTED:
        return min(since + limit, state_since + LONGEST)
    return since + limit


def window_end(
    scheduled_at: datetime,
    window_minutes: int,
    *,
    ready_at: datetime | None,
    will_call_minutes: int,
) -> datetime:
    """By when somebody must be at the door; a called will-call's promise runs from the call."""
    end = scheduled_at + timedelta(minutes=window_minutes)
    if ready_at is None:
        return end
    return max(end, ready_at + timedelta(minutes=will_call_minutes))


def missed_at(window_end: datetime, grace_minutes: int) -> datetime:
    """When a trip that nobody has started counts as missed."""
    return window_end + timedelta(minutes=grace_minutes)
