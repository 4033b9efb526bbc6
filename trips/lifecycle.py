"""The life cycle of a trip: one table, read aloud by people, API, board and tests (pure).

    requested -> scheduled -> assigned -> dispatched -> en_route_pickup -> arrived_pickup
    -> in_progress -> arrived_dropoff -> completed

It ends as well in `cancelled`, `no_show`, `rejected` (turned down) or `missed` (our fault);
`will_call` parks a return leg that has no time yet.

Taps come late and in bulk. One that is possible now is done, with the states that it skips filled
in as inferred. A driver's tap for a state that the trip has passed already (somebody else tapped,
or it was inferred) is a *late fact* where its own, earlier time improves the record: an event of
its own (`trip.corrected`) moves the time, the status stays. Anything else is refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """Where a trip stands."""

    REQUESTED = "requested"
    WILL_CALL = "will_call"
    SCHEDULED = "scheduled"
    ASSIGNED = "assigned"
    DISPATCHED = "dispatched"
    EN_ROUTE_PICKUP = "en_route_pickup"
    ARRIVED_PICKUP = "arrived_pickup"
    IN_PROGRESS = "in_progress"
    ARRIVED_DROPOFF = "arrived_dropoff"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    REJECTED = "rejected"
    MISSED = "missed"


class Action(StrEnum):
    """What can be done to a trip; also the names in `POST /api/trips/{id}/status/`."""

    SCHEDULE = "schedule"
    REJECT = "reject"
    ASSIGN = "assign"
    UNASSIGN = "unassign"
    DECLINE = "decline"
    DISPATCH = "dispatch"
    START = "start"
    ARRIVE_PICKUP = "arrive_pickup"
    PICK_UP = "pick_up"
    ARRIVE_DROPOFF = "arrive_dropoff"
    COMPLETE = "complete"
    NO_SHOW = "no_show"
    CANCEL = "cancel"
    READY = "ready"
    MISS = "miss"
    TRANSFER = "transfer"
    UNDO = "undo"


class Actor(StrEnum):
    """Who acts, as the trip sees them: a role with a relation to this very trip."""

    DISPATCHER = "dispatcher"
    DRIVER = "driver"  # the driver who has the trip now
    REQUESTER = "requester"  # the patient or facility whose trip it is
    SYSTEM = "system"  # timers, automatic assignment


S, A = Status, Action

#: States in which a driver has the trip.
WITH_DRIVER = frozenset(
    {
        S.ASSIGNED,
        S.DISPATCHED,
        S.EN_ROUTE_PICKUP,
        S.ARRIVED_PICKUP,
        S.IN_PROGRESS,
        S.ARRIVED_DROPOFF,
    }
)
#: States in which the vehicle is under way for the trip: its fixes belong to it.
STARTED = frozenset({S.EN_ROUTE_PICKUP, S.ARRIVED_PICKUP, S.IN_PROGRESS, S.ARRIVED_DROPOFF})
ENDED = frozenset({S.COMPLETED, S.CANCELLED, S.NO_SHOW, S.REJECTED, S.MISSED})
OPEN = frozenset(Status) - ENDED

#: The driver's road, in order. A forgotten tap is filled as inferred, but nobody is dropped
#: off who was never at least met at the door.
ROAD = (
    S.ASSIGNED,
    S.DISPATCHED,
    S.EN_ROUTE_PICKUP,
    S.ARRIVED_PICKUP,
    S.IN_PROGRESS,
    S.ARRIVED_DROPOFF,
    S.COMPLETED,
)


@dataclass(frozen=True, slots=True)
class Transition:
    """`action` leads from any of `sources` to `target` (None: back where it was).

    `requires` names the fields that every actor must send, `reason_from` the actors who must
    say why, `event` is the name in the log.
    """

    action: Action
    sources: frozenset[Status]
    target: Status | None
    actors: frozenset[Actor]
    event: str
    requires: tuple[str, ...] = ()
    reason_from: frozenset[Actor] = frozenset()

    def required_of(self, actor: Actor) -> tuple[str, ...]:
        """The fields that `actor` must send with this action."""
        return (*self.requires, "reason") if actor in self.reason_from else self.requires


def _t(
    action: Action,
    sources: Iterable[Status],
    target: Status | None,
    actors: Iterable[Actor],
    event: str,
    requires: tuple[str, ...] = (),
    reason_from: Iterable[Actor] = (),
) -> Transition:
    return Transition(
        action,
        frozenset(sources),
        target,
        frozenset(actors),
        f"trip.{event}",
        requires,
        frozenset(reason_from),
    )


_DISPATCHER, _DRIVER, _REQUESTER, _SYSTEM = (
    Actor.DISPATCHER,
    Actor.DRIVER,
    Actor.REQUESTER,
    Actor.SYSTEM,
)


def _driven(action: Action, sources: Iterable[Status], target: Status, event: str) -> Transition:
    """A step of the driver's; a dispatcher who taps for them says why."""
    actors = {_DRIVER, _DISPATCHER}
    return _t(action, sources, target, actors, event, reason_from={_DISPATCHER})


_BEFORE_PICKUP = {S.ASSIGNED, S.DISPATCHED, S.EN_ROUTE_PICKUP}
_BEFORE_DRIVER = {S.REQUESTED, S.WILL_CALL, S.SCHEDULED}

#: Several rows of one action never share a source state and an actor.
TRANSITIONS: tuple[Transition, ...] = (
    _t(A.SCHEDULE, {S.REQUESTED}, S.SCHEDULED, {_DISPATCHER, _SYSTEM}, "scheduled"),
    _t(A.REJECT, {S.REQUESTED}, S.REJECTED, {_DISPATCHER}, "rejected", ("reason",)),
    _t(A.READY, {S.WILL_CALL}, S.SCHEDULED, {_REQUESTER, _DISPATCHER}, "ready"),
    _t(
        A.ASSIGN,
        {S.SCHEDULED, S.ASSIGNED, S.DISPATCHED},
        S.ASSIGNED,
        {_DISPATCHER, _SYSTEM},
        "assigned",
        ("driver_id", "vehicle_id"),
    ),
    _t(
        A.UNASSIGN,
        _BEFORE_PICKUP,
        S.SCHEDULED,
        {_DISPATCHER, _SYSTEM},
        "unassigned",
        ("reason",),
    ),
    _t(A.DECLINE, {S.ASSIGNED, S.DISPATCHED}, S.SCHEDULED, {_DRIVER}, "declined", ("reason",)),
    _t(A.DISPATCH, {S.ASSIGNED}, S.DISPATCHED, {_DISPATCHER, _SYSTEM}, "dispatched"),
    _driven(A.START, {S.ASSIGNED, S.DISPATCHED}, S.EN_ROUTE_PICKUP, "en_route_pickup"),
    _driven(A.ARRIVE_PICKUP, _BEFORE_PICKUP, S.ARRIVED_PICKUP, "arrived_pickup"),
    _driven(A.PICK_UP, {*_BEFORE_PICKUP, S.ARRIVED_PICKUP}, S.IN_PROGRESS, "picked_up"),
    _driven(
        A.ARRIVE_DROPOFF, {S.ARRIVED_PICKUP, S.IN_PROGRESS}, S.ARRIVED_DROPOFF, "arrived_dropoff"
    ),
    _driven(A.COMPLETE, {S.IN_PROGRESS, S.ARRIVED_DROPOFF}, S.COMPLETED, "completed"),
    _t(A.NO_SHOW, {S.ARRIVED_PICKUP}, S.NO_SHOW, {_DRIVER, _DISPATCHER}, "no_show"),
    _t(
        A.CANCEL,
        {*_BEFORE_DRIVER, S.ASSIGNED, S.DISPATCHED, S.EN_ROUTE_PICKUP, S.ARRIVED_PICKUP},
        S.CANCELLED,
        {_DISPATCHER},
        "cancelled",
        ("reason",),
    ),
    _t(
        A.CANCEL,
        {*_BEFORE_DRIVER, S.ASSIGNED},
        S.CANCELLED,
        {_REQUESTER},
        "cancelled",
        ("reason",),
    ),
    _t(A.CANCEL, {S.ARRIVED_PICKUP}, S.CANCELLED, {_DRIVER}, "cancelled", ("reason",)),
    _t(
        A.MISS,
        {S.SCHEDULED, S.ASSIGNED, S.DISPATCHED, S.EN_ROUTE_PICKUP},
        S.MISSED,
        {_DISPATCHER, _SYSTEM},
        "missed",
        ("reason",),
    ),
    _t(
        A.TRANSFER,
        {S.IN_PROGRESS},
        S.IN_PROGRESS,
        {_DISPATCHER},
        "transferred",
        ("driver_id", "vehicle_id", "reason"),
    ),
    _t(
        A.UNDO,
        frozenset(Status) - {S.REQUESTED, S.COMPLETED},
        None,
        {_DRIVER, _DISPATCHER},
        "undone",
        reason_from={_DISPATCHER},
    ),
)
#: A driver undoes only what was just tapped; afterwards the dispatcher does.
DRIVER_UNDO_S = 120
#: What a driver can have tapped by mistake.
UNDONE_BY_DRIVER = STARTED

_BY_KEY = {
    (row.action, source, actor): row
    for row in TRANSITIONS
    for source in row.sources
    for actor in row.actors
}


def find(action: Action, status: Status, actor: Actor) -> Transition | None:
    """The row by which `actor` may do `action` to a trip in `status`, or None."""
    if action is A.UNDO and actor is _DRIVER and status not in UNDONE_BY_DRIVER:
        return None
    return _BY_KEY.get((action, status, actor))


def possible(status: Status, actors: Iterable[Actor]) -> list[tuple[Action, tuple[str, ...]]]:
    """What any of `actors` may do now, with the fields to send, in the table's order."""
    found: dict[Action, tuple[str, ...]] = {}
    for actor in actors:
        for action in Action:
            if action not in found and (row := find(action, status, actor)):
                found[action] = row.required_of(actor)
    return [(action, found[action]) for action in Action if action in found]


def ever_possible(action: Action, actor: Actor) -> bool:
    """Whether `actor` may do `action` in some state (else it is forbidden, not untimely)."""
    return any(row.action is action and actor in row.actors for row in TRANSITIONS)


def skipped(status: Status, target: Status) -> tuple[Status, ...]:
    """The driver's states between `status` and `target` that nobody tapped.

    `dispatched` is the dispatcher's and is never inferred.
    """
    if status not in ROAD or target not in ROAD:
        return ()
    between = ROAD[ROAD.index(status) + 1 : ROAD.index(target)]
    return tuple(state for state in between if state is not S.DISPATCHED)


#: The trip's time that a driver's tap tells, in the order of the road.
TIME_OF: dict[Action, str] = {
    A.ARRIVE_PICKUP: "arrived_pickup_at",
    A.PICK_UP: "picked_up_at",
    A.ARRIVE_DROPOFF: "dropped_off_at",
}
_TARGET_OF = {row.action: row.target for row in TRANSITIONS if row.action in TIME_OF}


def state_told(action: Action) -> Status | None:
    """The state whose time a driver's `action` tells; None where it tells none."""
    return _TARGET_OF.get(action)


def late_fact(
    action: Action, times: Mapping[str, datetime | None], at: datetime
) -> dict[str, datetime]:
    """The times that change where `action` happened `at` already; {} where that is no news.

    `times` are the trip's, by the names of `TIME_OF`. An earlier stop's time is pulled along,
    so that nobody is picked up before the driver was there.
    """
    names = list(TIME_OF.values())
    name = TIME_OF[action]
    known = times[name]
    if known is not None and at >= known:
        return {}
    before = names[: names.index(name)]
    return {n: at for n in before if (time := times[n]) is not None and time > at} | {name: at}


EVENT_OF_STATUS: dict[Status, str] = {
    row.target: row.event
    for row in reversed(TRANSITIONS)
    if row.target and row.action not in (A.TRANSFER, A.READY, A.UNASSIGN, A.DECLINE)
}
#: Events that leave the trip in its state.
REMARKS = frozenset(
    {"trip.stuck", "trip.changed", "trip.confirmed", "trip.corrected", "trip.remeasured"}
)
EVENT_NAMES = frozenset(row.event for row in TRANSITIONS) | {"trip.requested"} | REMARKS


def _check() -> None:
    """Read the table once at import: every state is reachable, every end is an end."""
    rows = [(r.action, s, a) for r in TRANSITIONS for s in r.sources for a in r.actors]
    if len(rows) != len(set(rows)):
        raise ValueError("two transitions share an action, a state and an actor")
    reached = {row.target for row in TRANSITIONS} | {S.REQUESTED, S.WILL_CALL}
    if missing := set(Status) - reached:
        raise ValueError(f"unreachable: {sorted(missing)}")
    for row in TRANSITIONS:
        if row.action is not A.UNDO and row.sources & ENDED:
            raise ValueError(f"{row.action} leaves an end state")


_check()
