"""`/me/`: Pia and Hugo see their own, book, say that they are ready, cancel; and `/` for all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.cast import Cast
from trips.lifecycle import Status
from trips.models import Patient, Trip
from users.models import Notification, Preference, User
from users.pipe import tell

pytestmark = pytest.mark.django_db
HOMES = [
    ("ada", "/dispatch/"),
    ("dina", "/dispatch/"),
    ("bea", "/billing/"),
    ("omar", "/driver/"),
    ("pia", "/me/"),
    ("hugo", "/me/"),
]
PAGES = ("/me/", "/me/book/", "/me/invoices/", "/me/notices/", "/me/settings/")


def of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.content
    return answer.content.decode()


def booking(cast: Cast, **more: Any) -> dict[str, Any]:
    at = timezone.localtime(timezone.now() + timedelta(days=2))
    return {
        "patient": cast.patient.pk,
        "pickup": "götgatan 12",
        "dropoff": cast.book().dropoff_address,
        "scheduled_at": at.strftime("%Y-%m-%dT09:30"),
        "mobility": "wheelchair",
        "escorts": 1,
        "notes": "",
    } | more


@pytest.mark.parametrize(("who", "where"), HOMES)
def test_everybody_begins_where_their_work_is(cast: Cast, who: str, where: str) -> None:
    assert of(getattr(cast, who)).get("/").headers["Location"] == where


def test_nobody_is_asked_to_sign_in_first() -> None:
    assert Client().get("/").headers["Location"] == "/accounts/login/?next=/"


@pytest.mark.parametrize("path", PAGES)
def test_the_pages_are_for_who_orders_trips(cast: Cast, path: str) -> None:
    for user in (cast.pia, cast.hugo):
        assert "<h1>" in text(of(user), path)
    for user in (cast.dina, cast.omar, cast.bea, cast.ada):
        assert "This page is not for your role" in text(of(user), path, 403)
    assert Client().get(path).status_code == 302


def test_pia_sees_her_trips_and_nobody_elses(cast: Cast) -> None:
    own = cast.trip_in("scheduled")
    other = cast.book(patient=Patient.objects.create(name="Lars Berg"))
    shown = text(of(cast.pia), "/me/")
    assert f"/me/trips/{own.pk}/" in shown
    assert f"/me/trips/{other.pk}/" not in shown
    assert text(of(cast.pia), f"/me/trips/{other.pk}/", 404) == text(
        of(cast.pia), "/me/trips/987654/", 404
    )


def test_pia_says_that_she_is_ready(cast: Cast) -> None:
    trip = cast.trip_in("will_call")
    pia, path = of(cast.pia), f"/me/trips/{trip.pk}/"
    assert "I am ready" in text(pia, path)
    assert pia.post(path, {"answer": "ready"}).status_code == 302
    trip.refresh_from_db()
    assert trip.status == Status.SCHEDULED
    assert pia.post(path, {"answer": "ready"}).status_code == 409


def test_pia_cancels_with_a_reason_and_not_without(cast: Cast) -> None:
    trip = cast.trip_in("scheduled")
    pia, path = of(cast.pia), f"/me/trips/{trip.pk}/"
    assert pia.post(path, {"answer": "cancel"}).status_code == 400
    assert pia.post(path, {"answer": "cancel", "reason": "I am ill"}).status_code == 302
    trip.refresh_from_db()
    assert trip.status == Status.CANCELLED
    assert "Cancel this trip" not in text(pia, path)


def test_what_is_not_offered_is_not_done(cast: Cast) -> None:
    trip = cast.trip_in("scheduled")
    assert of(cast.pia).post(f"/me/trips/{trip.pk}/", {"answer": "assign"}).status_code == 400
    assert of(cast.eve).post(f"/me/trips/{trip.pk}/", {"answer": "cancel"}).status_code == 403


def test_pia_books_between_places_that_she_went_to(cast: Cast) -> None:
    fields = booking(cast)
    before = Trip.objects.count()
    answer = of(cast.pia).post("/me/book/", fields)
    assert answer.status_code == 302, answer.content
    trip = Trip.objects.latest("pk")
    assert Trip.objects.count() == before + 1
    assert (trip.status, trip.patient, trip.mobility) == ("requested", cast.patient, "wheelchair")
    assert trip.pickup_address == "Götgatan 12"
    assert trip.scheduled_at is not None
    local = timezone.localtime(trip.scheduled_at, timezone=zone())
    assert local.strftime("%H:%M") == "09:30"


def zone() -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"pickup": "Nowhere 1"}, "We do not know this address"),
        ({"scheduled_at": "soon"}, "Enter a valid date/time"),
        ({"escorts": "12"}, "less than or equal to 9"),
        ({"scheduled_at": "2001-01-01T09:30"}, "Please look at what is marked below"),
    ],
)
def test_a_wrong_booking_says_what_is_wrong(cast: Cast, wrong: dict[str, str], said: str) -> None:
    answer = of(cast.pia).post("/me/book/", booking(cast, **wrong))
    assert answer.status_code == 400
    assert said in answer.content.decode()


def test_an_address_that_means_two_places_is_asked_about(cast: Cast) -> None:
    cast.book(pickup_address="Götgatan 12 B")
    cast.book(pickup_address="Götgatan 14")
    answer = of(cast.pia).post("/me/book/", booking(cast, pickup="Götgatan"))
    shown = answer.content.decode()
    assert answer.status_code == 400
    assert '<option value="Götgatan 14">' in shown


def test_nobody_books_for_a_foreign_patient(cast: Cast) -> None:
    lars = Patient.objects.create(name="Lars Berg")
    answer = of(cast.pia).post("/me/book/", booking(cast, patient=lars.pk))
    assert answer.status_code == 400
    assert "Lars" not in answer.content.decode()


def test_the_way_back_is_filled_in(cast: Cast) -> None:
    trip = cast.trip_in("scheduled")
    shown = text(of(cast.pia), f"/me/book/?return_of={trip.pk}")
    assert f'name="pickup" value="{trip.dropoff_address}"' in shown
    assert text(of(cast.pia), "/me/book/?return_of=x")


def test_pia_reads_her_notices_and_marks_them(cast: Cast) -> None:
    tell([cast.pia], kind="booked", key="a", message="Trip 7 is booked.", trip_id=7)
    pia = of(cast.pia)
    assert "A trip is booked" in text(pia, "/me/notices/")
    assert pia.post("/me/notices/").status_code == 302
    assert "Mark all as read" not in text(pia, "/me/notices/")


def test_pia_chooses_language_and_what_she_hears(cast: Cast) -> None:
    pia = of(cast.pia)
    assert 'name="on_the_way.email"' in text(pia, "/me/settings/")
    fields = {"language": "es", "time_zone": "America/New_York", "reminder.email": "on"}
    assert pia.post("/me/settings/", fields).status_code == 302
    cast.pia.refresh_from_db()
    assert (cast.pia.language, cast.pia.time_zone) == ("es", "America/New_York")
    said = dict(Preference.objects.filter(user=cast.pia).values_list("kind", "wanted"))
    assert (said["on_the_way"], said["reminder"]) == (False, True)
    shown = text(pia, "/me/settings/")
    assert '<html lang="es">' in shown
    assert "Ajustes" in shown


def test_quiet_hours_come_in_pairs(cast: Cast) -> None:
    fields = {"language": "en", "quiet_from": "22:00"}
    answer = of(cast.pia).post("/me/settings/", fields)
    assert answer.status_code == 400
    assert "a beginning and an end" in answer.content.decode()


def test_who_forgot_a_password_is_mailed_once_and_strangers_learn_nothing(cast: Cast) -> None:
    User.objects.filter(pk=cast.pia.pk).update(email="pia@home.invalid")
    asked = [
        Client().post("/accounts/password_reset/", {"email": email})
        for email in ("PIA@home.invalid", "pia@home.invalid", "eve@nowhere.invalid")
    ]
    assert {one.headers["Location"] for one in asked} == {"/accounts/password_reset/done/"}
    assert Notification.objects.filter(kind="password_reset").count() == 1
    assert "Look into your mail" in text(Client(), "/accounts/password_reset/done/")
    assert "Forgot your password?" in text(Client(), "/accounts/password_reset/")
    assert Client().post("/accounts/password_reset/", {"email": "x"}).status_code == 400


def test_hugo_books_for_a_patient_of_his_facility(cast: Cast) -> None:
    trip = cast.trip_in("scheduled", facility=cast.facility)
    assert cast.patient.name in text(of(cast.hugo), "/me/")
    fields = booking(cast, pickup=trip.dropoff_address, dropoff=trip.pickup_address)
    answer = of(cast.hugo).post(f"/me/book/?return_of={trip.pk}", fields)
    assert answer.status_code == 302, answer.content
    booked = Trip.objects.latest("pk")
    assert (booked.facility, booked.return_of) == (cast.facility, trip)


def test_many_trips_are_on_several_pages(cast: Cast) -> None:
    for _ in range(51):
        cast.book()
    pia = of(cast.pia)
    assert text(pia, "/me/").count("<li>") == 50
    assert 'href="?ahead=2"' in text(pia, "/me/")
    assert text(pia, "/me/?ahead=2").count("<li>") == 1
    assert text(pia, "/me/?ahead=x&page=99999999999999999999")
