"""Bounces and complaints: a signed report stops mail to that address, visibly."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tests.api.problems import the_problem
from tests.cast import Cast
from tests.users.mail_servers import MailServer
from trips.models import Patient
from users.envelope import address
from users.models import Notification, SuppressedAddress
from users.notifications import compose, mail
from users.signatures import TOLERANCE_S, is_valid, sign
from users.tasks import send_mail

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_broker")]

URL, SECRET = "/api/webhooks/mail/", "the mail service's key"


@pytest.fixture(autouse=True)
def _secret(settings: Settings) -> None:
    settings.MAIL_HOOK_SECRET = SECRET


def report(*events: dict[str, Any], secret: str = SECRET, age_s: int = 0) -> Any:
    body = json.dumps({"events": events}).encode()
    header = sign(secret, body, int(time.time()) - age_s)
    return Client().post(
        URL, body, content_type="application/json", headers={"ATW-Signature": header}
    )


def bounce(address: str, **more: Any) -> dict[str, Any]:
    return {"type": "bounce", "address": address, "code": "5.1.1"} | more


def test_an_address_that_bounced_is_not_written_to_any_more_and_the_row_says_so(
    cast: Cast, mail_server: MailServer
) -> None:
    mail(kind="welcome", key="user:1", user=cast.pia)
    assert report(bounce("Pia@Nordic.invalid")).json() == {"suppressed": 1}
    waiting = Notification.objects.get()
    assert send_mail(waiting.pk) == "skipped"
    waiting.refresh_from_db()
    assert waiting.error == "address suppressed"
    trip = cast.trip_in("cancelled")
    assert mail(kind="trip_cancelled", key="event:1", user=cast.pia, trip_id=trip.pk)
    assert Notification.objects.latest("pk").state == "skipped"
    assert mail_server.offered == 0
    SuppressedAddress.objects.all().delete()  # what an administrator does
    mail(kind="trip_cancelled", key="event:2", user=cast.pia, trip_id=trip.pk)
    assert send_mail(Notification.objects.latest("pk").pk) == "sent"


def test_the_same_report_again_and_a_full_mailbox_change_nothing(cast: Cast) -> None:
    complaint = {"type": "complaint", "address": "pia@nordic.invalid"}
    assert report(complaint, complaint).json() == {"suppressed": 1}
    assert report(complaint).json() == {"suppressed": 0}
    assert report(bounce("omar@nordic.invalid", permanent=False)).json() == {"suppressed": 0}
    assert SuppressedAddress.objects.get().reason == "complaint"


def test_a_caregiver_who_bounced_is_left_out_of_the_copy(cast: Cast) -> None:
    Patient.objects.update(caregiver_email="care@home.invalid")
    trip = cast.trip_in("scheduled")
    mail(kind="booked", key="event:1", user=cast.pia, trip_id=trip.pk)
    row = Notification.objects.get()
    assert compose(row).cc == ["care@home.invalid"]
    report(bounce("care@home.invalid"))
    assert address(compose(row), row).cc == []


def test_a_wrong_key_and_an_old_report_are_refused(db: None) -> None:
    the_problem(report(bounce("pia@nordic.invalid"), secret="another"), 401)
    the_problem(report(bounce("pia@nordic.invalid"), age_s=TOLERANCE_S + 5), 401)
    the_problem(Client().post(URL, {}, content_type="application/json"), 401)
    assert not SuppressedAddress.objects.exists()


def test_without_a_key_there_is_no_such_door(settings: Settings) -> None:
    settings.MAIL_HOOK_SECRET = ""
    the_problem(report(bounce("pia@nordic.invalid"), secret=""), 404)


@pytest.mark.parametrize(
    "event",
    [
        bounce("no address"),
        bounce("a@b.invalid", type="delivered"),
        bounce("a@b.invalid", more=1),
        {"type": "bounce"},
        "bounce",
    ],
)
def test_a_malformed_report_is_refused_without_repeating_it(db: None, event: Any) -> None:
    problem = the_problem(report(event), 400)
    assert "b.invalid" not in json.dumps(problem)


@pytest.mark.parametrize(
    "header",
    ["", "t=1", "v1=00", "t=x,v1=00", "t=1,t=2,v1=00", "t=٣,v1=é", f"t={'9' * 40},v1=00", ",,,="],
)
def test_a_malformed_signature_is_merely_wrong(header: str) -> None:
    assert not is_valid(header, SECRET, b"{}", 1.0)


def test_one_right_signature_among_several_is_enough() -> None:
    right = sign(SECRET, b"{}", 100)
    assert is_valid(f"{right},v1=00", SECRET, b"{}", 110)
    assert not is_valid(right, SECRET, b"{} ", 110)
    assert not is_valid(right, SECRET, b"{}", 100 + TOLERANCE_S + 1)
    assert not is_valid(right, SECRET, b"{}", 100 - TOLERANCE_S - 1)
