"""The page behind a reminder's button: looking changes nothing, answering counts once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from tests.cast import Cast, event_names
from trips import confirmations, links
from trips.models import Patient, Trip, TripEvent
from trips.services import cancel_by_link

pytestmark = pytest.mark.django_db


def path(trip: Trip) -> str:
    url = confirmations.url(trip.pk)
    return url[url.index("/trips/") :]


def answer(trip: Trip, said: str) -> Any:
    # As a mail program's own browser: no cookie, no token.
    return Client(enforce_csrf_checks=True).post(path(trip), {"answer": said})


def shown(trip: Trip, status: int = 200) -> str:
    page = Client().get(path(trip))
    assert page.status_code == status
    return page.content.decode()


def test_a_scanner_that_follows_the_link_changes_nothing(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    before = event_names(trip)
    for method in ("GET", "HEAD", "GET"):
        assert Client().generic(method, path(trip)).status_code == 200
    for method in ("PUT", "DELETE", "PATCH"):
        assert Client().generic(method, path(trip)).status_code == 405
    assert event_names(trip) == before
    assert 'value="confirm"' in shown(trip)
    assert 'value="cancel"' in shown(trip)


def test_pia_confirms_once_however_often_she_presses(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    for _ in range(3):
        assert answer(trip, "confirm").status_code == 302
    event = TripEvent.objects.get(trip=trip, event="trip.confirmed")
    assert (event.source, event.status, event.actor) == ("requester", "assigned", cast.pia)
    assert "Thank you" in shown(trip)
    assert 'value="confirm"' not in shown(trip)


def test_another_time_is_confirmed_anew(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    answer(trip, "confirm")
    Trip.objects.filter(pk=trip.pk).update(scheduled_at=timezone.now() + timedelta(hours=5))
    assert 'value="confirm"' in shown(trip)
    answer(trip, "confirm")
    assert event_names(trip).count("trip.confirmed") == 2


def test_pia_cancels_without_an_account_and_the_trip_knows_who(cast: Cast) -> None:
    Patient.objects.update(user=None)
    trip = cast.trip_in("assigned")
    assert answer(trip, "cancel").status_code == 302
    trip.refresh_from_db()
    assert (trip.status, trip.cancelled_by) == ("cancelled", "patient")
    event = TripEvent.objects.get(trip=trip, event="trip.cancelled")
    assert (event.source, event.actor) == ("requester", None)
    assert "Your trip is cancelled" in shown(trip)
    assert answer(trip, "cancel").status_code == 302, "pressed twice"
    assert event_names(trip).count("trip.cancelled") == 1


def test_once_the_driver_is_on_the_way_she_has_to_call(cast: Cast) -> None:
    trip = cast.trip_in("dispatched")
    assert answer(trip, "cancel").status_code == 409
    trip.refresh_from_db()
    assert trip.status == "dispatched"
    assert "please call us" in shown(trip)
    assert answer(cast.trip_in("en_route_pickup"), "confirm").status_code == 409


def test_what_is_neither_is_refused(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    before = event_names(trip)
    assert answer(trip, "delete").status_code == 400
    assert answer(trip, "").status_code == 400
    assert event_names(trip) == before


def test_forged_foreign_and_old_links_open_nothing(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    forged = (
        path(trip)[:-4] + "aaa/",
        f"/trips/confirm/{links.sign(trip.pk)}/",
        f"/trips/confirm/{signing.dumps('1; DROP', salt=confirmations.SALT)}/",
        f"/trips/confirm/{signing.dumps([trip.pk], salt=confirmations.SALT)}/",
        f"/trips/confirm/{signing.dumps(10**12, salt=confirmations.SALT)}/",
    )
    for one in forged:
        assert Client().get(one).status_code == 404
        assert Client().post(one, {"answer": "cancel"}).status_code == 404
    Trip.objects.filter(pk=trip.pk).update(scheduled_at=timezone.now() - timedelta(days=2))
    shown(trip, 404)


def test_a_disabled_account_ends_its_links(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    cast.disable(cast.pia)
    shown(trip, 404)
    assert answer(trip, "cancel").status_code == 404


def test_the_page_names_nobody_and_no_place(cast: Cast) -> None:
    text = shown(cast.trip_in("assigned", notes="hepatitis"))
    for secret in ("Pia", "Ek", "Götgatan", "Eastside", "Omar", "hepatitis"):
        assert secret not in text


def test_it_is_in_her_language_and_her_time(cast: Cast) -> None:
    Patient.objects.update(language="es", time_zone="America/Bogota")
    trip = cast.trip_in("assigned")
    text = shown(trip)
    assert "¿Hará este viaje?" in text
    assert '<html lang="es">' in text
    assert "Hora de Bogota" in text


def test_what_she_confirmed_can_be_undone_past_and_cancelled(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    answer(trip, "confirm")
    cancel_by_link(trip_id=trip.pk, reason="by the patient's link")
    cast.tap(trip, "undo", reason="a mistake")
    trip.refresh_from_db()
    assert trip.status == "assigned"
