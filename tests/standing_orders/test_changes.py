"""Skips, pauses, changes and ends: what they do to trips that are made already."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from django.utils import timezone

from tests.cast import Cast, event_names
from tests.standing_orders.conftest import agree, local, tomorrow
from tests.threads import at_once
from trips.models import Company, StandingOrder, Trip
from trips.services import Refused as TripRefused
from trips.standing_orders import services
from trips.standing_orders.materialise import materialise_due

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _six_days(cast: Cast) -> None:
    Company.objects.update(materialise_days=6)


def trip_on(order: StandingOrder, ahead: int, leg: str = "outbound") -> Trip:
    return Trip.objects.get(service_date=tomorrow(ahead), leg=leg)


def days(leg: str = "outbound") -> list[int]:
    """So many days ahead there is a trip that is not cancelled."""
    first = tomorrow(0)
    trips = Trip.objects.filter(leg=leg, service_date__isnull=False).exclude(status="cancelled")
    return sorted((day - first).days for day in trips.values_list("service_date", flat=True) if day)


def test_a_skipped_day_is_cancelled_and_comes_back_when_it_is_restored(cast: Cast) -> None:
    order = agree(cast)
    out, back = trip_on(order, 2), trip_on(order, 2, "return")
    done = services.skip(user=cast.dina, order_id=order.pk, day=tomorrow(2))
    assert (set(done.withdrawn), done.left, done.made) == ({out.pk, back.pk}, (), 0)
    assert days() == days("return") == [1, 3, 4, 5, 6]
    out.refresh_from_db()
    assert (out.status, out.cancel_kind, out.cancelled_by) == ("cancelled", "advance", "dispatcher")
    assert event_names(out) == ["trip.requested", "trip.cancelled"]
    assert out.events.get(event="trip.cancelled").actor == cast.dina
    assert materialise_due(timezone.now()) == (0, 0)
    done = services.restore(user=cast.dina, order_id=order.pk, day=tomorrow(2))
    assert (done.made, days(), days("return")) == (2, [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6])
    assert trip_on(order, 2) != out


def test_what_the_order_took_back_comes_back_through_the_order_only(cast: Cast) -> None:
    order = agree(cast)
    trip = trip_on(order, 2)
    services.skip(user=cast.dina, order_id=order.pk, day=tomorrow(2))
    with pytest.raises(TripRefused, match="standing order"):
        cast.tap(trip, "undo", cast.dina, reason="mistake")


def test_a_day_that_is_skipped_twice_is_skipped_once(cast: Cast) -> None:
    order = agree(cast)
    for _ in range(2):
        services.skip(user=cast.dina, order_id=order.pk, day=tomorrow(2))
    assert order.skips.count() == 1
    services.restore(user=cast.dina, order_id=order.pk, day=tomorrow(2))
    with pytest.raises(services.Refused, match="not left out"):
        services.restore(user=cast.dina, order_id=order.pk, day=tomorrow(2))


def test_a_pause_takes_back_its_days_and_its_end_brings_them_again(cast: Cast) -> None:
    order = agree(cast)
    services.pause(
        user=cast.dina, order_id=order.pk, first=tomorrow(2), last=tomorrow(4), reason="away"
    )
    assert days() == [1, 5, 6]
    services.pause(user=cast.dina, order_id=order.pk, first=tomorrow(4), reason="hospitalised")
    assert days() == [1]
    # Nothing comes of the days ahead either.
    assert materialise_due(timezone.now() + (tomorrow(3) - tomorrow(0))) == (0, 1)
    done = services.resume(user=cast.dina, order_id=order.pk, first=tomorrow(5))
    assert (done.made, days()) == (4, [1, 5, 6])
    assert list(order.pauses.order_by("pk").values_list("last_day", flat=True)) == [tomorrow(4)] * 2
    services.resume(user=cast.dina, order_id=order.pk, first=tomorrow(4))
    assert days() == [1, 4, 5, 6]
    assert order.pauses.count() == 1


def test_who_is_not_paused_cannot_resume(cast: Cast) -> None:
    order = agree(cast)
    services.pause(user=cast.dina, order_id=order.pk, first=tomorrow(3), reason="away")
    with pytest.raises(services.Refused, match="not paused"):
        services.resume(user=cast.dina, order_id=order.pk)


def test_an_ended_order_takes_back_what_nobody_touched_and_reports_the_rest(cast: Cast) -> None:
    order = agree(cast)
    dispatched = trip_on(order, 3)
    ready = trip_on(order, 4, "return")
    cast.tap(trip_on(order, 5), "cancel", reason="by train")
    cast.tap(ready, "ready", cast.pia)
    Trip.objects.filter(pk=dispatched.pk).update(scheduled_at=timezone.now())
    cast.tap(cast.tap(dispatched, "assign"), "dispatch")
    done = services.end(user=cast.dina, order_id=order.pk, first=tomorrow(2))
    assert {(trip.service_date, trip.leg) for trip in done.left} == {
        (tomorrow(ahead), leg) for ahead in (3, 4) for leg in ("outbound", "return")
    }
    # The day is one whole: nobody is brought there and not fetched.
    assert days() == [1, 3, 4]
    assert days("return") == [1, 3, 4]
    assert order.trips.filter(status="cancelled").count() == 2 + 2 + 2
    assert materialise_due(timezone.now() + (tomorrow(9) - tomorrow(0)))[0] == 0


def test_an_end_before_the_beginning_leaves_nothing(cast: Cast) -> None:
    order = agree(cast)
    done = services.end(user=cast.dina, order_id=order.pk)
    assert days() == []
    assert done.order.has_ended(tomorrow(0))
    with pytest.raises(services.Refused, match="ended"):
        services.pause(user=cast.dina, order_id=order.pk, reason="away")


def test_this_and_following_ends_the_order_and_begins_its_successor(cast: Cast) -> None:
    old = agree(cast)
    services.skip(user=cast.dina, order_id=old.pk, day=tomorrow(5))
    services.pause(
        user=cast.dina, order_id=old.pk, first=tomorrow(2), last=tomorrow(3), reason="away"
    )
    touched = cast.tap(trip_on(old, 4, "return"), "ready", cast.pia)
    done = services.change(
        user=cast.dina, order_id=old.pk, first=tomorrow(3), fields={"pickup_time": time(10)}
    )
    new = done.order
    old.refresh_from_db()
    assert (new.root_id, new.first_day, old.last_day) == (old.pk, tomorrow(3), tomorrow(2))
    assert [trip.pk for trip in done.left] == [trip_on(old, 4).pk, touched.pk]
    assert days() == days("return") == [1, 4, 6]
    assert local(trip_on(new, 6).scheduled_at)[-5:] == "10:00"
    assert {trip_on(new, 6).standing_order, trip_on(new, 6, "return").standing_order} == {new}
    # What somebody has touched stays with the old order, as it was, and is not made twice.
    assert trip_on(old, 4).standing_order == old
    StandingOrder.objects.update(materialised_until=None)
    assert materialise_due(timezone.now())[0] == 0
    assert new.skips.get().day == tomorrow(5)
    assert new.pauses.get().first_day == tomorrow(3)
    # The line goes on from there.
    third = services.change(
        user=cast.dina, order_id=new.pk, first=tomorrow(6), fields={"return_kind": "none"}
    ).order
    assert (third.root_id, third.trips.count()) == (old.pk, 1)
    assert [row.kind for row in old.events.order_by("version")] == [
        "created", "skipped", "paused", "succeeded",
    ]  # fmt: skip


def test_a_change_of_everything_changes_the_order_itself(cast: Cast) -> None:
    order = agree(cast)
    fields: dict[str, Any] = {"return_kind": "timed", "return_time": time(12)}
    done = services.change(user=cast.dina, order_id=order.pk, fields=fields)
    assert done.order == order
    assert (len(done.withdrawn), done.made) == (12, 12)
    assert local(trip_on(order, 1, "return").scheduled_at)[-5:] == "12:00"


def test_a_fortnight_keeps_its_weeks_when_only_the_time_changes(cast: Cast) -> None:
    Company.objects.update(materialise_days=30)
    order = agree(cast, rule="FREQ=WEEKLY;INTERVAL=2", first_day=tomorrow(1))
    assert days() == [1, 15, 29]
    services.change(
        user=cast.dina, order_id=order.pk, first=tomorrow(8), fields={"pickup_time": time(9)}
    )
    assert days() == [1, 15, 29]
    services.change(
        user=cast.dina,
        order_id=StandingOrder.objects.latest("pk").pk,
        first=tomorrow(10),
        fields={"rule": "FREQ=WEEKLY;INTERVAL=2"},
    )
    assert days() == [1, 10, 24]


def test_a_facility_cancels_as_who_ordered(cast: Cast) -> None:
    order = agree(cast)
    services.end(user=cast.hugo, order_id=order.pk, first=tomorrow(6))
    event = Trip.objects.filter(status="cancelled")[0].events.get(event="trip.cancelled")
    assert (event.source, event.actor) == ("requester", cast.hugo)


def test_history_has_days_and_numbers_and_no_words_of_people(cast: Cast) -> None:
    order = agree(cast)
    services.pause(user=cast.dina, order_id=order.pk, first=tomorrow(2), reason="hospitalised")
    event = order.events.get(kind="paused")
    assert event.data == {
        "from": str(tomorrow(2)), "to": None, "made": 0, "withdrawn": 10, "left": 0,
    }  # fmt: skip
    assert (event.actor, event.version) == (cast.dina, 2)
    messages = Trip.objects.filter(status="cancelled").values_list("events__message", flat=True)
    assert set(messages) == {"", f"Standing order {order.pk} paused."}


@pytest.mark.django_db(transaction=True)
def test_a_pause_and_an_assignment_at_once_never_both_have_the_trip(cast: Cast) -> None:
    order = agree(cast, return_kind="none")
    trip = trip_on(order, 1)

    def pause() -> object:
        return services.pause(user=cast.dina, order_id=order.pk, reason="away")

    def assign() -> object:
        return cast.tap(trip, "assign")

    jobs = iter([pause, assign])
    results = at_once(lambda: next(jobs)(), times=2)
    trip.refresh_from_db()
    paused = next(one for one in results if isinstance(one, services.Outcome))
    if trip.status == "assigned":
        assert [left.pk for left in paused.left] == [trip.pk]
    else:
        assert trip.status == "cancelled"
        assert trip.pk in paused.withdrawn
        assert any(isinstance(one, TripRefused) for one in results)
