"""The only writers of `Trip`: each change is one transaction with its event and outbox rows."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from trips import access, effects
from trips.events.log import recording
from trips.lifecycle import (
    EVENT_OF_STATUS,
    STARTED,
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
from users.models import User


class TripNotFound(LookupError):
    """The trip is absent, or not theirs: the two are not told apart."""


class Forbidden(Exception):
    """The actor's role may never do this."""


class Refused(Exception):
    """Not now: the version is old, or the action or its guard does not allow it."""

    def __init__(self, detail: str, trip: Trip) -> None:
        super().__init__(detail)
        self.trip = trip


class InvalidTap(ValueError):
    """A field that this action needs is missing or does not fit; `field` names it."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field


class ReusedClientEventId(ValueError):
    """The same `client_event_id` came with another body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """One action on one trip, as a client sends it. Coordinates in degrees, odometer in miles."""

    action: Action
    client_event_id: str = ""
    occurred_at: datetime | None = None
    expected_version: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    reason: str = ""
    odometer: Decimal | None = None
    driver_id: int | None = None
    vehicle_id: int | None = None
    scheduled_at: datetime | None = None
    kind: str = ""

    def digest(self, trip_id: int) -> str:
        """What makes two taps the same."""
        body = json.dumps({"trip": trip_id, **asdict(self)}, sort_keys=True, default=str)
        return hashlib.sha256(body.encode()).hexdigest()


def book_trip(*, user: User, fields: dict[str, Any]) -> Trip:
    """A new trip as `requested`; `fields` are model fields already checked by the caller."""
    now = timezone.now()
    with recording() as log:
        trip = Trip.objects.create(state_since=now, version=1, **fields)
        actor = Actor.DISPATCHER if access.is_dispatcher(user) else Actor.REQUESTER
        event = _event(trip, "trip.requested", actor, user, now, now)
        event.save()
        log.event(event)
    return trip


def answer_tap(*, trip_id: int, user: User, tap: Tap, render: Any) -> Any:
    """`render(trip)` after the tap; the same tap again gets the stored answer, once kept.

    Raises as `act` does, and ReusedClientEventId.
    """
    if not tap.client_event_id:
        return render(act(trip_id=trip_id, user=user, tap=tap))
    digest = tap.digest(trip_id)
    with recording():
        # Before the trip is looked for: who declined it sees it no more, and asks again.
        known = _known_answer(user, tap, digest)
        if known is None:
            trip = _locked(trip_id, user)
            known = _known_answer(user, tap, digest)
        if known is None:
            body = render(_act(trip, user=user, tap=tap))
            known = _keep_answer(user, tap, digest, body)
    return known.body


def _known_answer(user: User, tap: Tap, digest: str) -> TapAnswer | None:
    known = TapAnswer.objects.filter(user=user, client_event_id=tap.client_event_id).first()
    if known is not None and known.request_digest != digest:
        raise ReusedClientEventId
    return known


def _keep_answer(user: User, tap: Tap, digest: str, body: Any) -> TapAnswer:
    try:
        with transaction.atomic():
            return TapAnswer.objects.create(
                user=user,
                client_event_id=tap.client_event_id,
                request_digest=digest,
                status_code=200,
                body=body,
            )
    except IntegrityError:  # the same id at the same moment on another trip
        raise ReusedClientEventId from None


def act(*, trip_id: int, user: User | None, tap: Tap) -> Trip:
    """Do what `tap` says, as `user` or (None) as the system.

    Raises TripNotFound, Forbidden, Refused (with the trip as it is) and InvalidTap.
    """
    with recording():
        return _act(_locked(trip_id, user), user=user, tap=tap)


def _locked(trip_id: int, user: User | None) -> Trip:
    """The trip, locked, with its relations; TripNotFound where it is not theirs to see."""
    theirs = Trip.objects.all() if user is None else access.visible_trips(user)
    # Locked first and read then: a row that another transaction changed while we waited would
    # come without its new relations.
    if not theirs.select_for_update(of=("self",)).filter(pk=trip_id).only("pk").first():
        raise TripNotFound
    return with_related(Trip.objects.filter(pk=trip_id)).get()


def _act(trip: Trip, *, user: User | None, tap: Tap) -> Trip:
    actor, row = _allowed(trip, user, tap)
    _check_fields(tap, actor, row)
    now = timezone.now()
    occurred_at = min(tap.occurred_at or now, now)
    before = effects.memory(trip)
    change = effects.apply(trip, row, actor, tap, occurred_at)
    _record(trip, row, actor, user, tap, change, before, occurred_at, now)
    return trip


def _allowed(trip: Trip, user: User | None, tap: Tap) -> tuple[Actor, Transition]:
    acting = access.actors(user, trip) if user else frozenset({Actor.SYSTEM})
    if not acting:
        raise Forbidden
    if tap.expected_version is not None and tap.expected_version != trip.version:
        raise Refused(f"The trip is at version {trip.version}.", trip)
    for actor in Actor:
        if actor in acting and (row := find(tap.action, Status(trip.status), actor)):
            return actor, row
    if not any(ever_possible(tap.action, actor) for actor in acting):
        raise Forbidden
    raise Refused(f"{tap.action.value} is not possible while {trip.status}.", trip)


def _check_fields(tap: Tap, actor: Actor, row: Transition) -> None:
    for name in row.required_of(actor):
        if getattr(tap, name) in (None, ""):
            raise InvalidTap(name, "This field is required for this action.")


def _record(
    trip: Trip,
    row: Transition,
    actor: Actor,
    user: User | None,
    tap: Tap,
    change: effects.Change,
    before: dict[str, Any],
    occurred_at: datetime,
    now: datetime,
) -> None:
    """Save the trip and append its events: one per skipped state, then the tap's own."""
    own = _event(trip, row.event, actor, user, occurred_at, now)
    own.latitude, own.longitude = tap.latitude, tap.longitude
    own.message = tap.reason
    own.data = {"before": before, **change.data}
    previous = Status(before["status"])
    inferred = skipped(previous, Status(trip.status)) if row.action is not Action.UNDO else ()
    with recording() as log:
        for status in inferred:
            event = _event(trip, EVENT_OF_STATUS[status], actor, user, occurred_at, now)
            event.status, event.previous_status, event.inferred = status, previous, True
            _append(trip, event)
            log.event(event, watchers=change.watchers)
            previous = status
        own.previous_status = previous
        _append(trip, own)
        trip.save()
        log.event(own, watchers=change.watchers)


def _append(trip: Trip, event: TripEvent) -> None:
    trip.version += 1
    event.version = trip.version
    event.save()


def _event(
    trip: Trip,
    name: str,
    actor: Actor,
    user: User | None,
    occurred_at: datetime,
    recorded_at: datetime,
) -> TripEvent:
    return TripEvent(
        trip=trip,
        version=trip.version,
        event=name,
        status=trip.status,
        source=actor.value,
        actor=user,
        occurred_at=occurred_at,
        recorded_at=recorded_at,
    )


#: Time in state after which a trip that a driver has started is stuck.
STUCK_AFTER = timedelta(hours=6)


def flag_stuck() -> int:
    """Append `trip.stuck` to each trip too long in one state, once per state; how many."""
    now = timezone.now()
    overdue = Trip.objects.filter(status__in=STARTED, state_since__lt=now - STUCK_AFTER)
    flagged = 0
    for trip_id in overdue.values_list("pk", flat=True):
        with recording() as log:
            trip = _locked(trip_id, None)
            if trip.events.order_by("-version")[0].event == "trip.stuck":
                continue
            event = _event(trip, "trip.stuck", Actor.SYSTEM, None, now, now)
            event.previous_status = trip.status
            _append(trip, event)
            trip.save(update_fields=["version"])
            log.event(event)
            flagged += 1
    return flagged


def finish_completion(event_id: int) -> str:
    """Handler of `trip.completed`: the vehicle's assignment is over. May run twice."""
    event = TripEvent.objects.select_related("trip").get(pk=event_id)
    effects.close_assignment(event.trip, event.occurred_at)
    return f"trip {event.trip_id} completed"
