"""A provider tells of money: believed only when signed, kept once, and never lost."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from rest_framework.test import APIClient

from billing.models import Payment, ProviderEvent
from tests.billing.dues import credit, owe, revise, standing
from tests.cast import Cast
from tests.threads import at_once
from users import signatures
from users.models import Notification

pytestmark = pytest.mark.django_db
URL = "/api/webhooks/payments/stripe/"
SECRET, NEXT = "whsec_now", "whsec_next"


@pytest.fixture(autouse=True)
def _secrets(settings: Any) -> None:
    settings.PAYMENT_HOOK_SECRETS = {"stripe": [SECRET, NEXT]}


def event(number: str, cents: int = 1_000, **more: Any) -> dict[str, Any]:
    """`payment_intent.succeeded` as Stripe sends it, with other parts where `more` names them."""
    intent = {
        "id": more.pop("reference", "pi_1"),
        "object": "payment_intent",
        "amount_received": cents,
        "currency": more.pop("currency", "usd"),
        "metadata": {"invoice_number": number},
    }
    return {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": int(time.time()),
        "data": {"object": intent},
    } | more


def post(body: bytes, header: str, url: str = URL) -> Any:
    headers = {"Stripe-Signature": header}
    return APIClient().post(url, body, content_type="application/json", headers=headers)


def tell(about: dict[str, Any]) -> Any:
    body = json.dumps(about).encode()
    return post(body, signatures.sign(SECRET, body, int(time.time())))


def test_a_signed_payment_pays_its_invoice_once_however_often_it_is_told(cast: Cast) -> None:
    invoice = owe(cast, 1_500)
    answers = [tell(event(invoice.number)) for _ in range(3)]
    assert [(a.status_code, a.json()["outcome"]) for a in answers] == [
        (200, "recorded"), (200, "known"), (200, "known"),
    ]  # fmt: skip
    payment = Payment.objects.get()
    assert (payment.method, payment.reference, payment.recorded_by) == ("provider", "pi_1", None)
    assert standing(invoice) == ("partly_paid", 500)
    # Another message about the same payment.
    assert tell(event(invoice.number, id="evt_2")).json()["outcome"] == "recorded"
    assert Payment.objects.count() == 1


def test_what_is_more_than_owed_is_credit(cast: Cast) -> None:
    invoice = owe(cast, 600)
    tell(event(invoice.number))
    assert standing(invoice) == ("paid", 0)
    api = APIClient(headers=cast.headers(cast.bea))
    [row] = api.get("/api/payments/?unallocated=true").json()["results"]
    assert row["unallocated_cents"] == 400


def test_a_revised_invoice_gives_way_to_what_stands_in_its_place(cast: Cast) -> None:
    invoice = owe(cast, 600)
    credit(invoice)
    revised = revise(invoice, 1_000)
    assert tell(event(invoice.number)).json()["outcome"] == "recorded"
    assert standing(revised) == ("paid", 0)


# --- signatures


def _header(body: bytes, **how: Any) -> str:
    return signatures.sign(how.get("secret", SECRET), body, int(time.time()) + how.get("later", 0))


@pytest.mark.parametrize(
    "header",
    [
        lambda body: "",
        lambda body: "t=1,v1=",
        lambda body: _header(body, secret="whsec_old"),
        lambda body: _header(body, later=-301),
        lambda body: _header(body, later=301),
        lambda body: _header(body + b" "),
        lambda body: _header(body).replace("v1=", "v0="),
        lambda body: _header(body).replace("t=", "t=1,t="),
        lambda body: _header(body).upper(),
        lambda body: "é" * 9_000,
    ],
    ids=[
        "none",
        "empty",
        "stranger",
        "old",
        "future",
        "other-body",
        "scheme",
        "two-times",
        "capitals",
        "long",
    ],
)
def test_what_is_not_signed_now_with_our_key_is_refused(cast: Cast, header: Any) -> None:
    invoice = owe(cast, 1_000)
    body = json.dumps(event(invoice.number)).encode()
    given = header(body).encode().decode("latin-1")
    answer = post(body, given)
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert not ProviderEvent.objects.exists()
    assert standing(invoice) == ("sent", 1_000)


def test_keys_are_exchanged_without_a_gap(cast: Cast) -> None:
    body = json.dumps(event(owe(cast, 1_000).number)).encode()
    new, now = signatures.sign(NEXT, body, int(time.time())), int(time.time())
    assert post(body, new).json()["outcome"] == "recorded"
    # Stripe signs with both keys meanwhile; one of them is enough.
    both = f"{signatures.sign('whsec_other', body, now)},v1={new.rpartition('=')[2]}"
    assert post(body, both).status_code == 200


def test_without_a_key_there_is_no_hook(cast: Cast, settings: Any) -> None:
    body = b"{}"
    header = signatures.sign("", body, int(time.time()))
    without: list[dict[str, list[str]]] = [{"stripe": []}, {}]
    for secrets in without:
        settings.PAYMENT_HOOK_SECRETS = secrets
        assert post(body, header).status_code == 404
    assert post(body, header, "/api/webhooks/payments/paypal/").status_code == 404


# --- bodies


def _without(path: str) -> dict[str, Any]:
    about = event("2099-1")
    part = about["data"]["object"] if path in about["data"]["object"] else about
    del part[path]
    return about


@pytest.mark.parametrize(
    "about",
    [
        [], "x", 7, {}, {"type": 5}, _without("data"), _without("id"), _without("created"),
        _without("currency"), _without("amount_received"), event("1", cents=0),
        event("1", cents=-5), event("1", cents=2**31), event("1", currency="dollars"),
        event("1", id="x" * 121), event("1", id="a\0b"), event("1", created=True),
        event("1", data={"object": []}), event("1", currency="ßßß"),
    ],
    ids=lambda about: str(about)[:40],
)  # fmt: skip
def test_a_signed_body_that_means_nothing_is_a_400(cast: Cast, about: Any) -> None:
    answer = tell(about)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert not ProviderEvent.objects.exists()


@pytest.mark.parametrize("body", [b"", b"\xff", b"[" * 60_000, b"NaN"])
def test_any_signed_bytes_are_a_400(cast: Cast, body: bytes) -> None:
    assert post(body, signatures.sign(SECRET, body, int(time.time()))).status_code == 400


def test_a_large_body_is_a_413_before_anything_is_computed(cast: Cast) -> None:
    assert post(b" " * 65_537, "t=1,v1=0").status_code == 413


def test_other_events_are_taken_and_ignored(cast: Cast) -> None:
    answer = tell({"id": "evt_9", "type": "customer.created", "created": 1, "data": {"object": {}}})
    assert (answer.status_code, answer.json()["outcome"]) == (200, "ignored")


# --- what does not match


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, "no invoice has that number"),
        ({"currency": "eur"}, "another currency than the invoice's"),
        ({"type": "void"}, "the invoice is void"),
    ],
)
def test_money_that_does_not_match_waits_for_bea_and_is_not_lost(
    cast: Cast, more: dict[str, Any], why: str
) -> None:
    state = "void" if more.get("type") else "sent"
    invoice = owe(cast, 1_000, state=state)
    about = event(invoice.number if more else "2099-999999", currency=more.get("currency", "usd"))
    assert [tell(about).json()["outcome"] for _ in range(2)] == ["kept", "known"]
    assert not Payment.objects.exists()
    api = APIClient(headers=cast.headers(cast.bea))
    [row] = api.get("/api/provider-events/?state=open").json()["results"]
    assert (row["reason"], row["amount_cents"], row["reference"]) == (why, 1_000, "pi_1")
    assert Notification.objects.get(kind="payment_kept").user == cast.bea
    path = f"/api/provider-events/{row['id']}/resolve/"
    body = {"payer": cast.payer.pk, "allocations": [], "resolution": "called them"}
    assert api.post(path, body).json()["state"] == "resolved"
    assert api.post(path, body).status_code == 409
    assert Payment.objects.get().amount_cents == 1_000
    # The provider tells of it again, in another message: it is the same money.
    assert tell(about | {"id": "evt_7"}).json()["outcome"] == "recorded"
    assert Payment.objects.count() == 1


def test_money_that_went_back_at_the_provider_waits_and_is_not_recorded_as_paid(
    cast: Cast,
) -> None:
    tell(event(owe(cast, 1_000).number))
    charge = {"payment_intent": "pi_1", "amount_refunded": 300, "currency": "usd"}
    about = {"id": "evt_2", "type": "charge.refunded", "created": 1, "data": {"object": charge}}
    assert tell(about).json()["outcome"] == "kept"
    waiting = ProviderEvent.objects.get(state="open")
    assert waiting.payment == Payment.objects.get()
    api = APIClient(headers=cast.headers(cast.bea))
    path = f"/api/provider-events/{waiting.pk}/resolve/"
    refused = api.post(path, {"payer": cast.payer.pk, "resolution": "x"})
    assert refused.status_code == 400
    assert api.post(path, {"resolution": "refund recorded"}).json()["state"] == "resolved"
    assert Payment.objects.count() == 1


def test_who_may_not_see_money_sees_no_events(cast: Cast) -> None:
    for user in (cast.eve, cast.dina, cast.hugo, cast.pia):
        api = APIClient(headers=cast.headers(user))
        assert api.get("/api/provider-events/").status_code == 403
        assert api.post("/api/provider-events/1/resolve/", {}).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_one_payment_told_ten_times_at_once_is_recorded_once(cast: Cast) -> None:
    invoice = owe(cast, 1_000)
    ids = iter([f"evt_{n % 3}" for n in range(10)])
    answers = at_once(lambda: tell(event(invoice.number, id=next(ids))).json()["outcome"], 10)
    assert sorted(answers) == ["known"] * 7 + ["recorded"] * 3
    assert Payment.objects.count() == 1
    assert standing(invoice) == ("paid", 0)
