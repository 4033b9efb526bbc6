"""`GET /api/trips/{id}/evidence/`: all that proves a trip, for those who see every trip."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.api.problems import the_problem
from tests.cast import DROPOFF, PICKUP, Cast
from tests.evidence.rides import begins, loaded_way, report, ride
from tests.evidence.test_log_is_kept import removed
from trips.evidence.measurement import measure
from trips.models import Trip
from trips.tracking.geo import distance_m

pytestmark = pytest.mark.django_db

ABSENT = 987_654_321


def ask(cast: Cast, who: str, trip_id: int) -> Any:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {cast.token(getattr(cast, who))}")
    return client.get(f"/api/trips/{trip_id}/evidence/")


def evidence(cast: Cast, trip: Trip) -> dict[str, Any]:
    answer = ask(cast, "dina", trip.pk)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_it_tells_who_did_what_where_and_by_which_clock(cast: Cast) -> None:
    trip = cast.trip_in("dispatched")
    trip = cast.tap(trip, "pick_up", latitude=PICKUP[0], longitude=PICKUP[1])
    *_, inferred, own = evidence(cast, trip)["events"]
    assert (inferred["event"], inferred["inferred"]) == ("trip.arrived_pickup", True)
    assert (own["event"], own["inferred"], own["source"]) == ("trip.picked_up", False, "driver")
    assert own["actor_id"] == cast.omar.pk
    assert own["actor_name"] == "Omar"
    assert own["occurred_at"] <= own["recorded_at"]
    assert (own["latitude"], own["longitude"]) == PICKUP
    assert (own["position_source"], own["position_age_s"], own["stop_distance_m"]) == ("tap", 0, 0)
    assert len(own["hash"]) == 64


def test_it_has_the_measurement_its_gaps_and_no_faults(cast: Cast) -> None:
    begin = begins()
    trip = ride(cast, begin)
    silent = (begin + timedelta(minutes=17), begin + timedelta(minutes=22))
    heard = [row for row in loaded_way(begin) if not silent[0] < row[0] < silent[1]]
    report(cast.van, heard, device_id=cast.tracker.pk, trip=trip)
    measure(trip.pk)
    found = evidence(cast, trip)
    assert found["measurement"]["source"] == "gps"
    assert found["measurement"]["planned_distance_m"] > distance_m(*PICKUP, *DROPOFF)
    assert found["measurement"]["odometer_distance_m"] is None
    (gap,) = found["gaps"]
    assert gap["begins_at"][:19] == silent[0].isoformat()[:19]
    assert gap["ends_at"][:19] == silent[1].isoformat()[:19]
    assert found["chain_faults"] == []


def test_a_trip_under_way_has_events_and_no_measurement_yet(cast: Cast) -> None:
    found = evidence(cast, cast.trip_in("in_progress"))
    assert (found["measurement"], found["gaps"]) == (None, [])
    assert found["version"] == len(found["events"])


def test_a_log_that_was_tampered_with_says_so(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    removed(trip, 2)
    assert evidence(cast, trip)["chain_faults"] == [{"version": 2, "fault": "missing"}]


def test_there_is_no_name_and_no_address_in_it(cast: Cast) -> None:
    body = ask(cast, "bea", cast.trip_in("completed").pk).content.decode()
    for word in ("Pia", "Ek", "Götgatan", "Eastside", "Omar"):
        assert word not in body


@pytest.mark.parametrize(
    ("who", "code"),
    [("ada", 200), ("dina", 200), ("bea", 200), ("omar", 403), ("pia", 403), ("hugo", 403)],
)
def test_only_who_sees_every_trip_may_ask_and_the_others_learn_nothing(
    cast: Cast, who: str, code: int
) -> None:
    trip = cast.trip_in("assigned", facility=cast.facility)
    answer, absent = ask(cast, who, trip.pk), ask(cast, who, ABSENT)
    assert answer.status_code == code
    if code == 403:
        the_problem(answer, 403)
        assert answer.content == absent.content
    else:
        the_problem(absent, 404)


def test_without_a_login_there_is_nothing(cast: Cast) -> None:
    the_problem(APIClient().get(f"/api/trips/{cast.trip_in('assigned').pk}/evidence/"), 401)


@pytest.mark.parametrize("pk", ["0", "-1", "abc", "9" * 18, "9" * 40, "١"])
def test_an_odd_trip_id_is_404(cast: Cast, pk: str) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {cast.token(cast.dina)}")
    the_problem(client.get(f"/api/trips/{pk}/evidence/"), 404)
