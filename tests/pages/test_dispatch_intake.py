"""Dina's intake pages: who gets them, and what the public API does for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from tests.cast import DROPOFF, PICKUP, Cast
from trips import places
from trips.intake.manifest import BadManifest, open_sheet
from trips.models import Patient, Trip
from users.models import User

pytestmark = pytest.mark.django_db
PAGES = ("trip-new", "orders", "order-new", "import", "import-template", "places")


def api(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def page_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def at(hours: float) -> str:
    return (timezone.now() + timedelta(hours=hours)).isoformat()


def wish(cast: Cast, **fields: Any) -> dict[str, Any]:
    """Pia to the clinic in three hours, as the page sends it."""
    point = ("latitude", "longitude")
    return {
        "patient_id": cast.patient.pk,
        "pickup": {"address": "Götgatan 12", **dict(zip(point, PICKUP, strict=True))},
        "dropoff": {"address": "Eastside Dialysis", **dict(zip(point, DROPOFF, strict=True))},
        "scheduled_at": at(3),
        "appointment_at": at(4),
        **fields,
    }


def book(user: User, body: dict[str, Any], status: int = 201) -> Any:
    answer = api(user).post("/api/trips/", body)
    assert answer.status_code == status, answer.content
    return answer.json()


# --- pages


@pytest.mark.parametrize("route", PAGES)
def test_eve_and_omar_read_why_a_page_is_not_theirs(cast: Cast, route: str) -> None:
    url = reverse(f"bookings:{route}")
    for user in (cast.omar, cast.eve, cast.bea, cast.pia, cast.hugo):
        answer = page_of(user).get(url)
        assert answer.status_code == 403
        assert b"This page is not for your role" in answer.content
    assert Client().get(url).headers["Location"].startswith("/accounts/login/")
    assert page_of(cast.dina).get(url).status_code == 200
    assert page_of(cast.dina).post(url).status_code == 405


def test_the_pages_of_a_section_stand_beside_each_other(cast: Cast) -> None:
    trip = cast.book()
    bar = page_of(cast.dina).get(f"/dispatch/trips/{trip.pk}/edit/").content.decode()
    assert bar.count(">Bookings</a>") == 1
    assert '<a href="/dispatch/trips/new/">New trip</a>' in bar
    new = page_of(cast.dina).get("/dispatch/trips/new/").content.decode()
    assert '<a href="/dispatch/trips/new/" aria-current="page">New trip</a>' in new
    assert '<a href="/dispatch/places/">Places</a>' in bar
    board = page_of(cast.dina).get("/dispatch/").content.decode()
    assert '<a href="/dispatch/" aria-current="page">Board</a>' in board
    assert ">Places</a>" not in board
    assert ">Bookings</a>" not in page_of(cast.bea).get("/billing/").content.decode()


def test_the_template_is_a_manifest_that_the_import_reads(cast: Cast) -> None:
    answer = page_of(cast.dina).get(reverse("bookings:import-template"))
    sheet = open_sheet(answer.content)
    assert sheet.ignored == ()
    assert list(sheet.rows()) == []
    with pytest.raises(BadManifest):
        open_sheet(answer.content.replace(b"pickup_time", b"moon"))


# --- booking


def test_a_trip_that_is_sent_twice_is_booked_once(cast: Cast) -> None:
    body = wish(cast, client_event_id="a-first-form", accept=True)
    first, again = book(cast.dina, body), book(cast.dina, body)
    assert again == first
    assert first["status"] == "scheduled"
    assert Trip.objects.count() == 1
    book(cast.dina, body | {"escorts": 2}, status=422)
    assert Trip.objects.count() == 1
    # What was refused is remembered by nobody.
    book(cast.dina, wish(cast, client_event_id="b", scheduled_at=at(9)), status=400)
    book(cast.dina, wish(cast, client_event_id="b"))


def test_blanks_around_an_id_are_not_of_it(cast: Cast) -> None:
    first = book(cast.dina, wish(cast, client_event_id=" " * 65 + "a"))
    assert Trip.objects.get().pk == first["id"]
    book(cast.dina, wish(cast, client_event_id="a" * 65), status=400)


def test_a_way_back_is_of_who_went_there(cast: Cast) -> None:
    tove = Patient.objects.create(name="Tove Lind")
    there = book(cast.dina, wish(cast))
    wrong = wish(cast, patient_id=tove.pk, return_of=there["id"])
    assert "return_of" in book(cast.dina, wrong, status=400)["errors"]
    assert book(cast.dina, wish(cast, return_of=there["id"]))["return_of"] == there["id"]


def test_both_legs_are_booked_or_none(cast: Cast) -> None:
    there = book(cast.dina, wish(cast, return_kind="timed", return_at=at(6), accept=True))
    back = Trip.objects.get(return_of=there["id"])
    assert (back.status, back.pickup_address) == ("scheduled", "Eastside Dialysis")
    assert back.dropoff_address == "Götgatan 12"
    assert back.appointment_at is None
    called = book(cast.dina, wish(cast, return_kind="will_call", accept=True))
    waits = Trip.objects.get(return_of=called["id"])
    assert (waits.status, waits.scheduled_at) == ("will_call", None)
    count = Trip.objects.count()
    for wrong in (
        {"return_kind": "timed"},
        {"return_kind": "timed", "return_at": at(3.5)},
        {"return_kind": "timed", "return_at": at(40)},
        {"return_kind": "none", "return_at": at(6)},
    ):
        assert "return_at" in book(cast.dina, wish(cast, **wrong), status=400)["errors"]
    for other in ({"wait_and_return": True}, {"return_of": called["id"]}):
        body = wish(cast, return_kind="timed", return_at=at(6), **other)
        assert "return_kind" in book(cast.dina, body, status=400)["errors"]
    assert Trip.objects.count() == count


def test_who_pays_is_said_by_dispatchers_and_read_by_our_own_people(cast: Cast) -> None:
    money = {"bill_to": "payer", "copay_cents": 350, "authorization_number": "PA-7"}
    booked = book(cast.dina, wish(cast, payer_id=cast.payer.pk, **money))
    assert {name: booked[name] for name in money} == money
    assert api(cast.bea).get(f"/api/trips/{booked['id']}/").json()["authorization_number"] == "PA-7"
    own = api(cast.pia).get(f"/api/trips/{booked['id']}/").json()
    assert {own[name] for name in money} == {None}
    for name, value in [*money.items(), ("accept", True), ("return_kind", "will_call")]:
        book(cast.pia, wish(cast, **{name: value}), status=403)


def test_pia_books_her_way_back_with_it(cast: Cast) -> None:
    body = wish(cast, return_kind="timed", return_at=at(7))
    there = book(cast.pia, body)
    assert there["status"] == "requested"
    assert Trip.objects.get(return_of=there["id"]).status == "requested"


# --- what the pages read


def test_a_trip_says_what_of_it_may_be_changed_now(cast: Cast) -> None:
    def changeable(user: User, trip: Trip) -> set[str]:
        return set(api(user).get(f"/api/trips/{trip.pk}/").json()["changeable"])

    booked, aboard = cast.trip_in("scheduled"), cast.trip_in("in_progress")
    assert {"pickup", "scheduled_at", "payer_id", "mobility"} <= changeable(cast.dina, booked)
    assert "pickup" not in changeable(cast.dina, aboard)
    assert "dropoff" in changeable(cast.dina, aboard)
    assert changeable(cast.pia, booked) == {"needs", "escorts", "notes"}
    assert changeable(cast.bea, booked) == set()
    for name in changeable(cast.dina, booked) & {"escorts", "payer_id"}:
        body = {"expected_version": booked.version, name: 1 if name == "escorts" else None}
        answer = api(cast.dina).patch(f"/api/trips/{booked.pk}/", body)
        assert answer.status_code == 200, answer.content
        booked.refresh_from_db()


def test_trips_of_one_patient_are_found_by_day(cast: Cast) -> None:
    lars = Patient.objects.create(name="Lars Norén")
    his, hers = cast.book(patient=lars), cast.book()
    found = api(cast.dina).get("/api/trips/", {"patient": lars.pk}).json()["results"]
    assert [one["id"] for one in found] == [his.pk]
    assert api(cast.dina).get("/api/trips/", {"patient": "x"}).status_code == 400
    mine = api(cast.pia).get("/api/trips/", {"patient": lars.pk}).json()["results"]
    assert mine == []
    both = {one["id"] for one in api(cast.dina).get("/api/trips/").json()["results"]}
    assert both == {his.pk, hers.pk}


def test_patients_are_found_by_any_of_their_words(cast: Cast) -> None:
    Patient.objects.filter(pk=cast.patient.pk).update(phone="031-5550", member_id="M-77")
    Patient.objects.create(name="Pia Lind", phone="031-9000")

    def names(user: User, words: str) -> list[str]:
        found = api(user).get("/api/patients/", {"q": words}).json()["results"]
        return [one["name"] for one in found]

    assert names(cast.dina, "pia") == ["Pia Ek", "Pia Lind"]
    assert names(cast.dina, "ek PIA") == ["Pia Ek"]
    assert names(cast.dina, "m-77") == ["Pia Ek"]
    assert names(cast.dina, "pia 9000") == ["Pia Lind"]
    assert names(cast.hugo, "pia") == ["Pia Ek"]
    assert names(cast.eve, "pia") == []
    assert api(cast.dina).get("/api/patients/", {"q": "x" * 201}).status_code == 400


def test_a_new_patient_is_added_once(cast: Cast) -> None:
    body = {"name": "Tove Lind", "phone": "031-1", "client_event_id": "form-7"}
    first, again = (api(cast.dina).post("/api/patients/", body) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert Patient.objects.filter(name="Tove Lind").count() == 1
    wrong = api(cast.dina).post("/api/patients/", {"name": "", "phone": "1"})
    assert wrong.status_code == 400
    assert "name" in wrong.json()["errors"]
    other = api(cast.dina).post("/api/patients/", body | {"name": "Ulf"})
    assert other.status_code == 422
    assert api(cast.hugo).post("/api/patients/", body).status_code == 403


def test_the_address_book_gives_as_many_as_are_asked_for(cast: Cast) -> None:
    for number in range(12):
        places.pick(facility_id=None, address=f"Lane {number}", point=PICKUP)
    client = api(cast.dina)
    assert len(client.get("/api/places/").json()) == 10
    assert len(client.get("/api/places/", {"most": 50}).json()) == 12
    assert client.get("/api/places/", {"most": 51}).status_code == 400
