"""The mailed link: enough for who waits, nothing for who should not know."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from tests.cast import Cast
from trips import links
from trips.dashboard.views import streets_json
from trips.lifecycle import Status
from trips.models import Trip, TripEta
from trips.words import HEADLINES

pytestmark = pytest.mark.django_db


def page(trip: Trip) -> str:
    answer = Client().get(f"/track/{links.sign(trip.pk)}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_pia_reads_who_comes_and_when_without_signing_in(cast: Cast) -> None:
    trip = cast.trip_in("en_route_pickup", scheduled_at=timezone.now().replace(hour=8, minute=5))
    shown = page(trip)
    assert "Your driver is on the way" in shown
    assert "Omar" in shown
    assert "Van 1" in shown
    local = {9: "9:05 a.m.", 10: "10:05 a.m."}  # winter and summer time of Stockholm
    assert any(clock in shown for clock in local.values())
    assert "Times of Stockholm" in shown


def test_it_tells_no_name_no_address_and_no_position(cast: Cast) -> None:
    trip = cast.trip_in("in_progress", notes="oxygen at 2 l")
    cast.omar.last_name = "Haddad"
    cast.omar.save()
    shown = page(trip)
    for secret in ("Pia", "Ek", "Götgatan", "oxygen", "Haddad", "57.7", "Eastside"):
        assert secret not in shown


def test_it_renews_itself_until_the_trip_is_over(cast: Cast) -> None:
    assert '<meta http-equiv="refresh" content="20">' in page(cast.trip_in("assigned"))
    assert "http-equiv" not in page(cast.trip_in("completed"))


@pytest.mark.parametrize("status", list(Status))
def test_every_state_has_its_words(cast: Cast, status: Status) -> None:
    assert str(HEADLINES[status][0]) in page(cast.trip_in(status))


def test_a_forged_an_expired_and_a_closed_link_are_one_page(cast: Cast) -> None:
    over = cast.trip_in("completed")
    Trip.objects.filter(pk=over.pk).update(state_since=timezone.now() - timedelta(hours=2))
    absent = signing.dumps(987654, salt=links.SALT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.time", lambda: 1.0)
        expired = links.sign(cast.trip_in("assigned").pk)
    pages = set()
    for signed in ("forged", f"{links.sign(over.pk)}x", links.sign(over.pk), absent, expired):
        answer = Client().get(f"/track/{signed}/")
        assert answer.status_code == 404
        pages.add(answer.content)
    assert len(pages) == 1


def test_it_is_kept_by_nobody(cast: Cast) -> None:
    answer = Client().get(f"/track/{links.sign(cast.trip_in('assigned').pk)}/")
    assert "noindex" in answer["X-Robots-Tag"]
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    assert "sessionid" not in answer.cookies


def test_pia_reads_it_in_spanish_where_her_record_says_so(cast: Cast) -> None:
    cast.patient.language = "es"
    cast.patient.save()
    shown = page(cast.trip_in("en_route_pickup"))
    assert '<html lang="es">' in shown
    assert "Su conductor está en camino" in shown
    assert "Your" not in shown


def test_the_eta_is_there_only_while_the_vehicle_is_under_way(cast: Cast) -> None:
    trip = cast.trip_in("en_route_pickup")
    eta = timezone.now() + timedelta(minutes=7, seconds=50)
    TripEta.objects.update_or_create(
        trip=trip, defaults={"eta": eta, "risk": "on_time", "updated_at": timezone.now()}
    )
    assert re.search(r"in [78] minutes", page(trip))


def test_pia_says_that_she_is_ready_and_a_second_press_is_told_so(cast: Cast) -> None:
    trip = cast.trip_in("will_call")
    assert "I am ready" in page(trip)
    address = f"/track/{links.sign(trip.pk)}/"
    assert Client().post(address, {"answer": "ready"}).status_code == 302
    trip.refresh_from_db()
    assert trip.status == Status.SCHEDULED
    assert trip.ready_at is not None
    again = Client().post(address, {"answer": "ready"})
    assert again.status_code == 409
    assert "not possible any more" in again.content.decode()
    assert "I am ready" not in again.content.decode()


def test_a_link_does_nothing_else(cast: Cast) -> None:
    trip = cast.trip_in("scheduled")
    answer = Client().post(f"/track/{links.sign(trip.pk)}/", {"answer": "cancel"})
    assert answer.status_code == 400
    trip.refresh_from_db()
    assert trip.status == Status.SCHEDULED


def test_the_streets_around_the_trip_come_with_the_link_only(cast: Cast) -> None:
    trip = cast.trip_in("en_route_pickup")
    answer = Client().get(f"/track/{links.sign(trip.pk)}/streets.geojson")
    found = json.loads(answer.content)
    lines = [line for one in found["features"] for line in one["geometry"]["coordinates"]]
    assert lines
    assert len(answer.content) < len(streets_json()[0])
    assert Client().get("/track/forged/streets.geojson").status_code == 404
