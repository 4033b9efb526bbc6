"""Every state x action x person through the real service: it is done, or nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction

from tests.cast import Cast
from tests.services.invariants import check, footprint
from trips import access
from trips.lifecycle import WITH_DRIVER, Action, Actor, Status, ever_possible, find
from trips.models import Trip, TripEvent
from trips.services import Forbidden, Refused, Tap, TripNotFound, act
from users.models import User

pytestmark = pytest.mark.django_db

SEEN_BY_OMAR = WITH_DRIVER | {Status.COMPLETED, Status.CANCELLED, Status.NO_SHOW}
PEOPLE = ("dina", "ada", "omar", "pia", "hugo", "eve", "bea", None)


def acts_as(name: str | None, status: Status) -> Actor | type[TripNotFound] | None:
    """What each of the cast is to Pia's trip; None: sees it and has no say."""
    if name == "eve" or (name == "omar" and status not in SEEN_BY_OMAR):
        return TripNotFound
    return {
        "dina": Actor.DISPATCHER,
        "ada": Actor.DISPATCHER,
        "omar": Actor.DRIVER,
        "pia": Actor.REQUESTER,
        "hugo": Actor.REQUESTER,
        None: Actor.SYSTEM,
    }.get(name)


def expected(name: str | None, status: Status, action: Action) -> type[Exception] | None:
    """None where the action is done, else what is raised."""
    actor = acts_as(name, status)
    if not isinstance(actor, Actor):
        return actor or Forbidden
    if find(action, status, actor):
        # Nothing came before a trip that was booked as will-call.
        return Refused if (action, status) == (Action.UNDO, Status.WILL_CALL) else None
    return Refused if ever_possible(action, actor) else Forbidden


@contextmanager
def undone() -> Iterator[None]:
    """Roll back what the block did."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("status", Status)
def test_everybody_tries_every_action_in_this_state(cast: Cast, status: Status) -> None:
    trip = cast.trip_in(status, facility=cast.facility)
    check(trip.pk)
    untouched = footprint(trip.pk)
    for name in PEOPLE:
        user: User | None = getattr(cast, name) if name else None
        for action in Action:
            with undone():
                if refusal := expected(name, status, action):
                    with pytest.raises(refusal):
                        act(trip_id=trip.pk, user=user, tap=_tap(cast, action, trip.version))
                    assert footprint(trip.pk) == untouched
                else:
                    done = act(trip_id=trip.pk, user=user, tap=_tap(cast, action, trip.version))
                    check(trip.pk)
                    _check_event(done, user, action)


def _tap(cast: Cast, action: Action, version: int) -> Tap:
    return Tap(
        action=action,
        reason="because",
        driver_id=cast.driver.pk,
        vehicle_id=cast.van.pk,
        expected_version=version,
    )


def _check_event(trip: Trip, user: User | None, action: Action) -> None:
    event = TripEvent.objects.filter(trip=trip).latest("version")
    actors = [Actor.SYSTEM] if user is None else list(access.actors(user, trip)) or [Actor.DRIVER]
    assert event.actor == user
    assert event.source in actors
    assert event.message == "because"
    row = find(action, Status(event.data["before"]["status"]), Actor(event.source))
    assert row is not None
    assert event.event == row.event
    if row.target:
        assert trip.status == row.target
