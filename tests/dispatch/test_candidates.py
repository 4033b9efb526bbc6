"""`GET /api/trips/{id}/candidates/`: vehicles ranked, each with what speaks against it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from tests.api.problems import the_problem
from tests.cast import PICKUP, Cast, on_shift, person
from trips.dispatch.crews import crews_between
from trips.dispatch.travel import drive_time_s
from trips.lifecycle import Action
from trips.models import Driver, Shift, Trip, Vehicle, VehiclePosition
from trips.services import Refused, Tap, act
from users.models import User
from users.roles import Role

pytestmark = pytest.mark.django_db


def api(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def ask(cast: Cast, trip: Trip, **query: Any) -> dict[str, Any]:
    answer = api(cast.dina).get(f"/api/trips/{trip.pk}/candidates/", query)
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def stands(vehicle: Vehicle, latitude: float, longitude: float, age_s: float = 5) -> None:
    now = timezone.now()
    VehiclePosition.objects.update_or_create(
        vehicle=vehicle,
        defaults={
            "latitude": latitude,
            "longitude": longitude,
            "recorded_at": now - timedelta(seconds=age_s),
            "updated_at": now,
        },
    )


def codes(one: dict[str, Any]) -> list[str]:
    return [refusal["code"] for refusal in one["refusals"]]


def test_the_nearer_van_comes_first(cast: Cast) -> None:
    stands(cast.van, 57.80, 12.10)
    stands(cast.spare_van, *PICKUP)
    body = ask(cast, cast.trip_in("scheduled"))
    assert (body["count"], body["feasible"]) == (2, 2)
    near, far = body["results"]
    assert (near["vehicle"], near["driver"]) == (
        {"id": cast.spare_van.pk, "name": "Van 2"},
        {"id": cast.strange_driver.pk, "name": "Eve"},
    )
    assert (near["distance_m"], near["lateness_s"], near["others_lateness_s"]) == (0, 0, 0)
    assert near["free"] == {"amb": 3, "wc": 1}
    assert near["eta"].endswith("Z")
    assert far["distance_m"] > 10_000


def test_a_van_that_would_be_late_says_by_how_much(cast: Cast) -> None:
    stands(cast.van, 58.00, 12.50)
    stands(cast.spare_van, *PICKUP)
    late = ask(cast, cast.trip_in("scheduled"))["results"][1]
    assert late["vehicle"]["id"] == cast.van.pk
    assert late["lateness_s"] > 60
    assert late["refusals"] == []  # far away is late, not impossible


def test_an_old_position_is_none(cast: Cast) -> None:
    stands(cast.van, *PICKUP, age_s=3_600)
    assert {one["distance_m"] for one in ask(cast, cast.trip_in("scheduled"))["results"]} == {None}


def test_a_van_on_its_way_elsewhere_is_ranked_behind_with_the_place_that_it_comes_from(
    cast: Cast,
) -> None:
    stands(cast.van, *PICKUP)
    stands(cast.spare_van, *PICKUP)
    cast.trip_in("assigned")
    soon = timezone.now() + timedelta(minutes=40)
    first, second = ask(cast, cast.trip_in("scheduled", scheduled_at=soon))["results"]
    assert first["vehicle"]["id"] == cast.spare_van.pk
    assert second["vehicle"]["id"] == cast.van.pk
    assert second["distance_m"] > 2_000  # from the clinic


def test_what_is_refused_comes_last_with_the_reasons_that_an_assignment_would_get(
    cast: Cast,
) -> None:
    trip = cast.trip_in("scheduled")
    Vehicle.objects.filter(pk=cast.van.pk).update(state=Vehicle.State.OUT_OF_SERVICE)
    Driver.objects.filter(pk=cast.driver.pk).update(licence_expires="2020-01-01")
    first, last = ask(cast, trip)["results"]
    assert (codes(first), codes(last)) == ([], ["out_of_service", "licence_expired"])
    assert (last["eta"], last["free"], last["lateness_s"]) == (None, None, None)
    tap = Tap(action=Action.ASSIGN, driver_id=cast.driver.pk, vehicle_id=cast.van.pk)
    with pytest.raises(Refused) as caught:
        act(trip_id=trip.pk, user=cast.dina, tap=tap)
    assert [one.code for one in caught.value.refusals] == codes(last)


def test_a_van_without_a_driver_on_shift_has_nobody(cast: Cast) -> None:
    Shift.objects.filter(vehicle=cast.van).delete()
    body = ask(cast, cast.trip_in("scheduled"))
    assert body["feasible"] == 1
    assert (body["results"][1]["driver"], codes(body["results"][1])) == (None, ["no_driver"])


def test_the_number_of_statements_does_not_grow_with_the_fleet(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    trip = cast.trip_in("scheduled")
    path = f"/api/trips/{trip.pk}/candidates/"
    client = api(cast.dina)
    # The trip, the company's calendar, vehicles, shifts, trips; and that somebody looked.
    with django_assert_num_queries(6):
        client.get(path)
    crews = []
    for n in range(60):
        vehicle = Vehicle.objects.create(name=f"Extra {n}", capacities=[{"amb": 2}])
        crews.append((Driver.objects.create(user=person(f"extra{n}", Role.DRIVER)), vehicle))
        stands(vehicle, *PICKUP)
    on_shift(crews)
    cast.trip_in("assigned")
    with django_assert_num_queries(6):
        body = client.get(path).json()
    assert (body["count"], len(body["results"])) == (62, 50)
    assert len(ask(cast, trip, limit=7)["results"]) == 7
    costs = [one["lateness_s"] for one in ask(cast, trip, limit=62)["results"]]
    assert costs == sorted(costs)


def test_asking_changes_nothing(cast: Cast) -> None:
    trip = cast.trip_in("scheduled")
    with CaptureQueriesContext(connection) as queries:
        ask(cast, trip)
    written = [query["sql"] for query in queries if not query["sql"].startswith("SELECT")]
    # That somebody looked is written down.
    assert len(written) == 1
    assert "INSERT INTO users_auditentry" in written[0]


def test_a_trip_that_has_ended_has_no_candidates(cast: Cast) -> None:
    answer = api(cast.dina).get(f"/api/trips/{cast.trip_in('cancelled').pk}/candidates/")
    the_problem(answer, 409)


def test_a_limit_that_is_none_is_refused(cast: Cast) -> None:
    path = f"/api/trips/{cast.trip_in('scheduled').pk}/candidates/"
    for limit in ("0", "-1", "many", "10000000000000000000000"):
        the_problem(api(cast.dina).get(path, {"limit": limit}), 400)


def test_only_dispatchers_ask_and_an_absent_trip_is_absent(cast: Cast) -> None:
    trip = cast.trip_in("assigned", facility=cast.facility)
    for user in (cast.omar, cast.eve, cast.pia, cast.hugo, cast.bea):
        the_problem(api(user).get(f"/api/trips/{trip.pk}/candidates/"), 403)
    the_problem(APIClient().get(f"/api/trips/{trip.pk}/candidates/"), 401)
    for pk in (10**9, 10**30):
        the_problem(api(cast.dina).get(f"/api/trips/{pk}/candidates/"), 404)


def crews(cast: Cast, trip: Trip) -> dict[int, int | None]:
    """{vehicle: who would drive it} as the dispatcher is told."""
    return {
        one["vehicle"]["id"]: one["driver"] and one["driver"]["id"]
        for one in ask(cast, trip)["results"]
    }


def planned(cast: Cast, begins_min: float, **fields: Any) -> Shift:
    """Vera is to have Omar's van so many minutes from now, for eight hours."""
    begins = timezone.now() + timedelta(minutes=begins_min)
    ends = begins + timedelta(hours=8)
    vera = Driver.objects.create(user=person("vera", Role.DRIVER))
    return Shift.objects.create(
        driver=vera, vehicle=cast.van, starts_at=begins, ends_at=ends, planned=True, **fields
    )


def test_a_planned_shift_takes_no_van_from_who_is_on_duty_with_it(cast: Cast) -> None:
    planned(cast, begins_min=-10)
    assert crews(cast, cast.trip_in("scheduled"))[cast.van.pk] == cast.driver.pk


def test_a_running_shift_goes_on_until_it_was_to_end(cast: Cast) -> None:
    vera = planned(cast, begins_min=10).driver
    omars = Shift.objects.filter(driver=cast.driver)
    omars.update(planned_ends_at=timezone.now() + timedelta(hours=1))
    soon = cast.trip_in("scheduled", scheduled_at=timezone.now() + timedelta(minutes=30))
    later = cast.trip_in("scheduled", scheduled_at=timezone.now() + timedelta(hours=2))
    assert crews(cast, soon)[cast.van.pk] == cast.driver.pk
    assert crews(cast, later)[cast.van.pk] == vera.pk
    # Nobody said until when: who is to come relieves him in time.
    omars.update(planned_ends_at=None)
    assert crews(cast, soon)[cast.van.pk] == vera.pk


def test_a_days_plan_has_the_running_shift_first_and_then_the_planned_one(cast: Cast) -> None:
    vera, now = planned(cast, begins_min=10).driver, timezone.now()
    ends = now + timedelta(hours=1)
    Shift.objects.filter(driver=cast.driver).update(planned_ends_at=ends)
    found = crews_between(now, now + timedelta(hours=4), now, drive_time_s, set())
    of_van = [
        (crew.driver.id, crew.shift_begins_s, crew.shift_ends_s)
        for crew in found
        if crew.vehicle.id == cast.van.pk and crew.driver
    ]
    assert [driver for driver, _, _ in of_van] == [cast.driver.pk, vera.pk]
    assert of_van[0][2] == of_van[1][1] == ends.timestamp()
