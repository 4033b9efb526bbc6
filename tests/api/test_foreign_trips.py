"""A foreign trip is exactly as absent; 403 is only for what a role may never do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.api.conftest import As
from tests.api.problems import the_problem
from tests.cast import Cast, booking
from trips.models import Patient, Trip
from users.models import User

pytestmark = pytest.mark.django_db

ABSENT = 987_654_321


def others_trip(cast: Cast) -> Trip:
    """A trip of somebody else's patient that Eve drives: neither Omar's, Pia's nor Hugo's."""
    trip = cast.book(patient=Patient.objects.create(name="Lars Norén"))
    cast.tap(trip, "schedule")
    return cast.give_to_eve(trip)


Call = Callable[[APIClient, int], Any]
CALLS: dict[str, Call] = {
    "reading": lambda client, pk: client.get(f"/api/trips/{pk}/"),
    "tapping": lambda client, pk: client.post(f"/api/trips/{pk}/status/", {"action": "start"}),
    "cancelling": lambda client, pk: client.post(
        f"/api/trips/{pk}/status/", {"action": "cancel", "reason": "no"}
    ),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize("who", ["omar", "pia", "hugo"])
def test_a_foreign_trip_and_an_absent_one_differ_in_no_byte(
    cast: Cast, as_user: As, who: str, call: Call
) -> None:
    client = as_user(getattr(cast, who))
    foreign, absent = call(client, others_trip(cast).pk), call(client, ABSENT)
    the_problem(foreign, 404)
    assert foreign.content == absent.content
    # Each request has an id of its own.
    ids = {foreign.headers.pop("X-Request-ID"), absent.headers.pop("X-Request-ID")}
    assert len(ids) == 2
    assert dict(foreign.headers) == dict(absent.headers)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_eve_sees_nothing_of_omars_trip(cast: Cast, as_user: As, call: Call) -> None:
    trip = cast.trip_in("in_progress")
    the_problem(call(as_user(cast.eve), trip.pk), 404)
    assert as_user(cast.eve).get("/api/trips/").json()["results"] == []


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("dina", True),
        ("ada", True),
        ("bea", True),
        ("omar", True),
        ("pia", True),
        ("hugo", False),
        ("eve", False),
    ],
)
def test_who_sees_pias_trip(cast: Cast, as_user: As, who: str, sees: bool) -> None:
    trip = cast.trip_in("assigned")
    client = as_user(getattr(cast, who))
    assert client.get(f"/api/trips/{trip.pk}/").status_code == (200 if sees else 404)
    assert client.get("/api/trips/").json()["count"] == int(sees)


def test_hugo_sees_the_trips_that_his_facility_ordered(cast: Cast, as_user: As) -> None:
    trip = cast.trip_in("assigned", facility=cast.facility)
    assert as_user(cast.hugo).get(f"/api/trips/{trip.pk}/").json()["id"] == trip.pk


def test_omar_sees_a_trip_no_more_once_it_is_eves(cast: Cast, as_user: As) -> None:
    trip = cast.trip_in("assigned")
    cast.give_to_eve(trip)
    the_problem(as_user(cast.omar).get(f"/api/trips/{trip.pk}/"), 404)
    assert as_user(cast.eve).get(f"/api/trips/{trip.pk}/").status_code == 200


@pytest.mark.parametrize("pk", ["0", "-1", "abc", "1.5", "9" * 18, "9" * 40, "%00", "١"])
@pytest.mark.parametrize("who", ["dina", "omar"])
def test_an_odd_trip_id_is_404(cast: Cast, as_user: As, who: str, pk: str) -> None:
    client = as_user(getattr(cast, who))
    the_problem(client.get(f"/api/trips/{pk}/"), 404)
    the_problem(client.post(f"/api/trips/{pk}/status/", {"action": "start"}), 404)


def test_bea_may_read_every_trip_and_tap_none(cast: Cast, as_user: As) -> None:
    trip = cast.trip_in("assigned")
    url = f"/api/trips/{trip.pk}/status/"
    the_problem(as_user(cast.bea).post(url, {"action": "start", "reason": "x"}), 403)


@pytest.mark.parametrize(
    ("who", "action"),
    [
        ("pia", "assign"),
        ("pia", "start"),
        ("omar", "assign"),
        ("omar", "reject"),
        ("dina", "decline"),
    ],
)
def test_what_a_role_may_never_do_is_403(cast: Cast, as_user: As, who: str, action: str) -> None:
    trip = cast.trip_in("assigned")
    body = {"action": action, "reason": "x", "driver_id": 1, "vehicle_id": 1}
    url = f"/api/trips/{trip.pk}/status/"
    the_problem(as_user(getattr(cast, who)).post(url, body), 403)


LISTS = {
    "trips": "ada dina bea omar eve pia hugo",
    "vehicles": "ada dina",
    "drivers": "ada dina",
    "patients": "ada dina bea omar eve pia hugo",
    "facilities": "ada dina bea",
    "payers": "ada dina bea",
    "invoices": "ada dina bea omar eve pia hugo",
}
EVERYBODY = ["ada", "dina", "bea", "omar", "eve", "pia", "hugo"]


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("name", LISTS)
def test_each_list_is_open_to_the_roles_that_have_it(
    cast: Cast, as_user: As, name: str, who: str
) -> None:
    answer = as_user(getattr(cast, who)).get(f"/api/{name}/")
    if who in LISTS[name].split():
        assert answer.status_code == 200
        assert {"count", "next", "previous", "results"} == set(answer.json())
    else:
        the_problem(answer, 403)


@pytest.mark.parametrize("name", LISTS)
def test_without_a_login_each_list_is_401(client: APIClient, name: str) -> None:
    answer = client.get(f"/api/{name}/")
    the_problem(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Token"


def test_drivers_and_strangers_find_no_patient(cast: Cast, as_user: As) -> None:
    cast.trip_in("in_progress")
    for who in (cast.omar, cast.eve):
        assert as_user(who).get("/api/patients/").json()["results"] == []
        the_problem(as_user(who).get(f"/api/patients/{cast.patient.pk}/"), 404)
    for who in (cast.pia, cast.hugo):
        [found] = as_user(who).get("/api/patients/").json()["results"]
        assert found["id"] == cast.patient.pk


def test_hugo_and_pia_book_for_their_own_patients_only(cast: Cast, as_user: As) -> None:
    stranger = Patient.objects.create(name="Lars Norén")
    for who in (cast.hugo, cast.pia):
        for patient, status in ((cast.patient, 201), (stranger, 400)):
            answer = as_user(who).post("/api/trips/", order(patient))
            assert answer.status_code == status, answer.content
    the_problem(as_user(cast.omar).post("/api/trips/", order(cast.patient)), 403)


def order(patient: Patient, **more: Any) -> dict[str, Any]:
    """A booking as JSON."""
    fields = booking(patient)
    places = {
        end: {name: fields[f"{end}_{name}"] for name in ("address", "latitude", "longitude")}
        for end in ("pickup", "dropoff")
    }
    return {"patient_id": patient.pk, "scheduled_at": fields["scheduled_at"], **places, **more}


@pytest.mark.parametrize(
    "change",
    [
        {"pickup": {"address": "x", "latitude": 91, "longitude": 0}},
        {"pickup": {"address": "x", "latitude": "nan", "longitude": 0}},
        {"pickup": {"address": "x\0", "latitude": 1, "longitude": 0}},
        {"pickup": None},
        {"pickup": "home"},
        {"patient_id": "Pia"},
        {"patient_id": 2**70},
        {"patient_id": None},
        {"facility_id": 2**70},
        {"return_of": 2**70},
        {"escorts": 2**40},
        {"window_minutes": -1},
        {"mobility": "flying"},
        {"needs": "oxygen"},
        {"needs": [1] * 17},
        {"scheduled_at": "soon"},
        {"scheduled_at": "0001-01-01T00:00:00+14:00"},
        {"colour": "red"},
    ],
    ids=str,
)
def test_a_bad_booking_is_400_and_says_where(
    cast: Cast, as_user: As, change: dict[str, Any]
) -> None:
    body = the_problem(as_user(cast.dina).post("/api/trips/", order(cast.patient) | change), 400)
    assert set(body["errors"]) == set(change)
    assert not Trip.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        "status=dancing",
        "driver=x",
        "driver=" + "9" * 30,
        "vehicle=" + "9" * 30,
        "vehicle=x",
        "date=yesterday",
        "date=9999-12-31",
        "date=0001-01-01",
        "page=0",
        "page=x",
        "page=" + "9" * 30,
        "page_size=" + "9" * 30,
        "driver=%00",
        "status=%00",
    ],
)
def test_an_odd_filter_is_never_a_500(cast: Cast, as_user: As, query: str) -> None:
    cast.trip_in("assigned")
    assert as_user(cast.dina).get(f"/api/trips/?{query}").status_code in (200, 400, 404)


@pytest.mark.parametrize("query", ["trip=x", "trip=" + "9" * 30, "state=odd", "payer=%00"])
def test_an_odd_invoice_filter_is_never_a_500(cast: Cast, as_user: As, query: str) -> None:
    assert as_user(cast.bea).get(f"/api/invoices/?{query}").status_code in (200, 400, 404)


def test_trips_are_filtered_by_driver_vehicle_state_and_day(cast: Cast, as_user: As) -> None:
    omars, others = cast.trip_in("dispatched"), others_trip(cast)
    client = as_user(cast.dina)

    def found(query: str) -> list[int]:
        return [trip["id"] for trip in client.get(f"/api/trips/?{query}").json()["results"]]

    assert found(f"driver={cast.driver.pk}") == [omars.pk]
    assert found(f"vehicle={cast.spare_van.pk}") == [others.pk]
    assert found("status=dispatched") == [omars.pk]
    assert found("status=dispatched,assigned") == [omars.pk, others.pk]
    assert found("date=2001-01-01") == []
    mine = as_user(cast.omar).get("/api/trips/?driver=me").json()["results"]
    assert [trip["id"] for trip in mine] == [omars.pk]


def test_a_patient_reads_the_drivers_first_name_only(cast: Cast, as_user: As) -> None:
    User.objects.filter(pk=cast.omar.pk).update(last_name="Haddad")
    trip = cast.trip_in("assigned")
    pias = as_user(cast.pia).get(f"/api/trips/{trip.pk}/").json()
    dinas = as_user(cast.dina).get(f"/api/trips/{trip.pk}/").json()
    assert (pias["driver"]["name"], dinas["driver"]["name"]) == ("Omar", "Omar Haddad")
