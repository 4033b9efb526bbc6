"""`GET /api/trips/{id}/notices/`: Dina reads what became of what was said about a trip."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tests.cast import Cast
from trips.models import Trip
from users.models import Notification

pytestmark = pytest.mark.django_db


def ask(cast: Cast, who: str, trip_id: int) -> Any:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {cast.token(getattr(cast, who))}")
    return client.get(f"/api/trips/{trip_id}/notices/")


def said(trip: Trip, **fields: Any) -> Notification:
    about = {"kind": "booked", "key": f"event:{fields['channel']}", "trip_id": trip.pk}
    return Notification.objects.create(due_at=timezone.now(), **about, **fields)


def test_dina_reads_who_was_told_how_and_what_became_of_it(cast: Cast) -> None:
    trip = cast.book()
    said(trip, user=cast.omar, channel="in_app", state="sent")
    said(trip, address="pia@home.invalid", channel="email", state="failed", error="550 pia@home")
    answer = ask(cast, "dina", trip.pk)
    rows = [(row["to"], row["channel"], row["state"]) for row in answer.json()]
    assert rows == [("address", "email", "failed"), ("driver", "in_app", "sent")]


def test_no_address_and_no_text_is_told(cast: Cast) -> None:
    trip = cast.book()
    said(trip, address="pia@home.invalid", channel="email", message="words", error="550 pia@home")
    text = ask(cast, "dina", trip.pk).content.decode()
    assert "pia" not in text
    assert "words" not in text


def test_what_was_said_about_another_trip_is_not_there(cast: Cast) -> None:
    said(cast.book(), user=cast.omar, channel="in_app")
    assert ask(cast, "dina", cast.book().pk).json() == []
    assert ask(cast, "dina", 987_654_321).status_code == 404


@pytest.mark.parametrize("who", ["omar", "pia", "hugo", "bea"])
def test_it_is_for_dispatchers_only(cast: Cast, who: str) -> None:
    assert ask(cast, who, cast.book().pk).status_code == 403
