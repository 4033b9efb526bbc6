"""SMS and push: asked for by the person, set up by the operator, and rows like any other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pytest_django import Settings

from tests.api.conftest import As, as_user
from tests.cast import Cast
from tests.users.http_receiver import Receiver
from trips.models import TripEvent
from users.models import Notification, User
from users.notifications import notify_assignment
from users.tasks import send_mail

__all__ = ["as_user"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_broker")]


@pytest.fixture
def service(settings: Settings, receiver: Receiver) -> Receiver:
    """An SMS and a push service, spoken to through Apprise."""
    address = receiver.url.replace("http://", "json://")
    settings.SMS_URL, settings.PUSH_URL = f"{address}/sms/{{target}}", f"{address}/push/{{target}}"
    return receiver


def assign(cast: Cast) -> list[Notification]:
    """Omar gets a trip, the handler runs twice; what is to leave the house but mail."""
    trip = cast.trip_in("assigned")
    event = TripEvent.objects.get(trip=trip, event="trip.assigned")
    for _ in range(2):
        notify_assignment(event.pk)
    return list(Notification.objects.filter(channel__in=("sms", "push")).order_by("channel"))


def reachable(cast: Cast, as_user: As) -> Any:
    User.objects.filter(pk=cast.omar.pk).update(phone="+46 70/123", push_target="omar-7")
    kinds = {"trip_assigned": {"sms": True, "push": True}}
    return as_user(cast.omar).put("/api/preferences/", {"kinds": kinds})


def test_who_asked_for_it_gets_one_message_by_each_channel_without_a_name(
    cast: Cast, as_user: As, service: Receiver
) -> None:
    assert reachable(cast, as_user).status_code == 200
    rows = assign(cast)
    assert [row.channel for row in rows] == ["push", "sms"]
    for row in rows:
        assert send_mail(row.pk) == "sent"
        assert send_mail(row.pk) == "nothing to do"
    assert sorted(path for path, _, _ in service.taken) == ["/push/omar-7", "/sms/+46%2070%2F123"]
    texts = {json.loads(body)["message"] for _, _, body in service.taken}
    assert texts == {f"Trip {rows[0].trip_id} is assigned to you."}


def test_who_did_not_ask_or_cannot_be_reached_has_no_row(cast: Cast, service: Receiver) -> None:
    User.objects.filter(pk=cast.omar.pk).update(phone="+4670123", push_target="omar-7")
    assert assign(cast) == []


def test_without_a_service_there_is_no_such_choice(cast: Cast, as_user: As) -> None:
    assert reachable(cast, as_user).status_code == 400
    assert assign(cast) == []


def test_a_service_that_takes_nothing_is_visible_and_not_asked_again_blindly(
    cast: Cast, as_user: As, service: Receiver
) -> None:
    reachable(cast, as_user)
    service.status = 500
    row = assign(cast)[0]
    assert send_mail(row.pk) == "failed"
    row.refresh_from_db()
    assert row.error == "not taken"
    assert send_mail(row.pk) == "nothing to do"


def test_who_took_it_back_meanwhile_gets_none(cast: Cast, as_user: As, service: Receiver) -> None:
    reachable(cast, as_user)
    row = assign(cast)[0]
    kinds = {"trip_assigned": {"sms": False, "push": False}}
    as_user(cast.omar).put("/api/preferences/", {"kinds": kinds})
    assert send_mail(row.pk) == "skipped"
    assert service.taken == []
