"""Every state x action x person through the real service: it is done, or nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from tests.cast import PICKUP, Cast
from tests.services.invariants import check, footprint
from trips import access
from trips.lifecycle import WITH_DRIVER, Action, Actor, Status, ever_possible, find, possible
from trips.models import Company, Trip, TripEvent
from trips.services import Forbidden, Refused, Tap, TripNotFound, act, answer_tap
from users.models import User

pytestmark = pytest.mark.django_db

SEEN_BY_OMAR = WITH_DRIVER | {Status.COMPLETED, Status.CANCELLED, Status.NO_SHOW}
PEOPLE = ("dina", "ada", "omar", "pia", "hugo", "eve", "bea", None)


#: What a dispatcher decided on is moved by no automation.
UNMOVED = {(Actor.SYSTEM, status, Action.ASSIGN) for status in (Status.ASSIGNED, Status.DISPATCHED)}


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
    if (actor, status, action) in UNMOVED:
        return Refused
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
    # Guards are tested elsewhere: here the driver waited at the door, and the window is over.
    Company.objects.update(no_show_wait_minutes=0)
    trip = cast.trip_in(status, facility=cast.facility)
    over = timezone.now() - timedelta(hours=3)
    Trip.objects.filter(pk=trip.pk, scheduled_at__isnull=False).update(scheduled_at=over)
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


@pytest.mark.parametrize("status", Status)
def test_every_tap_that_comes_twice_is_done_once(cast: Cast, status: Status) -> None:
    Company.objects.update(no_show_wait_minutes=0)
    trip = cast.trip_in(status, facility=cast.facility)
    over = timezone.now() - timedelta(hours=3)
    Trip.objects.filter(pk=trip.pk, scheduled_at__isnull=False).update(scheduled_at=over)
    for user in (cast.dina, cast.omar, cast.pia):
        for action, _ in possible(status, access.actors(user, trip)):
            if expected(user.username, status, action):
                continue
            tap = replace(_tap(cast, action, trip.version), client_event_id="once")
            with undone():
                first = _answer(trip, user, tap)
                after = footprint(trip.pk)
                assert _answer(trip, user, tap) == first
                assert footprint(trip.pk) == after


def _answer(trip: Trip, user: User, tap: Tap) -> object:
    return answer_tap(trip_id=trip.pk, user=user, tap=tap, render=lambda t: {"v": t.version})


def _tap(cast: Cast, action: Action, version: int) -> Tap:
    other = action is Action.TRANSFER
    return Tap(
        action=action,
        reason="because",
        driver_id=(cast.strange_driver if other else cast.driver).pk,
        vehicle_id=(cast.spare_van if other else cast.van).pk,
        expected_version=version,
        latitude=PICKUP[0],
        longitude=PICKUP[1],
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
