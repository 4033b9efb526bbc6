"""What is counted, summed up, filtered or put on a page is one's own, as what is listed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from billing.models import Invoice
from tests.scope.house import ABSENT, House
from tests.scope.table import ROLES, TABLE

pytestmark = pytest.mark.django_db
OWN_PAGES = ("/me/", "/me/book/", "/me/invoices/", "/me/notices/", "/me/settings/")
SUMS = ("/api/invoices/totals/", "/api/invoices/export/", "/api/invoices/aging/")
#: Whatever a filter may name.
NAMES = {
    "patient": "patient", "facility": "facility", "payer": "payer", "driver": "driver",
    "vehicle": "vehicle", "trip": "trip", "invoice": "invoice", "shift": "shift", "batch": "batch",
    "standing_order": "order", "with": "driver",
}  # fmt: skip
LISTS = [name.split()[1] for name, row in TABLE.items() if name.startswith("GET") and row.kind]


def api(house: House, who: str) -> Any:
    client = APIClient()
    client.force_authenticate(house.user(who))
    return client


def text_of(answer: Any) -> str:
    content = b"".join(answer) if answer.streaming else answer.content
    return content.decode()


@pytest.mark.parametrize("who", ["pia", "hugo"])
@pytest.mark.parametrize("path", SUMS + OWN_PAGES)
def test_sums_and_pages_hold_nothing_of_strangers(house: House, path: str, who: str) -> None:
    browser = Client()
    browser.force_login(house.user(who))
    client = browser if path in OWN_PAGES else api(house, who)
    answer = client.get(path)
    assert answer.status_code == 200
    numbers = [
        Invoice.objects.get(pk=house.foreign[kind].pk).number
        for kind in ("invoice", "facility_invoice")
    ]
    for word in ("Lars", "Westside", *numbers):
        assert word not in text_of(answer)


@pytest.mark.parametrize("who", ["pia", "hugo"])
def test_sums_are_of_ones_own_documents(house: House, who: str) -> None:
    own = Invoice.objects.get(pk=house.own_pk("invoice", who))
    [total] = api(house, who).get("/api/invoices/totals/").json()
    assert (total["documents"], total["total_cents"]) == (1, own.total_cents)
    rows = api(house, who).get("/api/invoices/aging/").json()["rows"]
    assert {row["debtor"] for row in rows} == {own.patient_id or own.facility_id}


def test_what_is_owed_is_not_for_the_dispatcher(house: House) -> None:
    for who, is_shown in (("dina", False), ("bea", True)):
        browser = Client()
        browser.force_login(house.user(who))
        assert ("owed" in browser.get("/manage/").context) is is_shown


@pytest.mark.parametrize("path", [one for one in LISTS if "<" not in one])
def test_no_filter_tells_that_a_strangers_object_is_there(house: House, path: str) -> None:
    for who, letter in zip(ROLES, TABLE[f"GET {path}"].who, strict=True):
        if letter not in "OX":
            continue
        for name, kind in NAMES.items():
            answers = [
                api(house, who).get(path, {name: pk}) for pk in (house.foreign[kind].pk, ABSENT)
            ]
            same(answers, (house.foreign[kind].pk, ABSENT))


def same(answers: list[Any], named: tuple[int, ...]) -> None:
    """But for the number that was asked for, which a refusal may repeat."""
    assert answers[0].status_code == answers[1].status_code, answers[0].content
    texts = [answer.content.decode() for answer in answers]
    if answers[0].status_code >= 400:
        texts = [re.sub(rf"\b{pk}\b", "<pk>", text) for text, pk in zip(texts, named, strict=True)]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("who", ["pia", "hugo"])
def test_a_quote_tells_nobody_which_payers_there_are(house: House, who: str) -> None:
    named = (house.foreign["payer"].pk, ABSENT)
    body = {"mobility": "ambulatory", "distance_m": 1_000}
    client = api(house, who)
    answers = [client.post("/api/rates/quote/", {**body, "payer": pk}) for pk in named]
    assert answers[0].status_code == 400
    same(answers, named)
    named = (house.foreign["trip"].pk, ABSENT)
    same([client.post("/api/rates/quote/", {"trip": pk}) for pk in named], named)


def test_an_endpoint_is_made_for_or_given_to_no_strangers_facility(house: House) -> None:
    client, named = api(house, "hugo"), (house.foreign["facility"].pk, ABSENT)
    own = f"/api/webhook-endpoints/{house.own['endpoint'].pk}/"
    made = {"url": "https://x.invalid/"}
    for answers in (
        [client.post("/api/webhook-endpoints/", {**made, "facility": pk}) for pk in named],
        [client.patch(own, {"facility": pk}) for pk in named],
    ):
        assert answers[0].status_code == 400
        assert "facility" in json.dumps(answers[0].json())
        same(answers, named)


@pytest.mark.parametrize("name", ["trip", "return_of"])
def test_a_page_finds_out_no_strangers_trip(house: House, name: str) -> None:
    for who in ("pia", "hugo"):
        browser = Client()
        browser.force_login(house.user(who))
        answers = [
            browser.get("/me/book/", {name: pk}) for pk in (house.foreign["trip"].pk, ABSENT)
        ]
        assert "Lars" not in text_of(answers[0])
        forms = [answer.context["form"].initial for answer in answers]
        assert forms[0] == forms[1]


@pytest.mark.parametrize("path", [one for one in LISTS if "<" not in one])
def test_a_number_that_no_key_has_is_no_error_of_ours(house: House, path: str) -> None:
    for name in NAMES:
        for value in (10**30, -1, "1.5", "NaN", "²"):
            assert api(house, "ada").get(path, {name: value}).status_code < 500, (name, value)
