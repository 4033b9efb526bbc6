"""Kinds of cancellation: what a payer is charged for depends on them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tests.cast import Cast
from tests.services.invariants import check
from trips.effects import LATE_CANCEL
from trips.models import TripEvent
from trips.services import InvalidTap, Refused

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


def test_dina_may_overrule_the_kind_since_a_fee_follows_from_it_and_pia_may_not(
    cast: Cast,
) -> None:
    soon = timezone.now() + timedelta(minutes=30)
    for user, kind in ((cast.dina, "advance"), (cast.pia, "late")):
        trip = cast.trip_in("scheduled", scheduled_at=soon)
        trip = cast.tap(trip, "cancel", user, reason="clinic closed", kind="advance")
        assert trip.cancel_kind == kind


def test_a_kind_that_does_not_exist_is_refused(cast: Cast) -> None:
    trip = cast.trip_in("scheduled")
    for user in (cast.dina, cast.pia):
        with pytest.raises(InvalidTap) as caught:
            cast.tap(trip, "cancel", user, reason="clinic closed", kind="whenever")
        assert caught.value.field == "kind"
    check(trip.pk)
