"""`/api/invoices/`: who sees what, filters, sums, files, and what billers do."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing.invoices import issue_invoice
from billing.models import Invoice, Rate, UnpricedTrip
from tests.api.conftest import As
from tests.billing.backdating import backdated
from tests.cast import Cast
from tests.held_broker import HeldBroker
from trips.models import Company, Payer
from trips.queries import company_day
from users.models import Notification

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_broker")]


@pytest.fixture
def paid_by_plan(cast: Cast) -> Invoice:
    return issue_invoice(cast.trip_in("completed", payer=cast.payer).pk)


@pytest.fixture
def paid_by_pia(cast: Cast) -> Invoice:
    return issue_invoice(cast.trip_in("completed").pk)


@pytest.fixture
def paid_by_clinic(cast: Cast) -> Invoice:
    fields: dict[str, Any] = {"bill_to": "facility", "facility": cast.facility}
    return issue_invoice(cast.trip_in("completed", **fields).pk)


def test_everybody_sees_what_is_theirs_and_no_more(
    cast: Cast,
    as_user: As,
    paid_by_plan: Invoice,
    paid_by_pia: Invoice,
    paid_by_clinic: Invoice,
) -> None:
    everything = [paid_by_clinic, paid_by_pia, paid_by_plan]
    for user, theirs in (
        (cast.bea, everything),
        (cast.ada, everything),
        (cast.pia, [paid_by_pia]),
        (cast.hugo, [paid_by_clinic]),
        (cast.omar, []),
        (cast.dina, []),
        (cast.eve, []),
    ):
        client = as_user(user)
        rows = client.get("/api/invoices/").json()["results"]
        assert [row["id"] for row in rows] == [one.pk for one in theirs], user
        for one in everything:
            status = 200 if one in theirs else 404
            assert client.get(f"/api/invoices/{one.pk}/").status_code == status
            if one not in theirs:
                assert client.get(f"/api/invoices/{one.pk}/pdf/").status_code == 404
        sums = client.get("/api/invoices/totals/").json()
        assert sum(row["documents"] for row in sums) == len(theirs)
        lines = b"".join(client.get("/api/invoices/export/")).decode().splitlines()
        assert len(lines) == 1 + len(theirs)


@pytest.mark.parametrize("who", ["pia", "hugo", "dina", "omar", "eve"])
def test_only_who_manages_invoices_does_something_with_them(
    cast: Cast, as_user: As, paid_by_pia: Invoice, who: str
) -> None:
    client = as_user(getattr(cast, who))
    one = f"/api/invoices/{paid_by_pia.pk}"
    for path in (
        f"{one}/void/",
        f"{one}/resend/",
        "/api/invoices/issue/",
        "/api/invoices/reprice/",
    ):
        assert client.post(path, {}).status_code == 403, path
    assert client.get("/api/invoices/unpriced/").status_code == 403
    assert client.post("/api/statements/", {}).status_code == 403
    paid_by_pia.refresh_from_db()
    assert paid_by_pia.state == "issued"


def test_an_invoice_says_why_it_is_so_much(cast: Cast, as_user: As, paid_by_plan: Invoice) -> None:
    found = as_user(cast.bea).get(f"/api/invoices/{paid_by_plan.pk}/").json()
    assert found["debtor"] == {"kind": "payer", "id": cast.payer.pk, "name": "Regional Plan"}
    assert found["balance_cents"] == found["total_cents"] == found["subtotal_cents"]
    assert sum(line["amount_cents"] for line in found["lines"]) == found["subtotal_cents"]
    rate = Rate.objects.get(mobility="ambulatory")
    for line in found["lines"]:
        assert line["rate"] == rate.pk
        assert line["rule"]
    assert found["lines"][1]["evidence"]["source"].startswith("estimate")


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("", "plan pia clinic"),
        ("payer={payer}", "plan"),
        ("facility={facility}", "clinic"),
        ("patient={patient}", "pia"),
        ("trip={trip}", "pia"),
        ("state=sent", "plan"),
        ("state=sent&state=issued", "plan pia clinic"),
        ("overdue=true", "pia"),
        ("overdue=false", "plan clinic"),
        ("q=-000002", "pia"),
        ("q=nothing", ""),
        ("kind=copay", ""),
        ("issued_from={today}", "plan clinic"),
        ("issued_to={yesterday}", "pia"),
        ("served_from={today}", "plan pia clinic"),
        ("served_to={yesterday}", ""),
    ],
)
def test_lists_sums_and_files_are_narrowed_by_the_same_filters(
    cast: Cast,
    as_user: As,
    paid_by_plan: Invoice,
    paid_by_pia: Invoice,
    paid_by_clinic: Invoice,
    question: str,
    found: str,
) -> None:
    today = company_day(timezone.now())
    yesterday = today - timedelta(days=1)
    Invoice.objects.filter(pk=paid_by_plan.pk).update(state="sent")
    backdated(paid_by_pia, due_on=yesterday, issued_at=timezone.now() - timedelta(days=1))
    asked = question.format(
        payer=cast.payer.pk,
        facility=cast.facility.pk,
        patient=cast.patient.pk,
        trip=paid_by_pia.trip_id,
        today=today,
        yesterday=yesterday,
    )
    named = {"plan": paid_by_plan, "pia": paid_by_pia, "clinic": paid_by_clinic}
    wanted = {named[name].pk for name in found.split()}
    client = as_user(cast.bea)
    rows = client.get(f"/api/invoices/?{asked}").json()["results"]
    assert {row["id"] for row in rows} == wanted
    sums = client.get(f"/api/invoices/totals/?{asked}").json()
    assert sum(row["documents"] for row in sums) == len(wanted)
    file = b"".join(client.get(f"/api/invoices/export/?{asked}")).decode()
    assert len(list(csv.DictReader(io.StringIO(file)))) == len(wanted)


@pytest.mark.parametrize(
    "question",
    [
        "trip=x",
        "state=odd",
        "issued_from=soon",
        f"payer={10**30}",
        "overdue=perhaps",
        "trip=-1",
        "trip=1e30",
        "patient=NaN",
        "facility=99999999999999999999",
        "trip=1.5",
        "q=%00",
        "issued_to=0001-01-01",
        "issued_to=9999-12-31",
        "served_to=9999-12-31",
    ],
)
def test_a_bad_filter_is_400_or_finds_nothing(cast: Cast, as_user: As, question: str) -> None:
    answer = as_user(cast.bea).get(f"/api/invoices/?{question}")
    assert answer.status_code == 400 or answer.json()["count"] == 0


def test_sums_count_every_document_and_states_only_what_stands(
    cast: Cast, as_user: As, paid_by_plan: Invoice, paid_by_pia: Invoice
) -> None:
    client = as_user(cast.bea)
    assert client.post(f"/api/invoices/{paid_by_pia.pk}/void/", {"reason": "x"}).status_code == 200
    [sums] = client.get("/api/invoices/totals/").json()
    assert sums["documents"] == 3
    assert sums["total_cents"] == paid_by_plan.total_cents
    assert sums["states"] == {"issued": {"invoices": 1, "total_cents": paid_by_plan.total_cents}}


def test_the_file_has_the_currencys_decimals_and_no_formula(cast: Cast, as_user: As) -> None:
    Company.objects.update(currency="KWD")
    evil = Payer.objects.create(name="=HYPERLINK(1)")
    invoice = issue_invoice(cast.trip_in("completed", payer=evil).pk)
    answer = as_user(cast.bea).get("/api/invoices/export/")
    [row] = csv.DictReader(io.StringIO(b"".join(answer).decode()))
    assert row["debtor"] == "'=HYPERLINK(1)"
    assert row["total"] == f"{invoice.total_cents / 1_000:.3f}"
    assert answer["Content-Disposition"].startswith('attachment; filename="invoices-')


def test_a_page_of_many_takes_as_many_statements_as_one_of_few(cast: Cast, as_user: As) -> None:
    client, counts = as_user(cast.bea), []
    for _ in range(2):
        issue_invoice(cast.trip_in("completed", payer=cast.payer).pk)
        issue_invoice(cast.trip_in("completed").pk)
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/api/invoices/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- what billers do


def test_bea_takes_one_back_once_and_says_why(
    cast: Cast, as_user: As, paid_by_plan: Invoice
) -> None:
    client, path = as_user(cast.bea), f"/api/invoices/{paid_by_plan.pk}/void/"
    assert client.post(path, {}).status_code == 400
    assert client.post(path, {"reason": "wrong rider", "amount": 1}).status_code == 400
    credit = client.post(path, {"reason": "wrong rider"}).json()
    assert (credit["kind"], credit["corrects"]) == ("credit", paid_by_plan.pk)
    assert (credit["total_cents"], credit["balance_cents"]) == (-paid_by_plan.total_cents, 0)
    again = client.post(path, {"reason": "wrong rider"})
    assert again.status_code == 409
    taken = client.get(f"/api/invoices/{paid_by_plan.pk}/").json()
    assert (taken["state"], taken["credited_by"], taken["balance_cents"]) == (
        "void",
        credit["id"],
        0,
    )
    issued = client.post("/api/invoices/issue/", {"trip_id": paid_by_plan.trip_id}).json()
    assert (issued["kind"], issued["revision"]) == ("trip", 1)


def test_what_cannot_be_issued_is_said(cast: Cast, as_user: As) -> None:
    client = as_user(cast.bea)
    for trip_id in (10**12, cast.trip_in("scheduled").pk):
        answer = client.post("/api/invoices/issue/", {"trip_id": trip_id})
        assert answer.status_code == 409
        assert answer["Content-Type"] == "application/problem+json"
    assert client.post("/api/invoices/issue/", {"trip_id": "x"}).status_code == 400


def test_a_mail_is_repeated_when_bea_asks_and_not_while_one_is_on_its_way(
    cast: Cast, as_user: As, paid_by_plan: Invoice
) -> None:
    client, path = as_user(cast.bea), f"/api/invoices/{paid_by_plan.pk}/resend/"
    assert client.post(path).status_code == 200
    assert client.post(path).status_code == 409
    Notification.objects.update(state="sent")
    assert client.post(path).status_code == 200
    assert Notification.objects.filter(kind="invoice").count() == 2
    Payer.objects.update(email="")
    Notification.objects.update(state="sent")
    assert client.post(path).status_code == 409


def test_trips_without_a_price_are_listed_with_the_reason(cast: Cast, as_user: As) -> None:
    trip = cast.trip_in("completed", payer=cast.payer)
    UnpricedTrip.objects.create(trip=trip, reason="no rate", since=timezone.now())
    found = as_user(cast.bea).get("/api/invoices/unpriced/").json()
    assert found["count"] == 1
    assert found["results"][0]["trip"] == trip.pk
    assert found["results"][0]["payer"] == cast.payer.pk
    assert found["results"][0]["reason"] == "no rate"


def test_the_pdf_is_for_its_reader_and_no_cache(
    cast: Cast, as_user: As, paid_by_pia: Invoice, held_broker: HeldBroker
) -> None:
    answer = as_user(cast.pia).get(f"/api/invoices/{paid_by_pia.pk}/pdf/")
    assert answer.content.startswith(b"%PDF-")
    assert answer["Cache-Control"] == "private, no-store"
    assert paid_by_pia.number in answer["Content-Disposition"]
