"""Who may do what, when: every cell of the table, against a copy written down from WIRE §5."""

from datetime import UTC, datetime, timedelta

import pytest

from trips.lifecycle import (
    ENDED,
    EVENT_NAMES,
    EVENT_OF_STATUS,
    OPEN,
    TRANSITIONS,
    UNDONE_BY_DRIVER,
    WITH_DRIVER,
    Action,
    Actor,
    Status,
    ever_possible,
    find,
    late_fact,
    possible,
    skipped,
    state_told,
)

DISPATCHER = {
    "requested": "schedule reject cancel",
    "will_call": "ready cancel undo",
    "scheduled": "assign cancel miss undo",
    "assigned": "assign unassign dispatch start arrive_pickup pick_up cancel miss undo",
    "dispatched": "assign unassign start arrive_pickup pick_up cancel miss undo",
    "en_route_pickup": "unassign arrive_pickup pick_up cancel miss undo",
    "arrived_pickup": "pick_up arrive_dropoff no_show cancel undo",
    "in_progress": "arrive_dropoff complete transfer undo",
    "arrived_dropoff": "complete undo",
    "completed": "",
    "cancelled": "undo",
    "no_show": "undo",
    "rejected": "undo",
    "missed": "undo",
}
DRIVER = {
    "assigned": "decline start arrive_pickup pick_up",
    "dispatched": "decline start arrive_pickup pick_up",
    "en_route_pickup": "arrive_pickup pick_up undo",
    "arrived_pickup": "pick_up arrive_dropoff no_show cancel undo",
    "in_progress": "arrive_dropoff complete undo",
    "arrived_dropoff": "complete undo",
}
REQUESTER = {
    "requested": "cancel",
    "will_call": "ready cancel",
    "scheduled": "cancel",
    "assigned": "cancel",
}
SYSTEM = {
    "requested": "schedule",
    "scheduled": "assign miss",
    "assigned": "assign unassign dispatch miss",
    "dispatched": "assign unassign miss",
    "en_route_pickup": "unassign miss",
}
ALLOWED = {
    Actor.DISPATCHER: DISPATCHER,
    Actor.DRIVER: DRIVER,
    Actor.REQUESTER: REQUESTER,
    Actor.SYSTEM: SYSTEM,
}
TARGETS = {
    "schedule": "scheduled",
    "reject": "rejected",
    "ready": "scheduled",
    "assign": "assigned",
    "unassign": "scheduled",
    "decline": "scheduled",
    "dispatch": "dispatched",
    "start": "en_route_pickup",
    "arrive_pickup": "arrived_pickup",
    "pick_up": "in_progress",
    "arrive_dropoff": "arrived_dropoff",
    "complete": "completed",
    "no_show": "no_show",
    "cancel": "cancelled",
    "miss": "missed",
    "transfer": "in_progress",
    "undo": None,
}
REASONS = {
    Actor.DISPATCHER: "reject unassign start arrive_pickup pick_up arrive_dropoff complete cancel "
    "miss transfer undo",
    Actor.DRIVER: "decline cancel",
    Actor.REQUESTER: "cancel",
    Actor.SYSTEM: "unassign miss",
}


@pytest.mark.parametrize("actor", Actor)
@pytest.mark.parametrize("status", Status)
def test_each_actor_may_do_in_each_state_exactly_what_the_contract_says(
    status: Status, actor: Actor
) -> None:
    allowed = {action.value for action in Action if find(action, status, actor)}
    assert allowed == set(ALLOWED[actor].get(status, "").split())
    assert {action.value for action, _ in possible(status, [actor])} == allowed


@pytest.mark.parametrize("actor", Actor)
@pytest.mark.parametrize("action", Action)
def test_each_action_leads_to_one_state_and_asks_for_the_same_fields_from_everywhere(
    action: Action, actor: Actor
) -> None:
    rows = [row for status in Status if (row := find(action, status, actor))]
    fields = {"driver_id", "vehicle_id"} if action in (Action.ASSIGN, Action.TRANSFER) else set()
    if action.value in REASONS[actor].split():
        fields |= {"reason"}
    for row in rows:
        assert row.target == TARGETS[action]
        assert set(row.required_of(actor)) == fields
    assert ever_possible(action, actor) == bool(rows)


def test_an_end_is_left_by_the_dispatchers_undo_alone_and_completed_by_nothing() -> None:
    for status in ENDED:
        for actor in Actor:
            found = possible(status, [actor])
            if status is Status.COMPLETED or actor is not Actor.DISPATCHER:
                assert found == []
            else:
                assert found == [(Action.UNDO, ("reason",))]


def test_every_state_is_reached_and_is_either_open_or_an_end() -> None:
    seen, todo = set[Status](), [Status.REQUESTED, Status.WILL_CALL]
    while todo:
        status = todo.pop()
        seen.add(status)
        todo += [
            row.target
            for row in TRANSITIONS
            if row.target and status in row.sources and row.target not in seen
        ]
    assert seen == set(Status) == OPEN | ENDED
    assert not OPEN & ENDED


def test_the_driver_undoes_only_what_a_driver_can_have_tapped() -> None:
    assert UNDONE_BY_DRIVER <= WITH_DRIVER
    assert Status.COMPLETED not in UNDONE_BY_DRIVER
    assert Status.ASSIGNED not in UNDONE_BY_DRIVER


@pytest.mark.parametrize(
    ("status", "target", "between"),
    [
        ("assigned", "en_route_pickup", ""),
        ("assigned", "arrived_pickup", "en_route_pickup"),
        ("assigned", "in_progress", "en_route_pickup arrived_pickup"),
        ("dispatched", "in_progress", "en_route_pickup arrived_pickup"),
        ("arrived_pickup", "arrived_dropoff", "in_progress"),
        ("in_progress", "completed", "arrived_dropoff"),
        ("arrived_dropoff", "completed", ""),
        ("in_progress", "in_progress", ""),
        ("dispatched", "assigned", ""),
        ("assigned", "cancelled", ""),
        ("scheduled", "missed", ""),
    ],
)
def test_forgotten_taps_are_filled_in_order_and_dispatched_never_is(
    status: str, target: str, between: str
) -> None:
    filled = skipped(Status(status), Status(target))
    assert [state.value for state in filled] == between.split()


def test_whatever_can_be_skipped_has_an_event_of_its_own() -> None:
    for row in TRANSITIONS:
        for source in row.sources:
            for state in skipped(source, row.target) if row.target else ():
                assert EVENT_OF_STATUS[state] in EVENT_NAMES
    assert EVENT_OF_STATUS[Status.IN_PROGRESS] == "trip.picked_up"
    assert EVENT_OF_STATUS[Status.SCHEDULED] == "trip.scheduled"


def test_who_is_two_things_at_once_may_do_both() -> None:
    both = dict(possible(Status.ASSIGNED, [Actor.DRIVER, Actor.DISPATCHER]))
    assert both[Action.DECLINE] == ("reason",)
    assert Action.DISPATCH in both
    assert both[Action.START] == ()  # as the driver: no reason is asked for


TEN = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)


def minute(offset: int | None) -> datetime | None:
    return None if offset is None else TEN + timedelta(minutes=offset)


def times(
    arrived: int | None, picked_up: int | None, dropped_off: int | None
) -> dict[str, datetime | None]:
    """The trip's times as minutes past ten."""
    names = ("arrived_pickup_at", "picked_up_at", "dropped_off_at")
    return dict(zip(names, map(minute, (arrived, picked_up, dropped_off)), strict=True))


@pytest.mark.parametrize(
    ("action", "at", "known", "better"),
    [
        # The dispatcher tapped pick_up at 10:05, and the arrival was inferred.
        ("arrive_pickup", -5, (5, 5, None), {"arrived_pickup_at": -5}),
        ("arrive_pickup", 5, (5, 5, None), {}),
        ("arrive_pickup", 6, (5, 5, None), {}),
        ("pick_up", 4, (0, 5, None), {"picked_up_at": 4}),
        # Nobody is picked up before the driver was there.
        ("pick_up", 2, (5, 5, None), {"arrived_pickup_at": 2, "picked_up_at": 2}),
        ("arrive_dropoff", 25, (0, 5, 30), {"dropped_off_at": 25}),
        ("arrive_dropoff", 3, (0, 5, 30), {"picked_up_at": 3, "dropped_off_at": 3}),
        ("arrive_dropoff", 31, (0, 5, 30), {}),
        ("arrive_dropoff", 31, (0, 5, None), {"dropped_off_at": 31}),
    ],
)
def test_a_late_fact_makes_a_time_earlier_and_keeps_the_order_of_the_road(
    action: str,
    at: int,
    known: tuple[int | None, int | None, int | None],
    better: dict[str, int],
) -> None:
    found = late_fact(Action(action), times(*known), TEN + timedelta(minutes=at))
    assert found == {name: minute(offset) for name, offset in better.items()}


def test_only_the_three_times_of_a_trip_are_told_late() -> None:
    told = {action.value: state_told(action) for action in Action if state_told(action)}
    assert told == {
        "arrive_pickup": Status.ARRIVED_PICKUP,
        "pick_up": Status.IN_PROGRESS,
        "arrive_dropoff": Status.ARRIVED_DROPOFF,
    }
