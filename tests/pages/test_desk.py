"""Bea works on her pages: what she reads there is what the API says, and a form counts once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing.allocations import Debtor
from billing.models import Claim, ClaimFinding, Invoice, Payment, UnpricedTrip
from billing.payments import Money, record
from tests.billing.claimed import company_papers, drafted, driven, look, readied
from tests.billing.dues import owe, standing, today
from tests.cast import Cast, open_company
from trips.models import DayReport, DemandHour, TaskRun
from users.models import User

pytestmark = pytest.mark.django_db
PAGES = (
    "invoices",
    "payments",
    "payment-new",
    "remittance",
    "aging",
    "unpriced",
    "findings",
    "batches",
)


@pytest.fixture
def cast() -> Cast:
    return open_company()


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, route: str, *args: Any, status: int = 200, **query: Any) -> str:
    """The text of a page without its tags; a query's trailing underscore is cut off."""
    given = {name.rstrip("_"): value for name, value in query.items()}
    answer = client.get(reverse(f"desk:{route}", args=args), given)
    assert answer.status_code == status, answer.content[:500]
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def send(client: Client, route: str, *args: Any, **fields: Any) -> Any:
    return client.post(reverse(f"desk:{route}", args=args), fields, follow=True)


def form(client: Client, **query: Any) -> dict[str, Any]:
    """The fields of the form for a new payment, as they stand there."""
    found = client.get(reverse("desk:payment-new"), query).context["form"]
    values = {name: found[name].value() for name in found.fields}
    return {name: "" if value is None else value for name, value in values.items()}


@pytest.mark.parametrize("route", [*PAGES, "manage"])
def test_who_may_not_see_a_page_gets_403_and_strangers_the_login(cast: Cast, route: str) -> None:
    url = reverse(f"desk:{route}")
    assert client_of(cast.omar).get(url).status_code == 403
    assert client_of(cast.hugo).get(url).status_code == 403
    assert Client().get(url).headers["Location"].startswith("/accounts/login/")
    dispatcher = client_of(cast.dina).get(url).status_code
    assert dispatcher == (200 if route == "manage" else 403)


@pytest.mark.parametrize("route", [*PAGES, "manage"])
def test_every_page_says_something_in_a_company_without_rows(cast: Cast, route: str) -> None:
    assert "Billing" in page(client_of(cast.bea), route)


def test_the_list_shows_filters_and_sums(cast: Cast) -> None:
    bea = client_of(cast.bea)
    late = owe(cast, 123_456, due_in=-5, state="overdue")
    paid = owe(cast, 10_000, state="paid")
    text = page(bea, "invoices")
    assert late.number in text
    assert paid.number in text
    assert "1,334.56" in text
    assert "1,234.56" in text
    text = page(bea, "invoices", state="overdue", q="", payer="")
    assert late.number in text
    assert paid.number not in text
    assert "No invoice is like that" in page(bea, "invoices", q="nothing")


@pytest.mark.parametrize(
    "query", [{"state": "gone"}, {"served_from": "yesterday"}, {"payer": "x"}, {"q": "9" * 17}]
)
def test_a_filter_that_makes_no_sense_is_a_400_that_says_so(
    cast: Cast, query: dict[str, str]
) -> None:
    text = page(client_of(cast.bea), "invoices", status=400, **query)
    assert "This filter makes no sense" in text


def test_an_invoice_shows_lines_with_their_evidence_and_its_ledger(cast: Cast) -> None:
    trip = driven(cast)
    invoice = Invoice.objects.get(trip=trip)
    text = page(client_of(cast.bea), "invoice", invoice.pk)
    line = invoice.lines.get(code="S0209")
    assert line.rule in text
    assert "measured m" in text
    assert "Ledger" in text
    issued = invoice.issued_at.astimezone(ZoneInfo("Europe/Stockholm"))
    assert f"{issued:%H:%M}" in text
    assert "Pia Ek" in text
    assert client_of(cast.bea).get("/billing/invoices/999999/").status_code == 404


def test_a_payment_pays_the_invoice_from_which_bea_came_once(cast: Cast) -> None:
    bea, invoice = client_of(cast.bea), owe(cast, 5_000)
    fields = form(bea, invoice=invoice.number)
    assert str(fields["amount"]) == "50.00"
    fields |= {"amount": "60.00", "reference": "CHK-1", "method": "check"}
    assert "The payment was recorded." in send(bea, "payment-new", **fields).content.decode()
    send(bea, "payment-new", **fields)
    payment = Payment.objects.get()
    assert payment.amount_cents == 6_000
    assert payment.recorded_by == cast.bea
    assert standing(invoice) == ("paid", 0)
    assert "10.00" in page(bea, "payment", payment.pk)
    assert "CHK-1" in page(bea, "invoice", invoice.pk)
    assert "CHK-1" in page(bea, "payments", unallocated="true")


def test_a_form_sent_again_with_other_values_is_refused(cast: Cast) -> None:
    bea = client_of(cast.bea)
    owe(cast, 5_000)
    fields = form(bea) | {"debtor": f"payer-{cast.payer.pk}", "amount": "5", "method": "cash"}
    send(bea, "payment-new", **fields)
    answer = send(bea, "payment-new", **fields | {"amount": "6"})
    assert "sent before with other values" in answer.content.decode()
    assert Payment.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "0"},
        {"amount": "1.005"},
        {"amount": "99999999999"},
        {"amount": "much"},
        {"amount": "NaN"},
        {"debtor": "payer-999999"},
        {"debtor": ""},
        {"invoice": "2020-1"},
        {"method": "gold"},
        {"received_on": "2999-01-01"},
        {"key": "mine"},
    ],
)
def test_a_wrong_field_is_a_400_and_records_nothing(cast: Cast, wrong: dict[str, str]) -> None:
    bea = client_of(cast.bea)
    right = {"debtor": f"payer-{cast.payer.pk}", "amount": "5", "method": "cash"}
    answer = send(bea, "payment-new", **form(bea) | right | wrong)
    assert answer.status_code == 400
    assert not Payment.objects.exists()


def test_money_is_taken_off_put_back_and_reversed(cast: Cast) -> None:
    bea, invoice = client_of(cast.bea), owe(cast, 5_000)
    send(bea, "payment-new", **form(bea, invoice=invoice.number) | {"method": "check"})
    payment = Payment.objects.get()
    send(bea, "payment-release", payment.pk, invoice.pk)
    assert standing(invoice) == ("sent", 5_000)
    send(bea, "payment-allocate", payment.pk)
    assert standing(invoice) == ("paid", 0)
    assert "Say why." in send(bea, "payment-reverse", payment.pk, note=" ").content.decode()
    send(bea, "payment-reverse", payment.pk, note="it bounced")
    assert standing(invoice) == ("sent", 5_000)
    again = send(bea, "payment-reverse", payment.pk, note="it bounced")
    assert "Nothing of this payment is left." in again.content.decode()


def test_an_invoice_is_taken_back_with_a_reason(cast: Cast) -> None:
    bea, invoice = client_of(cast.bea), Invoice.objects.get(trip=driven(cast))
    send(bea, "invoice-void", invoice.pk)
    assert Invoice.objects.count() == 1
    text = send(bea, "invoice-void", invoice.pk, reason="billed twice").content.decode()
    assert "Taken back by credit note" in text
    assert Invoice.objects.get(pk=invoice.pk).state == "void"


def test_aging_names_debtors_and_buckets(cast: Cast) -> None:
    owe(cast, 7_700, due_in=-40)
    text = page(client_of(cast.bea), "aging")
    assert "Regional Plan" in text
    assert "77.00" in text


def test_an_unpriced_trip_is_tried_again(cast: Cast) -> None:
    bea, trip = client_of(cast.bea), cast.trip_in("completed", payer=cast.payer)
    UnpricedTrip.objects.create(trip=trip, reason="no rate fits", since=trip.created_at)
    assert "no rate fits" in page(bea, "unpriced")
    send(bea, "price", trip.pk)
    assert Invoice.objects.filter(trip=trip).exists() or "no rate" in page(bea, "unpriced")


def test_a_finding_is_mended_or_waived_where_it_stands(cast: Cast) -> None:
    bea, trip = client_of(cast.bea), driven(cast)
    look(cast)
    text = page(bea, "findings")
    assert "Blocked 1" in text
    by_code = {row.code: row for row in ClaimFinding.objects.filter(gone_at__isnull=True)}
    plate = by_code["plate_missing"]
    send(bea, "finding-waive", plate.pk, reason="seen on paper")
    assert "seen on paper" in page(bea, "findings", state="waived")
    send(bea, "finding-unwaive", plate.pk)
    trip.refresh_from_db()
    member = by_code["member_id_missing"]
    stale = {"expected_version": trip.version + 7, "member_id": "ZX12345678"}
    send(bea, "finding-mend", member.pk, **stale)
    assert "member_id_missing" in {row.code for row in _open()}
    send(bea, "finding-mend", member.pk, **stale | {"expected_version": trip.version})
    assert "member_id_missing" not in {row.code for row in _open()}
    assert "plate_missing" in {row.code for row in _open()}


def _open() -> list[ClaimFinding]:
    return list(ClaimFinding.objects.filter(gone_at__isnull=True, waived_at__isnull=True))


def test_a_check_is_a_job_whose_outcome_the_page_shows(cast: Cast) -> None:
    bea = client_of(cast.bea)
    days = {"first_day": today() - timedelta(days=1), "last_day": today()}
    answer = send(bea, "findings-check", payer=cast.payer.pk, **days)
    run = TaskRun.objects.get(owner=cast.bea)
    assert f"/api/tasks/{run.pk}/" in answer.content.decode()
    assert "makes no sense" in page(bea, "findings", status=400, from_="x")
    page(bea, "findings", task="forged")


def test_a_batch_is_drafted_sent_and_answered(cast: Cast) -> None:
    bea, trip = client_of(cast.bea), driven(cast)
    company_papers(cast)
    nothing = {"payer": cast.payer.pk, "first_day": "2020-01-01", "last_day": "2020-01-02"}
    assert "No trip of these days" in send(bea, "batch-draft", **nothing).content.decode()
    batch = drafted(cast)
    assert f" {trip.pk} " in page(bea, "batch", batch.pk)
    assert "Working" in send(bea, "batch-move", batch.pk, do="ready").content.decode()
    ClaimFinding.objects.all().delete()
    look(cast)
    row = ClaimFinding.objects.get(code="authorization_unknown", gone_at__isnull=True)
    send(bea, "finding-waive", row.pk, reason="agreed by phone")
    assert readied(cast, batch)["outcome"] == "ready"
    assert "Note as sent" in page(bea, "batch", batch.pk)
    send(bea, "batch-move", batch.pk, do="submit", reference="P-7")
    send(bea, "batch-accept", batch.pk)
    claim = Claim.objects.get()
    assert claim.state == "accepted"
    send(bea, "claim-answer", batch.pk, claim.pk, state="rejected")
    claim.refresh_from_db()
    assert claim.state == "accepted"
    send(bea, "claim-answer", batch.pk, claim.pk, state="paid")
    claim.refresh_from_db()
    assert claim.state == "paid"
    assert claim.paid_cents == claim.amount_cents
    assert "P-7" in page(bea, "batch", batch.pk)


def test_the_manager_sees_the_period_and_what_is_owed_only_if_she_may(cast: Cast) -> None:
    day = today()
    known = {"trips": 10, "completed": 8, "no_shows": 2, "pickups_due": 8, "pickups_on_time": 6}
    _report(day, **known)
    DemandHour.objects.create(day=day, hour=7, latitude_e2=5770, longitude_e2=1196, trips=10)
    owe(cast, 4_200)
    text = page(client_of(cast.bea), "manage")
    assert "75.0 %" in text
    assert "20.0 %" in text
    assert "42.00" in text
    assert "7:00: 10 trips" in text
    dina = page(client_of(cast.dina), "manage")
    assert "75.0 %" in dina
    assert "42.00" not in dina
    assert "makes no sense" in page(client_of(cast.bea), "manage", status=400, from_="x")
    year_ago = (day - timedelta(days=364)).isoformat()
    page(client_of(cast.bea), "manage", from_=year_ago, to=day.isoformat())


def _report(day: Any, **counters: int) -> None:
    DayReport.objects.create(day=day, computed_at=timezone.now(), **counters)


def test_the_pages_speak_spanish(cast: Cast) -> None:
    owe(cast, 5_000, due_in=-3, state="overdue")
    bea = client_of(cast.bea)
    bea.defaults["HTTP_ACCEPT_LANGUAGE"] = "es"
    assert "Saldo vencido" in page(bea, "invoices")
    assert "Recogidas a tiempo" in page(bea, "manage")


def test_money_is_given_back_but_never_more_than_came(cast: Cast) -> None:
    bea, invoice = client_of(cast.bea), owe(cast, 5_000)
    send(bea, "payment-new", **form(bea, invoice=invoice.number) | {"method": "check"})
    payment = Payment.objects.get()
    key = bea.get(reverse("desk:payment", args=[payment.pk])).context["key"]
    wanted = {"amount": "50.01", "method": "check", "note": "paid twice", "key": key}
    refused = send(bea, "payment-refund", payment.pk, **wanted)
    assert "At most 50.00 can be given back." in refused.content.decode()
    send(bea, "payment-refund", payment.pk, **wanted | {"amount": "0.001"})
    assert Payment.objects.count() == 1
    for _ in range(2):
        send(bea, "payment-refund", payment.pk, **wanted | {"amount": "20"})
    assert standing(invoice) == ("partly_paid", 2_000)


@pytest.mark.parametrize(
    ("do", "amount", "status", "says", "kept"),
    [
        ("check", "50", 200, "Payments that would be new: 1", 0),
        ("record", "50", 200, "New payments: 1", 1),
        ("record", "-3", 400, "These rows are wrong", 0),
    ],
)
def test_a_remittance_file_is_checked_and_recorded_whole(
    cast: Cast, do: str, amount: str, status: int, says: str, kept: int
) -> None:
    bea, invoice = client_of(cast.bea), owe(cast, 5_000)
    text = f"invoice,amount,date,reference\n{invoice.number},{amount},{today()},CHK-9\n"
    file = SimpleUploadedFile("paid.csv", text.encode())
    answer = send(bea, "remittance", do=do, file=file)
    assert answer.status_code == status
    assert says in answer.content.decode()
    assert Payment.objects.count() == kept
    assert (amount == "-3") == ("amount" in answer.content.decode().split("<tbody>")[-1])


def test_a_remittance_without_a_readable_file_is_a_400(cast: Cast) -> None:
    bea = client_of(cast.bea)
    assert send(bea, "remittance").status_code == 400
    broken = SimpleUploadedFile("paid.csv", b"\xff\xfe\x00")
    assert send(bea, "remittance", file=broken).status_code == 400


@pytest.mark.parametrize("route", ["invoices", "payments", "unpriced", "findings", "aging"])
def test_a_longer_list_takes_no_more_statements(
    cast: Cast, route: str, django_assert_max_num_queries: Any
) -> None:
    bea = client_of(cast.bea)
    _rows(cast, 2)
    with CaptureQueriesContext(connection) as few:
        page(bea, route)
    _rows(cast, 5)
    with django_assert_max_num_queries(len(few)):
        page(bea, route)


def _rows(cast: Cast, n: int) -> None:
    for _ in range(n):
        trip = cast.book(payer=cast.payer)
        invoice = owe(cast, 5_000, trip=trip)
        UnpricedTrip.objects.create(trip=trip, reason="no rate fits", since=timezone.now())
        money = Money(
            debtor=Debtor("payer", cast.payer.pk),
            amount_cents=100,
            currency="USD",
            method="cash",
            received_on=today(),
        )
        record(money, user=cast.bea, shares=[(invoice.pk, 100)])
        driven(cast, n=invoice.pk)
    look(cast)
