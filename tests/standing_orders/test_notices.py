"""A change of an order is told once, not once for each of its trips, and without its reason."""

from __future__ import annotations

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
    text = mail.get_content()
    assert f"is paused from {tomorrow(3)} to {tomorrow(9)}." in text
    assert "every day at 08:00, back by will-call" in text
    assert "Trips that were cancelled with it: 14." in text
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
    said = "\n".join(message.get_content() for message in smtp_sink.messages)
    for words in (
        f"is agreed and begins on {tomorrow(1)}.",
        f"is left out on {tomorrow(2)}.",
        f"is driven on {tomorrow(2)} after all.",
        f"is paused from {tomorrow(4)}.",
        f"goes on from {tomorrow(6)}.",
        "has changed.",
        f"(every day at 08:00) changes from {tomorrow(5)}.",
        f"ends: there are no trips from {tomorrow(3)} on.",
    ):
        assert words in said
    assert len(smtp_sink.messages) == 8
    assert set(Notification.objects.values_list("address", flat=True)) == {"pia@home.invalid"}
