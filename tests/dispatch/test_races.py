"""Many at once over few vehicles: no vehicle is overfilled, no update lost, no deadlock left."""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from tests.cast import Cast, on_shift, person
from tests.services.invariants import check
from tests.threads import at_once
from trips.deadlocks import MOST_TRIES, tried_again
from trips.lifecycle import Action
from trips.models import Driver, Trip, TripEvent, Vehicle
from trips.services import Refused, Tap, act
from users.roles import Role

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS, VEHICLES = 50, 20


def fleet(count: int) -> list[tuple[Driver, Vehicle]]:
    """Vans with one wheelchair place each."""
    crews = [
        (
            Driver.objects.create(user=person(f"racer{n}", Role.DRIVER)),
            Vehicle.objects.create(name=f"Racer {n}", capacities=[{"wc": 1}]),
        )
        for n in range(count)
    ]
    on_shift(crews)
    return crews


def give(trip: Trip, crew: tuple[Driver, Vehicle], **more: Any) -> Tap:
    return Tap(action=Action.ASSIGN, driver_id=crew[0].pk, vehicle_id=crew[1].pk, **more)


def in_turn(jobs: list[Any]) -> Any:
    """A callable that does the next job, each by one thread."""
    waiting, lock = iter(jobs), Lock()

    def work() -> Any:
        with lock:
            job = next(waiting)
        return job()

    return work


def test_fifty_race_for_twenty_vehicles_and_none_is_overfilled(cast: Cast) -> None:
    crews = fleet(VEHICLES)
    trips = [
        cast.trip_in("scheduled", mobility="wheelchair", window_minutes=1) for _ in range(WORKERS)
    ]
    # Who wants the same vehicle starts together.
    pairs = [(trip, crews[n * VEHICLES // WORKERS]) for n, trip in enumerate(trips)]
    jobs = [
        lambda trip=trip, crew=crew: act(trip_id=trip.pk, user=cast.dina, tap=give(trip, crew))
        for trip, crew in pairs
    ]
    results = at_once(in_turn(jobs), WORKERS)
    won = [one for one in results if isinstance(one, Trip)]
    lost = [one for one in results if isinstance(one, Refused)]
    assert (len(won), len(lost)) == (VEHICLES, WORKERS - VEHICLES), results
    assert {refusal.code for one in lost for refusal in one.refusals} <= {"full", "overlap"}
    held = Counter(Trip.objects.filter(status="assigned").values_list("vehicle_id", flat=True))
    assert held == {vehicle.pk: 1 for _, vehicle in crews}
    assert TripEvent.objects.filter(event="trip.assigned").count() == VEHICLES
    for trip in trips:
        check(trip.pk)


def test_one_driver_is_not_given_two_vehicles_at_once(cast: Cast) -> None:
    crews = fleet(4)
    driver = crews[0][0]
    trips = [cast.trip_in("scheduled", mobility="wheelchair") for _ in crews]
    jobs = [
        lambda trip=trip, crew=crew: act(
            trip_id=trip.pk, user=cast.dina, tap=give(trip, (driver, crew[1]))
        )
        for trip, crew in zip(trips, crews, strict=True)
    ]
    results = at_once(in_turn(jobs), len(jobs))
    assert sum(isinstance(one, Trip) for one in results) == 1, results
    assert Trip.objects.filter(driver=driver).count() == 1


def test_of_two_dispatchers_who_assign_one_trip_at_once_one_wins(cast: Cast) -> None:
    crews = fleet(2)
    trip = cast.trip_in("scheduled", mobility="wheelchair")
    jobs = [
        lambda crew=crew, user=user: act(
            trip_id=trip.pk, user=user, tap=give(trip, crew, expected_version=trip.version)
        )
        for crew, user in zip(crews, (cast.dina, cast.ada), strict=True)
    ]
    results = at_once(in_turn(jobs), 2)
    assert sorted(type(one).__name__ for one in results) == ["Refused", "Trip"]
    check(trip.pk)


def swap(first: int, second: int) -> Any:
    """Locks two rows in the order given, slowly enough to meet who does it the other way."""

    @tried_again
    def work() -> str:
        with transaction.atomic():
            for pk in (first, second):
                Vehicle.objects.select_for_update().get(pk=pk)
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_sleep(0.05)")
        return "done"

    return work


def test_the_victim_of_a_deadlock_tries_again(cast: Cast) -> None:
    one, two = cast.van.pk, cast.spare_van.pk
    assert at_once(in_turn([swap(one, two), swap(two, one)]), 2) == ["done", "done"]


def deadlock() -> OperationalError:
    class Detected(Exception):
        sqlstate = "40P01"

    error = OperationalError("deadlock detected")
    error.__cause__ = Detected()
    return error


def test_it_is_not_tried_for_ever_nor_inside_anothers_transaction() -> None:
    tries: list[int] = []

    @tried_again
    def hopeless() -> None:
        tries.append(1)
        raise deadlock()

    with pytest.raises(OperationalError):
        hopeless()
    assert len(tries) == MOST_TRIES
    with pytest.raises(OperationalError), transaction.atomic():
        hopeless()
    assert len(tries) == MOST_TRIES + 1


def test_another_error_is_not_tried_again() -> None:
    tries: list[int] = []

    @tried_again
    def away() -> None:
        tries.append(1)
        raise OperationalError("the server closed the connection")

    with pytest.raises(OperationalError):
        away()
    assert tries == [1]
