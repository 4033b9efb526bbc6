"""A vehicle's plan: where a trip fits between the others, and what that costs."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from tests.dispatch.crews import VAN, drive_s, plan, ride
from trips.dispatch.plans import GRACE_S, MOST_WAIT_S, Plan
from trips.dispatch.rides import Ride
from trips.dispatch.seats import Seating

MOBILITIES = ("ambulatory", "ambulatory", "wheelchair")


def order(made: Plan) -> list[tuple[int, bool]]:
    return [(stop.trip_id, stop.is_pickup) for stop in made.stops]


def test_nobody_is_picked_up_before_the_agreed_time() -> None:
    made = plan(ride(1, 480, 0, 10), at_km=0)
    assert made.arrival_s(0) == 0
    assert made.arrival_s(1) == 60 * (480 + 2 + 10)
    assert made.lateness_s == 0


def test_a_trip_goes_between_two_others_where_there_is_time() -> None:
    made = plan(ride(1, 480, 0, 10), ride(3, 600, 0, 10), at_km=0)
    found = made.search(ride(2, 540, 10, 0)).insertion
    assert found is not None
    assert (found.pickup_at, found.dropoff_at, found.lateness_s) == (2, 2, 0)
    assert found.drive_s == 0  # it came back that way anyhow


def test_two_who_go_the_same_way_share_the_van() -> None:
    made = plan(ride(1, 480, 0, 40), at_km=0)
    found = made.search(ride(2, 490, 10, 30)).insertion
    assert found is not None
    made.insert(ride(2, 490, 10, 30), found)
    assert order(made) == [(1, True), (2, True), (2, False), (1, False)]


def test_the_window_ends_what_is_possible() -> None:
    busy = plan(ride(1, 480, 0, 60), at_km=0)
    # At the far end at 544, back at 604.
    assert busy.search(ride(2, 580, 0, 10, window_min=20)).insertion is None
    back = busy.search(ride(2, 580, 0, 10, window_min=30)).insertion
    assert back is not None
    # Picked up 24 min late, and out again later than a quarter of an hour's detour would make it.
    assert back.arrival_s == 60 * 604
    assert back.lateness_s == pytest.approx(60 * (24 + 9))


def test_what_is_late_already_is_not_made_much_later() -> None:
    late = ride(1, 480, 0, 10, window_min=0)
    made = plan(late, at_km=0, at_min=500)
    assert made.lateness_s > 0
    small = made.search(ride(2, 500, 0, 10)).insertion
    assert small is not None
    assert small.others_lateness_s <= 2 * GRACE_S
    # Another one first, there and back, would cost trip 1 twenty minutes more.
    assert small.pickup_at > 0 or small.dropoff_at > 0


def test_a_seating_is_not_changed_while_somebody_is_aboard() -> None:
    # One wheelchair and four seats, or two and two: not two wheelchairs and three others.
    three = [ride(n, 480, 0, 60) for n in (1, 2, 3)]
    made = plan(*three)
    chair = made.search(ride(4, 490, 10, 50, mobility="wheelchair", window_min=20))
    assert chair.insertion is not None
    made.insert(ride(4, 490, 10, 50, mobility="wheelchair"), chair.insertion)
    second = made.search(ride(5, 495, 15, 50, mobility="wheelchair", window_min=20))
    assert second.insertion is None
    assert second.full


def test_who_is_aboard_takes_a_seat_and_gets_out_first_or_later() -> None:
    aboard = ride(1, 480, 0, 20, mobility="wheelchair", escorts=4, aboard_since_min=480)
    made = plan(aboard, at_km=10, at_min=490)
    assert order(made) == [(1, False)]
    found = made.search(ride(2, 490, 12, 20)).insertion
    assert found is not None
    assert (found.pickup_at, found.dropoff_at) == (1, 1)  # no seat before


def test_taking_a_ride_out_leaves_the_plan_as_it_was() -> None:
    first, second = ride(1, 480, 0, 40), ride(2, 490, 10, 30)
    made = plan(first, at_km=0)
    before = (order(made), made.cost_s)
    made.take(second)
    made.remove(second)
    assert (order(made), made.cost_s) == before


def test_the_free_places_are_those_of_the_fullest_moment() -> None:
    made = plan(ride(1, 480, 0, 40), ride(2, 490, 10, 30, escorts=1), at_km=0)
    assert made.left_for(1) == {"amb": 1, "wc": 1}


@pytest.mark.parametrize("seed", range(30))
def test_whatever_is_inserted_keeps_every_rule_and_costs_what_was_said(seed: int) -> None:
    rng = Random(seed)
    made = Plan(Seating.of(VAN), drive_s, (0.0, 0.0), 0.0)
    for n in range(14):
        one = ride(
            n,
            rng.uniform(60, 400),
            rng.uniform(0, 30),
            rng.uniform(0, 30),
            mobility=rng.choice(MOBILITIES),
            escorts=rng.choice((0, 0, 1)),
        )
        found = made.search(one).insertion
        if found is None:
            continue
        before = made.cost_s
        made.insert(one, found)
        assert made.cost_s - before == pytest.approx(found.cost_s, abs=1e-6)
        check(made)
    assert len(made.rides) > 4


def check(made: Plan) -> None:
    """Recomputed by hand: windows, order, seats, and nobody waiting aboard for long."""
    at, here, aboard = 0.0, (0.0, 0.0), dict[int, Ride]()
    for n, stop in enumerate(made.stops):
        at += drive_s(here, stop.point)
        assert made.arrival_s(n) == pytest.approx(at)
        assert at <= stop.latest_s + 1e-6
        if stop.is_pickup:
            waits = stop.earliest_s - at
            assert not aboard or waits <= MOST_WAIT_S
            at = max(at, stop.earliest_s)
            aboard[stop.trip_id] = made.rides[stop.trip_id]
        else:
            del aboard[stop.trip_id]
        at, here = at + stop.boarding_s, stop.point
        assert Seating.of(VAN).taking(sum(one.load for one in aboard.values())) or not aboard
    assert not aboard
    assert all(a.trip_id != b.trip_id or a.is_pickup for a, b in pairwise(made.stops))
