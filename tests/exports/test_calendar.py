"""Omar's phone shows his week; the link is his alone, ends when he says so, and names nobody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import icalendar
import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from tests.cast import Cast
from trips import calendars
from trips.models import Trip
from users.models import User

pytestmark = pytest.mark.django_db


def api(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def link(user: User) -> str:
    answer = api(user).post("/api/calendar/")
    assert answer.status_code == 201
    url: str = answer.json()["url"]
    return url[url.index("/api/") :]


def events(path: str) -> list[Any]:
    answer = Client().get(path)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    return list(icalendar.Calendar.from_ical(answer.content).walk("VEVENT"))


def test_omar_sees_his_trip_with_time_and_mobility(cast: Cast) -> None:
    trip = cast.trip_in("assigned", mobility="wheelchair")
    [event] = events(link(cast.omar))
    assert event["SUMMARY"] == f"Trip {trip.pk} · wheelchair"
    assert trip.scheduled_at is not None
    assert event.decoded("DTSTART") == trip.scheduled_at.replace(microsecond=0)
    assert event.decoded("DTEND") > event.decoded("DTSTART")
    assert event["STATUS"] == "CONFIRMED"
    assert event["UID"].startswith(f"trip-{trip.pk}@")


def test_a_change_raises_the_sequence_and_keeps_the_uid(cast: Cast) -> None:
    trip, path = cast.trip_in("assigned"), link(cast.omar)
    [before] = events(path)
    cast.tap(trip, "dispatch")
    [after] = events(path)
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]


@pytest.mark.parametrize(
    ("status", "shown"),
    [("cancelled", "CANCELLED"), ("no_show", "CANCELLED"), ("completed", "CONFIRMED")],
)
def test_a_trip_that_will_not_be_is_cancelled_there_too(
    cast: Cast, status: str, shown: str
) -> None:
    cast.trip_in(status)
    [event] = events(link(cast.omar))
    assert event["STATUS"] == shown


def test_it_names_no_patient_no_address_and_no_door(cast: Cast) -> None:
    cast.trip_in("assigned", notes="oxygen at 2 l", needs=["oxygen"], facility=cast.facility)
    text = Client().get(link(cast.omar)).content.decode()
    for secret in ("Pia", "Ek", "Götgatan", "Eastside", "oxygen", "57.7035", "11.966"):
        assert secret not in text
    assert "near 57.70\\, 11.97" in text


def test_it_is_well_formed_in_bytes(cast: Cast) -> None:
    for _ in range(3):
        cast.trip_in("assigned")
    content = Client().get(link(cast.omar)).content
    assert content.endswith(b"END:VCALENDAR\r\n")
    lines = content.split(b"\r\n")
    assert all(len(line) <= 75 and b"\n" not in line for line in lines)
    assert b"METHOD:PUBLISH" in lines
    assert all(line.endswith(b"Z") for line in lines if line.startswith((b"DTSTART", b"DTSTAMP")))


def test_the_coming_week_is_in_it_and_what_is_beyond_is_not(cast: Cast) -> None:
    trips = [cast.trip_in("assigned") for _ in range(4)]
    for trip, days in zip(trips, (-3, -1, 7, 10), strict=True):
        at = timezone.now() + timedelta(days=days)
        Trip.objects.filter(pk=trip.pk).update(scheduled_at=at)
    shown = {int(event["SUMMARY"].split()[1]) for event in events(link(cast.omar))}
    assert shown == {trips[1].pk, trips[2].pk}


def test_eve_sees_none_of_it_and_a_trip_that_is_given_away_leaves(cast: Cast) -> None:
    trip, path = cast.trip_in("assigned"), link(cast.omar)
    assert events(link(cast.eve)) == []
    Trip.objects.filter(pk=trip.pk).update(driver=cast.strange_driver)
    assert events(path) == []
    assert len(events(link(cast.eve))) == 1


def test_only_who_drives_has_a_calendar(cast: Cast) -> None:
    for user in (cast.dina, cast.ada, cast.bea, cast.pia, cast.hugo):
        assert api(user).post("/api/calendar/").status_code == 403, user
    assert APIClient().post("/api/calendar/").status_code == 401


def test_a_new_link_ends_the_former_and_delete_ends_the_last(cast: Cast) -> None:
    first = link(cast.omar)
    second = link(cast.omar)
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200
    for _ in range(2):
        assert api(cast.omar).delete("/api/calendar/").status_code == 204
    assert Client().get(second).status_code == 404


def test_signing_out_everywhere_and_leaving_the_company_end_it(cast: Cast) -> None:
    path = link(cast.omar)
    client = APIClient(headers=cast.headers(cast.omar))
    assert client.post("/api/auth/logoutall/").status_code == 204
    assert Client().get(path).status_code == 404
    path = link(cast.omar)
    cast.disable(cast.omar)
    assert Client().get(path).status_code == 404


def test_it_ends_no_other_login_of_the_driver(cast: Cast) -> None:
    cast.token(cast.omar)
    link(cast.omar)
    link(cast.omar)
    assert AuthToken.objects.filter(user=cast.omar).count() == 2


def test_nothing_in_the_link_is_a_login(cast: Cast) -> None:
    signed = link(cast.omar).removeprefix("/api/calendar/").removesuffix(".ics")
    row = AuthToken.objects.get(user=cast.omar)
    for secret in (signed, row.token_key, row.digest):
        client = APIClient(headers={"Authorization": f"Token {secret}"})
        assert client.get("/api/trips/").status_code == 401


@pytest.mark.parametrize(
    "signed",
    ["forged", signing.dumps(7, salt=calendars.SALT), signing.dumps([7, "cal_"])],
    ids=["forged", "no list", "another salt"],
)
def test_what_is_not_ours_opens_nothing(cast: Cast, signed: str) -> None:
    absent = Client().get(f"/api/calendar/{signing.dumps([1, 'x'], salt=calendars.SALT)}.ics")
    answer = Client().get(f"/api/calendar/{signed}.ics")
    assert answer.status_code == absent.status_code == 404
    assert answer.content == absent.content


def test_it_is_kept_by_nobody(cast: Cast) -> None:
    answer = Client().get(link(cast.omar))
    assert "no-store" in answer["Cache-Control"]
    assert "noindex" in answer["X-Robots-Tag"]
    assert answer["Referrer-Policy"] == "no-referrer"
