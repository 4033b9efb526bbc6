"""Kinds of cancellation: what a payer is charged for depends on them."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from tests.cast import Cast
from tests.services.invariants import check
from trips.models import Company, Trip, TripEvent
from trips.services import InvalidTap, Refused

pytestmark = pytest.mark.django_db
STOCKHOLM = ZoneInfo("Europe/Stockholm")


def stockholm(clock: str, *, days: int = 0) -> datetime:
    """That time of yesterday, or so many days later: taps may come late, never too early."""
    day = timezone.now().astimezone(STOCKHOLM).date() + timedelta(days=days - 1)
    return datetime.combine(day, time.fromisoformat(clock), STOCKHOLM)


def cancelled(cast: Cast, scheduled_at: datetime, **tap: object) -> Trip:
    """Dina cancels at noon a trip for `scheduled_at`."""
    trip = cast.trip_in("scheduled")
    Trip.objects.filter(pk=trip.pk).update(scheduled_at=scheduled_at)
    noon = stockholm("12:00")
    return cast.tap(trip, "cancel", cast.dina, reason="recovered", occurred_at=noon, **tap)


@pytest.mark.parametrize(
    ("clock", "days", "kind"),
    [
        ("12:00", 2, "advance"),
        ("14:00", 0, "same_day"),
        ("13:59:59", 0, "late"),
        ("11:00", 0, "late"),
        # The day is Stockholm's, whatever it is in UTC.
        ("23:30", 0, "same_day"),
        ("00:30", 1, "advance"),
    ],
)
def test_the_kind_follows_from_how_early_it_was_said(
    cast: Cast, clock: str, days: int, kind: str
) -> None:
    trip = cancelled(cast, stockholm(clock, days=days))
    assert (trip.cancel_kind, trip.cancelled_by) == (kind, "dispatcher")
    event = TripEvent.objects.get(trip=trip, version=trip.version)
    assert (event.data["kind"], event.data["by"]) == (kind, "dispatcher")
    check(trip.pk)


def test_what_is_late_is_the_companys_to_say(cast: Cast) -> None:
    Company.objects.update(late_cancel_minutes=30)
    assert cancelled(cast, stockholm("12:31")).cancel_kind == "same_day"
    assert cancelled(cast, stockholm("12:29")).cancel_kind == "late"


def test_the_record_tells_pia_from_her_clinic(cast: Cast) -> None:
    for user, by in ((cast.pia, "patient"), (cast.hugo, "facility"), (cast.dina, "dispatcher")):
        trip = cast.trip_in("assigned", facility=cast.facility)
        trip = cast.tap(trip, "cancel", user, reason="unwell")
        assert trip.cancelled_by == by
        event = TripEvent.objects.get(trip=trip, version=trip.version)
        assert (event.data["by"], event.actor) == (by, user)


def test_a_trip_without_a_time_is_always_cancelled_in_advance(cast: Cast) -> None:
    trip = cast.tap(cast.trip_in("will_call"), "cancel", cast.pia, reason="a friend drives me")
    assert (trip.cancel_kind, trip.cancelled_by) == ("advance", "patient")


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
