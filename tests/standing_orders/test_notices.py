"""A change of an order is told once, not once for each of its trips, and without its reason."""

from __future__ import annotations

from datetime import date
from email.message import EmailMessage
from typing import Any

import pytest
from django.test import TestCase

from tests.cast import Cast
from tests.fixtures_processes import Mailbox
from tests.held_broker import HeldBroker
from tests.standing_orders.conftest import agree, model_fields, tomorrow
from trips.models import Patient
from trips.standing_orders import services
from users.models import Notification

pytestmark = pytest.mark.django_db


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def said(day: date) -> str:
    """November 20, 2026."""
    return f"{day:%B} {day.day}, {day.year}"


def test_pia_gets_one_mail_for_a_pause(
    cast: Cast, held_broker: HeldBroker, smtp_sink: Mailbox
) -> None:
    order = agree(cast)
    with TestCase.captureOnCommitCallbacks(execute=True):
        services.pause(
            user=cast.dina, order_id=order.pk, first=tomorrow(3), last=tomorrow(9), reason="stroke"
        )
    held_broker.deliver(times=2)
    mail = smtp_sink.messages[-1]
    assert len(smtp_sink.messages) == 1
    assert mail["To"] == "pia@nordic.invalid"
    assert mail["Subject"] == f"Your standing order {order.pk}"
    text = text_of(mail)
    assert f"It is paused from {said(tomorrow(3))} to {said(tomorrow(9))}." in text
    assert "Days: every day\nPick-up: 8:00 a.m.\n" in text
    assert "Way back: when you call\nTrips cancelled with it: 14\n" in text
    assert "stroke" not in text


def test_every_kind_of_change_has_its_words(
    cast: Cast, held_broker: HeldBroker, smtp_sink: Mailbox
) -> None:
    Patient.objects.update(user=None)
    with TestCase.captureOnCommitCallbacks(execute=True):
        asked = services.create(user=cast.hugo, fields=model_fields(cast)).order
        kwargs: dict[str, Any] = {"user": cast.dina, "order_id": asked.pk}
        services.approve(**kwargs)
        services.skip(**kwargs, day=tomorrow(2))
        services.restore(**kwargs, day=tomorrow(2))
        services.pause(**kwargs, first=tomorrow(4), reason="away")
        services.resume(**kwargs, first=tomorrow(6))
        services.change(**kwargs, fields={"escorts": 1})
        services.change(**kwargs, first=tomorrow(5), fields={"return_kind": "none"})
        services.end(**kwargs, first=tomorrow(3))
    held_broker.deliver(times=1)
    told = "\n".join(text_of(message) for message in smtp_sink.messages)
    for words in (
        f"It is agreed and begins on {said(tomorrow(1))}.",
        f"It is left out on {said(tomorrow(2))}.",
        f"It is driven on {said(tomorrow(2))} after all.",
        f"It is paused from {said(tomorrow(4))}.",
        f"It goes on from {said(tomorrow(6))}.",
        "It has changed.",
        f"It changes from {said(tomorrow(5))}.",
        f"It ends: there are no trips from {said(tomorrow(3))} on.",
    ):
        assert words in told
    assert len(smtp_sink.messages) == 8
    assert set(Notification.objects.values_list("address", flat=True)) == {"pia@home.invalid"}
