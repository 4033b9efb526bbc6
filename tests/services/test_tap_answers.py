"""A tap that is sent again: the same answer, and nothing happens twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.cast import Cast
from tests.services.invariants import check, footprint
from tests.threads import at_once
from trips.lifecycle import Action
from trips.models import TapAnswer, Trip, TripEvent
from trips.services import InvalidTap, Refused, ReusedClientEventId, Tap, TripNotFound, answer_tap
from users.models import User

START = Tap(action=Action.START, client_event_id="phone-1")


def answer(trip: Trip, user: User, tap: Tap) -> Any:
    return answer_tap(trip_id=trip.pk, user=user, tap=tap, render=lambda t: {"v": t.version})


@pytest.mark.django_db
def test_the_same_tap_again_gets_the_same_answer_and_no_second_event(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    first = answer(trip, cast.omar, START)
    cast.tap(trip, "arrive_pickup")
    after = footprint(trip.pk)
    assert answer(trip, cast.omar, START) == first
    assert footprint(trip.pk) == after


@pytest.mark.django_db
def test_the_same_id_with_another_body_or_trip_is_refused(cast: Cast) -> None:
    trip, other = cast.trip_in("assigned"), cast.trip_in("assigned")
    answer(trip, cast.omar, START)
    for changed in (
        replace(START, action=Action.PICK_UP),
        replace(START, latitude=57.7, longitude=11.9),
        replace(START, reason="again"),
    ):
        with pytest.raises(ReusedClientEventId):
            answer(trip, cast.omar, changed)
    before = footprint(other.pk)
    with pytest.raises(ReusedClientEventId):
        answer(other, cast.omar, START)
    assert footprint(other.pk) == before


@pytest.mark.django_db
def test_a_refused_tap_is_not_remembered_and_may_be_sent_again_later(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    done = Tap(action=Action.COMPLETE, client_event_id="phone-2")
    with pytest.raises(Refused):
        answer(trip, cast.omar, done)
    with pytest.raises(InvalidTap):
        answer(trip, cast.omar, Tap(action=Action.DECLINE, client_event_id="phone-3"))
    assert not TapAnswer.objects.exists()
    cast.tap(trip, "pick_up")
    answer(trip, cast.omar, done)
    assert Trip.objects.get(pk=trip.pk).status == "completed"


@pytest.mark.django_db
def test_who_declined_sees_the_trip_no_more_and_still_gets_the_answer_again(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    decline = Tap(action=Action.DECLINE, reason="flat tyre", client_event_id="phone-1")
    first = answer(trip, cast.omar, decline)
    assert answer(trip, cast.omar, decline) == first
    with pytest.raises(TripNotFound):
        answer(trip, cast.omar, replace(decline, client_event_id="phone-2"))


@pytest.mark.django_db
def test_ids_are_each_persons_own_and_without_one_nothing_is_kept(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    answer(trip, cast.omar, START)
    by_dina = Tap(action=Action.ARRIVE_PICKUP, reason="radio", client_event_id="phone-1")
    assert answer(trip, cast.dina, by_dina)["v"] == Trip.objects.get(pk=trip.pk).version
    answer(trip, cast.omar, Tap(action=Action.PICK_UP))
    assert TapAnswer.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_phone_that_sends_one_tap_eight_times_at_once_taps_once(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    answers = at_once(lambda: answer(trip, cast.omar, START), 8)
    assert answers == [{"v": trip.version + 1}] * 8
    assert TripEvent.objects.filter(trip=trip, event="trip.en_route_pickup").count() == 1
    check(trip.pk)


@pytest.mark.django_db(transaction=True)
def test_one_id_on_two_trips_at_once_is_used_for_one_of_them(cast: Cast) -> None:
    trips = [cast.trip_in("assigned", window_minutes=120) for _ in range(6)]
    waiting = iter(trips)
    results = at_once(lambda: answer(next(waiting), cast.omar, START), 6)
    assert sorted(type(result).__name__ for result in results) == [
        *["ReusedClientEventId"] * 5,
        "dict",
    ]
    started = Trip.objects.filter(status="en_route_pickup")
    assert started.count() == TapAnswer.objects.count() == 1
    for trip in trips:
        check(trip.pk)
