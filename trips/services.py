"""The only writers of `Trip`: each change is one transaction with its event and outbox rows."""

from datetime import datetime
from typing import Any, NoReturn

from django.db import IntegrityError
from django.utils import timezone
from psycopg.errors import UniqueViolation

from trips import access, changes, confirmations, corrections, effects, undo
from trips.deadlocks import tried_again
from trips.events.log import recording
from trips.evidence.record import keep_event
from trips.lifecycle import (
    EVENT_OF_STATUS,
    Action,
    Actor,
    Status,
    Transition,
    ever_possible,
    find,
    skipped,
)
from trips.models import TapAnswer, Trip, TripEvent
from trips.queries import with_related
from trips.story import append, booker, new_event, remark
from trips.taps import Forbidden, InvalidTap, Refused, ReusedClientEventId, Tap, TripNotFound
from users.models import User

__all__ = [
    "Forbidden",
    "InvalidTap",
    "Refused",
    "ReusedClientEventId",
    "Tap",
    "TripNotFound",
    "act",
    "answer_tap",
    "book_trip",
    "cancel_by_link",
    "change_trip",
    "confirm_trip",
    "finish_completion",
    "locked",
    "note_remeasured",
    "ready_by_link",
    "withdraw_trip",
]


def book_trip(*, user: User | None, fields: dict[str, Any]) -> Trip:
    """A new trip; `fields` are model fields already checked by the caller. None: the system.

    `requested`, or what `fields["status"]` says: `will_call` parks a return leg without a time.
    """
    now = timezone.now()
    with recording() as log:
        trip = Trip.objects.create(state_since=now, version=1, **fields)
        event = new_event(trip, "trip.requested", booker(user), user, now, now)
        keep_event(trip, event)
        log.event(event)
    return trip


def withdraw_trip(*, trip_id: int, user: User, reason: str) -> Trip:
    """Cancel a trip that its standing order takes back: its day may be booked again."""
    with recording():
        trip = act(trip_id=trip_id, user=user, tap=Tap(action=Action.CANCEL, reason=reason))
        trip.service_date = None
        trip.save(update_fields=["service_date"])
    return trip


@tried_again
def answer_tap(*, trip_id: int, user: User, tap: Tap, render: Any) -> Any:
    """`render(trip)` after the tap; the same tap again gets the stored answer, once kept.

    Raises as `act` does, and ReusedClientEventId.
    """
    if not tap.client_event_id:
        return render(act(trip_id=trip_id, user=user, tap=tap))
    digest = tap.digest(trip_id)
    try:
        with recording():
            return _answer_once(trip_id, user, tap, digest, render)
    except IntegrityError as exc:
        cause = exc.__cause__
        if isinstance(cause, UniqueViolation) and cause.diag.constraint_name == "tap_answer_once":
            # The same id at the same moment on another trip.
            raise ReusedClientEventId from None
        raise


def _answer_once(trip_id: int, user: User, tap: Tap, digest: str, render: Any) -> Any:
    try:
        trip = locked(trip_id, user)
    except TripNotFound:
        # Who declined it sees it no more, and asks again.
        if known := _known_answer(user, tap, digest):
            return known.body
        raise
    if known := _known_answer(user, tap, digest):
        return known.body
    body = render(_act(trip, user=user, tap=tap))
    TapAnswer.objects.create(
        user=user,
        client_event_id=tap.client_event_id,
        request_digest=digest,
        status_code=200,
        body=body,
    )
    return body


def _known_answer(user: User, tap: Tap, digest: str) -> TapAnswer | None:
    known = TapAnswer.objects.filter(user=user, client_event_id=tap.client_event_id).first()
    if known is not None and known.request_digest != digest:
        raise ReusedClientEventId
    return known


@tried_again
def act(*, trip_id: int, user: User | None, tap: Tap) -> Trip:
    """Do what `tap` says, as `user` or (None) as the system.

    Raises TripNotFound, Forbidden, Refused (with the trip as it is) and InvalidTap.
    """
    with recording():
        return _act(locked(trip_id, user), user=user, tap=tap)


def locked(trip_id: int, user: User | None) -> Trip:
    """The trip, locked, with its relations; TripNotFound where it is not theirs to see."""
    theirs = Trip.objects.all() if user is None else access.reachable_trips(user)
    # Locked first and read then: a row that another transaction changed while we waited would
    # come without its new relations.
    if not theirs.select_for_update(of=("self",)).filter(pk=trip_id).only("pk").first():
        raise TripNotFound
    return with_related(Trip.objects.filter(pk=trip_id)).get()


def _act(
    trip: Trip, *, user: User | None, tap: Tap, acting: frozenset[Actor] | None = None
) -> Trip:
    now = timezone.now()
    at = tap.moment(now)
    acting = acting or _acting(trip, user, tap.expected_version)
    found = _row(trip, acting, tap.action)
    if found is None:
        late = corrections.find(trip, tap, at) if Actor.DRIVER in acting else {}
        if not late:
            _turn_down(trip, acting, tap.action)
        return _correct(trip, effects.Doing(Actor.DRIVER, user, tap, at, now), late)
    actor, row = found
    _check_fields(tap, actor, row)
    doing = effects.Doing(actor, user, tap, at, now)
    previous = Status(trip.status)
    _record(trip, row, doing, previous, effects.apply(trip, row, doing))
    return trip


def _acting(trip: Trip, user: User | None, expected_version: int | None) -> frozenset[Actor]:
    acting = access.actors(user, trip) if user else frozenset({Actor.SYSTEM})
    if not acting:
        raise Forbidden
    if expected_version is not None and expected_version != trip.version:
        raise Refused(f"The trip is at version {trip.version}.", trip)
    return acting


def _row(trip: Trip, acting: frozenset[Actor], action: Action) -> tuple[Actor, Transition] | None:
    for actor in Actor:
        if actor in acting and (row := find(action, Status(trip.status), actor)):
            return actor, row
    return None


def _turn_down(trip: Trip, acting: frozenset[Actor], action: Action) -> NoReturn:
    if not any(ever_possible(action, actor) for actor in acting):
        raise Forbidden
    raise Refused(f"{action.value} is not possible while {trip.status}.", trip)


def _check_fields(tap: Tap, actor: Actor, row: Transition) -> None:
    for name in row.required_of(actor):
        if getattr(tap, name) in (None, ""):
            raise InvalidTap(name, "This field is required for this action.")


def _record(
    trip: Trip, row: Transition, doing: effects.Doing, previous: Status, change: effects.Change
) -> None:
    """Save the trip and append its events: one per skipped state, then the tap's own."""
    own = _own_event(trip, row.event, doing, change.data)
    inferred = skipped(previous, Status(trip.status)) if row.action is not Action.UNDO else ()
    with recording() as log:
        for status in inferred:
            name = EVENT_OF_STATUS[status]
            event = new_event(trip, name, doing.actor, doing.user, doing.at, doing.now)
            event.status, event.previous_status, event.inferred = status, previous, True
            append(trip, event)
            log.event(event, watchers=change.watchers)
            previous = status
        own.previous_status = previous
        append(trip, own)
        trip.save()
        log.event(own, watchers=change.watchers)


def _correct(trip: Trip, doing: effects.Doing, times: dict[str, datetime]) -> Trip:
    """A late fact: better times, and the trip stays where it is."""
    before = undo.memory(trip)
    data = corrections.apply(trip, doing.tap, times)
    data["before"] = undo.changed(before, undo.memory(trip))
    remark(trip, _own_event(trip, "trip.corrected", doing, data))
    return trip


@tried_again
def change_trip(*, trip_id: int, user: User, expected_version: int, fields: dict[str, Any]) -> Trip:
    """Change agreed `fields` (of `changes.FIELDS`) of a trip that is under no way to its end.

    The event names the fields, never what stands in them. Raises TripNotFound, Forbidden,
    Refused and InvalidTap; nothing happens where nothing differs.
    """
    now = timezone.now()
    with recording():
        trip = locked(trip_id, user)
        acting = _acting(trip, user, expected_version)
        by = next((actor for actor in Actor if actor in acting & changes.ACTORS), None)
        if by is None:
            raise Forbidden
        data = changes.apply(trip, by, fields, now)
        if data["fields"]:
            event = new_event(trip, "trip.changed", by, user, now, now)
            event.data = data
            remark(trip, event)
    return trip


@tried_again
def confirm_trip(*, trip_id: int) -> Trip:
    """Note that the patient comes at the agreed time, by their link; once for each time.

    Raises TripNotFound, and Refused where there is nothing to confirm.
    """
    now = timezone.now()
    with recording():
        trip = locked(trip_id, None)
        if not confirmations.can_confirm(trip, now):
            raise Refused(f"It cannot be confirmed while {trip.status}.", trip)
        if not confirmations.is_confirmed(trip):
            event = new_event(trip, "trip.confirmed", Actor.REQUESTER, trip.patient.user, now, now)
            event.data = confirmations.data_of(trip)
            remark(trip, event)
    return trip


@tried_again
def cancel_by_link(*, trip_id: int, reason: str) -> Trip:
    """Cancel a trip as its patient, by their link, with or without an account; as `act` raises."""
    return _act_by_link(trip_id, Tap(action=Action.CANCEL, reason=reason))


@tried_again
def ready_by_link(*, trip_id: int) -> Trip:
    """Call the vehicle of a will-call trip as its patient, by their link; as `act` raises."""
    return _act_by_link(trip_id, Tap(action=Action.READY))


def _act_by_link(trip_id: int, tap: Tap) -> Trip:
    with recording():
        trip = locked(trip_id, None)
        return _act(trip, user=trip.patient.user, tap=tap, acting=frozenset({Actor.REQUESTER}))


def _own_event(trip: Trip, name: str, doing: effects.Doing, data: dict[str, Any]) -> TripEvent:
    event = new_event(trip, name, doing.actor, doing.user, doing.at, doing.now)
    event.latitude, event.longitude = doing.tap.latitude, doing.tap.longitude
    event.message = doing.tap.reason
    event.data = data
    return event


def note_remeasured(trip_id: int, data: dict[str, Any]) -> None:
    """Append `trip.remeasured`: late data changed what a completed trip measures."""
    now = timezone.now()
    with recording():
        trip = locked(trip_id, None)
        event = new_event(trip, "trip.remeasured", Actor.SYSTEM, None, now, now)
        event.data = data
        remark(trip, event)


def finish_completion(event_id: int) -> str:
    """Handler of `trip.completed`: the vehicle's assignment is over. May run twice."""
    event = TripEvent.objects.select_related("trip").get(pk=event_id)
    effects.close_assignment(event.trip, event.occurred_at)
    return f"trip {event.trip_id} completed"
