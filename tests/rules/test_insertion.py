"""A day's trips over the crews: what is placed, what stays, and that it beats first-fit."""

from __future__ import annotations

from random import Random

from tests.dispatch.crews import crew, ride, wanted
from trips.dispatch.insertion import Day
from trips.dispatch.matching import Crew, Wanted, no_room, standing_objections
from trips.dispatch.plans import lateness_s


def fleet(count: int) -> list[Crew]:
    return [crew(n) for n in range(1, count + 1)]


def a_day(seed: int, count: int) -> list[Wanted]:
    rng = Random(seed)
    return [
        wanted(ride(n, rng.uniform(360, 900), rng.uniform(0, 40), rng.uniform(0, 40)))
        for n in range(1, count + 1)
    ]


def first_fit(crews: list[Crew], trips: list[Wanted]) -> None:
    for trip in sorted(trips, key=lambda one: one.ride.begins_s):
        for one in crews:
            found = one.plan.search(trip.ride)
            if found.insertion and not standing_objections(trip, one):
                one.plan.insert(trip.ride, found.insertion)
                break


def test_every_trip_is_placed_once_where_there_is_room() -> None:
    crews, trips = fleet(4), a_day(1, 30)
    result = Day(crews, trips, {}).solve()
    assert sorted(result.placed) == [trip.ride.trip_id for trip in trips]
    assert result.left == {}
    for number, one in enumerate(crews):
        assert sorted(one.plan.rides) == sorted(t for t, n in result.placed.items() if n == number)


def test_it_is_less_late_than_first_fit_and_always_the_same() -> None:
    plain, ours, again = fleet(4), fleet(4), fleet(4)
    first_fit(plain, a_day(2, 40))
    first = Day(ours, a_day(2, 40), {}).solve()
    second = Day(again, list(reversed(a_day(2, 40))), {}).solve()
    assert first.placed == second.placed
    planned = sum(len(one.plan.rides) for one in plain)
    assert len(first.placed) >= planned
    assert lateness_s([one.plan for one in ours]) < lateness_s([one.plan for one in plain])


def test_what_nobody_may_take_is_left_with_the_reason() -> None:
    stretcher = wanted(ride(1, 480, 0, 10, mobility="stretcher"), "stretcher")
    result = Day(fleet(2), [stretcher], {}).solve()
    assert result.placed == {}
    assert result.left[1].code == "cannot_carry"
    assert Day([], [stretcher], {}).solve().left[1].code == "no_crew"


def test_what_finds_no_room_is_left_with_the_reason() -> None:
    far = [wanted(ride(n, 480, 0, 200, mobility="wheelchair"), "wheelchair") for n in (1, 2, 3)]
    result = Day(fleet(1), far, {}).solve()
    assert len(result.placed) == 2
    [reason] = result.left.values()
    assert reason.code == "no_room"


def test_an_assigned_trip_stays_unless_moving_it_helps_much() -> None:
    one = ride(1, 480, 0, 10)
    crews = [crew(1, [one]), crew(2)]
    assert Day(crews, [wanted(one)], {1: 0}).solve().placed == {1: 0}
    # A crew that comes an hour late, and one that stands beside it.
    late = ride(2, 480, 0, 60)
    other = ride(3, 560, 0, 10, window_min=60)
    crews = [crew(1, [late, other]), crew(2)]
    moved = Day(crews, [wanted(other)], {3: 0}).solve().placed
    assert moved == {3: 1}


def test_a_trip_that_is_not_movable_is_where_it_was() -> None:
    fixed = ride(1, 480, 0, 60)
    crews = [crew(1, [fixed]), crew(2)]
    Day(crews, a_day(3, 10), {}).solve()
    assert 1 in crews[0].plan.rides


def test_each_trip_is_reported_and_whoever_stops_it_is_heard() -> None:
    counted = []

    def stop() -> None:
        counted.append(1)
        if len(counted) == 5:
            raise KeyboardInterrupt

    try:
        Day(fleet(2), a_day(4, 10), {}, stop).solve()
    except KeyboardInterrupt:
        assert len(counted) == 5
    else:
        raise AssertionError("nobody was asked")


def test_a_crew_that_is_busy_elsewhere_gets_nothing() -> None:
    trip = wanted(ride(1, 480, 0, 10))
    one = crew(1)
    assert not no_room(trip, one, one.plan.search(trip.ride))
