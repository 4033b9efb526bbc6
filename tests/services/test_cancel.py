"""Kinds of cancellation: what a payer is charged for depends on them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tests.cast import Cast
from tests.services.invariants import check
from trips.effects import LATE_CANCEL
from trips.lifecycle import Action
from trips.models import TripEvent
from trips.services import Refused, Tap, act

pytestmark = pytest.mark.django_db
#: Noon in Stockholm, on a day behind us: taps may come late but never from the future.
NOON = datetime(2026, 3, 10, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("scheduled_at", "kind"),
    [
        (NOON + timedelta(days=2), "advance"),
        (NOON + LATE_CANCEL, "same_day"),
        (NOON + LATE_CANCEL - timedelta(seconds=1), "late"),
        (NOON - timedelta(hours=1), "late"),
        # 23:30 in Stockholm is this day and 00:30 the next, though both are the 10th in UTC.
        (datetime(2026, 3, 10, 22, 30, tzinfo=UTC), "same_day"),
        (datetime(2026, 3, 10, 23, 30, tzinfo=UTC), "advance"),
    ],
)
def test_the_kind_follows_from_how_early_it_was_said(
    cast: Cast, scheduled_at: datetime, kind: str
) -> None:
    trip = cast.trip_in("scheduled", scheduled_at=scheduled_at)
    trip = cast.tap(trip, "cancel", cast.dina, reason="recovered", occurred_at=NOON)
    assert (trip.cancel_kind, trip.cancelled_by) == (kind, "dispatcher")
    event = TripEvent.objects.get(trip=trip, version=trip.version)
    assert (event.data["kind"], event.data["by"]) == (kind, "dispatcher")
    check(trip.pk)


def test_a_trip_without_a_time_is_always_cancelled_in_advance(cast: Cast) -> None:
    trip = cast.tap(cast.trip_in("will_call"), "cancel", cast.pia, reason="a friend drives me")
    assert (trip.cancel_kind, trip.cancelled_by) == ("advance", "requester")


def test_at_the_door_it_is_at_the_door_whoever_says_so(cast: Cast) -> None:
    for user, by in ((cast.omar, "driver"), (cast.dina, "dispatcher")):
        trip = cast.tap(cast.trip_in("arrived_pickup"), "cancel", user, reason="not well")
        assert (trip.cancel_kind, trip.cancelled_by) == ("at_door", by)
        check(trip.pk)


def test_pia_cancels_until_her_driver_is_dispatched(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    assert cast.tap(trip, "cancel", cast.pia, reason="unwell").status == "cancelled"
    trip = cast.trip_in("dispatched")
    with pytest.raises(Refused):
        cast.tap(trip, "cancel", cast.pia, reason="unwell")


def test_omar_does_not_cancel_on_the_way(cast: Cast) -> None:
    trip = cast.trip_in("en_route_pickup")
    with pytest.raises(Refused):
        cast.tap(trip, "cancel", cast.omar, reason="traffic")


def test_who_it_came_from_can_be_said(cast: Cast) -> None:
    trip = cast.trip_in("scheduled", scheduled_at=timezone.now() + timedelta(days=3))
    tap = Tap(action=Action.CANCEL, reason="closed today", kind="facility")
    assert act(trip_id=trip.pk, user=cast.dina, tap=tap).cancelled_by == "facility"

