"""Dina talks with drivers, sees to alarms, and to what failed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.cast import Cast, open_company
from tests.pages.dispatch_desk import client_of, page, rows_of, send, words
from trips import alerts, fleet, talk
from trips.models import (
    Delivery,
    Message,
    QuarantinedFix,
    TaskFailure,
)
from trips.queries import company_day
from users.models import Notification

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return open_company()


@pytest.fixture
def dina(cast: Cast) -> Client:
    return client_of(cast.dina)


def thread(client: Client, chosen: int | str, status: int = 200) -> str:
    answer = client.get(reverse("fleet:messages"), {"with": chosen})
    assert answer.status_code == status, answer.content[:500]
    return words(answer)


def test_a_thread_is_read_and_answered(cast: Cast, dina: Client) -> None:
    talk.send(sender=cast.omar, to=Message.To.DISPATCH, body="Flat tyre on Ringvägen.")
    talk.send(sender=cast.dina, to=Message.To.DRIVERS, body="Ice on the bridge.")
    text = page(dina, "messages")
    assert text.index("Omar") < text.index("Eve")
    said = thread(dina, cast.driver.pk)
    assert said.index("Flat tyre") < said.rindex("Ice on the bridge.")
    fields = {"to": cast.driver.pk, "body": "A van is coming.", "client_message_id": "one"}
    for _ in range(2):
        assert "A van is coming." in words(send(dina, "message-send", **fields))
    assert Message.objects.filter(to="driver").count() == 1
    everybody = thread(dina, "drivers")
    assert "Ice on the bridge." in everybody
    assert "told to 2" in everybody


def test_unread_ones_are_counted_and_carry_the_notice_that_reads_them(
    cast: Cast, dina: Client
) -> None:
    message = talk.send(sender=cast.omar, to=Message.To.DISPATCH, body="Flat tyre.")
    now = timezone.now()
    notice = Notification.objects.create(
        user=cast.dina, kind="message", key=talk.key(message.pk), channel="in_app", state="sent",
        due_at=now,
    )  # fmt: skip
    # One that a task sent by itself is of the kind, but of no message.
    Notification.objects.create(
        user=cast.dina, kind="message", key="9f3c", channel="in_app", state="sent", due_at=now
    )
    answer = dina.get(reverse("fleet:messages"), {"with": cast.driver.pk})
    assert f'data-notice="{notice.pk}"' in answer.content.decode()
    assert "1 new" in words(answer)
    dina.post(f"/api/notifications/{notice.pk}/read/")
    assert "1 new" not in thread(dina, cast.driver.pk)


def test_nobody_to_tell_and_nothing_to_say_are_answered_with_words(
    cast: Cast, dina: Client
) -> None:
    assert "may not be blank" not in words(send(dina, "message-send", to="drivers", body="Hello"))
    assert "required" in words(send(dina, "message-send", to="drivers", body=" "))
    assert send(dina, "message-send", to="everybody", body="Hello").status_code == 200
    assert Message.objects.count() == 1
    thread(dina, "nobody", status=404)


def test_an_sos_is_seen_to_then_over_with_names_and_words(cast: Cast, dina: Client) -> None:
    alert = alerts.press_sos(driver=cast.driver, latitude=57.7, longitude=11.96, trip_id=None)
    text = page(dina, "alerts")
    assert "call for help · Van 1" in text
    assert "57.70000, 11.96000" in text
    assert "You see to it." in words(send(dina, "alert-seen", alert.pk))
    assert "No open alarm" in page(dina, "alerts")
    assert "Dina" in page(dina, "alerts", state="acknowledged")
    refused = words(send(dina, "alert-resolve", alert.pk))
    assert "resolution: This field is required." in refused
    assert "It is over." in words(send(dina, "alert-resolve", alert.pk, resolution="false alarm"))
    ada = client_of(cast.ada)
    send(ada, "alert-resolve", alert.pk, resolution="somebody was first")
    [row] = rows_of(dina, "alerts", state="resolved")
    assert (row["resolved_by_name"], row["resolution"]) == ("Dina", "false alarm")


def test_what_is_over_was_seen_to(cast: Cast, dina: Client) -> None:
    alert = alerts.press_sos(driver=cast.driver, latitude=None, longitude=None, trip_id=None)
    send(dina, "alert-resolve", alert.pk, resolution="false alarm")
    alert.refresh_from_db()
    assert alert.acknowledged_by == alert.resolved_by == cast.dina


def buried(number: int = 1) -> Delivery:
    return Delivery.objects.create(
        topic="message.sent", subject_id=number, subscriber="message_notices", state="dead",
        attempts=5, due_at=timezone.now(), error="KeyError",
    )  # fmt: skip


def test_failures_are_tried_again_one_by_one_or_all(cast: Cast, dina: Client) -> None:
    one, two = buried(1), buried(2)
    TaskFailure.objects.create(
        task_id="x",
        task="users.tasks.send_daily_digest",
        error="ValueError",
        failed_at=timezone.now(),
    )
    text = page(dina, "trouble")
    assert "message.sent 1" in text
    assert "cannot be tried again" in text
    assert "1 is tried again." in words(send(dina, "trouble-retry", key=[f"delivery:{one.pk}"]))
    assert [Delivery.objects.get(pk=each.pk).state for each in (one, two)] == ["pending", "dead"]
    assert "1 is tried again." in words(send(dina, "trouble-retry", do="all"))
    assert Delivery.objects.get(pk=two.pk).state == "pending"
    assert "None of them had failed any more." in words(send(dina, "trouble-retry", do="all"))


def test_choosing_nothing_and_naming_nonsense_are_refused_with_words(
    cast: Cast, dina: Client
) -> None:
    buried()
    assert "keys" in words(send(dina, "trouble-retry"))
    assert "There is no failure x:1." in words(send(dina, "trouble-retry", key=["x:1"]))
    assert Delivery.objects.get().state == "dead"


def test_failed_mails_are_sent_again_and_an_unknown_fate_only_when_chosen(
    cast: Cast, dina: Client
) -> None:
    common = {"kind": "invoice", "channel": "email", "due_at": timezone.now(), "error": "550"}
    failed = Notification.objects.create(
        key="a", address="x@home.invalid", state="failed", **common
    )
    unknown = Notification.objects.create(
        key="b", address="y@home.invalid", state="unknown", **common
    )
    text = page(dina, "trouble", show="mails")
    assert "fate unknown" in text
    assert "home.invalid" not in text
    send(dina, "trouble-again", do="all")
    states = Notification.objects.in_bulk([failed.pk, unknown.pk])
    assert [states[failed.pk].state, states[unknown.pk].state] == ["queued", "unknown"]
    send(dina, "trouble-again", key=[unknown.pk])
    assert Notification.objects.get(pk=unknown.pk).state == "queued"


def test_positions_that_were_not_believed_are_counted_by_device(cast: Cast, dina: Client) -> None:
    for n in range(3):
        QuarantinedFix.objects.create(
            device=cast.tracker, reason="from_the_future", raw=b'{"latitude": 91}',
            digest=bytes([n]) * 32, received_at=timezone.now(),
        )  # fmt: skip
    text = page(dina, "trouble", show="positions")
    assert re.search(r"Van 1 device \d+ from the future 3 ", text)
    assert "&quot;latitude&quot;: 91" in text
    assert "Every position was believed" in page(dina, "trouble", show="positions", device="987654")


def test_papers_that_run_out_lead_to_whose_they_are(cast: Cast, dina: Client) -> None:
    today = company_day(timezone.now())
    fleet.update_driver(
        driver_id=cast.driver.pk, changes={"licence_expires": today + timedelta(days=3)}
    )
    text = page(dina, "expiries")
    assert "in 3 days driving licence Omar" in text
    assert [row["paper"] for row in rows_of(dina, "expiries", days="90")] == ["licence"]
    assert "Nothing runs out" in page(dina, "expiries", days="2")
