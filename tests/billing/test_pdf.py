"""Documents: drawn from what is owed, kept in the storage, the same bytes for ever."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction

from billing.documents.content import Fact
from billing.invoices import issue_invoice, void
from billing.models import Invoice, InvoiceDocument, Statement, StatementDocument, StoredFile
from billing.money import written
from billing.pages import page_of_invoice
from billing.pdf import (
    DocumentDamaged,
    copy_of,
    document_of,
    draw_ahead,
    render,
    statement_document_of,
)
from billing.statement_pages import page_of_statement
from billing.statements import Account, close, first_of
from billing.tasks import draw_documents
from tests.billing.papers import is_tagged, is_whole, standards, title
from tests.cast import Cast
from tests.held_broker import HeldBroker
from tests.threads import at_once
from trips.models import Company, Patient

pytestmark = pytest.mark.django_db


@pytest.fixture
def invoice(cast: Cast) -> Invoice:
    return issue_invoice(cast.trip_in("completed").pk)


def values(facts: Any) -> dict[str, str]:
    return {fact.label: fact.value for fact in facts if isinstance(fact, Fact)}


def test_the_document_is_a_whole_pdf_with_the_invoices_number(invoice: Invoice) -> None:
    pdf = document_of(invoice)
    assert is_whole(pdf)
    assert is_tagged(pdf)
    assert standards(pdf) == {"A-3", "UA-1"}
    assert title(pdf) == f"Invoice {invoice.number}"


def test_the_document_stays_as_it_was_sent(invoice: Invoice) -> None:
    first = document_of(invoice)
    Company.objects.update(name="Renamed Rides")
    assert document_of(Invoice.objects.get(pk=invoice.pk)) == first
    assert render(Invoice.objects.get(pk=invoice.pk)) != first


def test_what_is_drawn_are_the_amounts_that_are_owed(invoice: Invoice) -> None:
    page = page_of_invoice(invoice)
    assert values(page.sums)["Total"] == f"USD {written(invoice.total_cents, 'USD')}"
    assert page.headline.value == values(page.sums)["Total"]
    assert [line.amount for line in page.lines] == [
        written(line.amount_cents, "USD") for line in invoice.lines.all()
    ]
    assert (page.receiver.name, list(page.receiver.below)) == ("Pia Ek", ["Götgatan 12"])
    assert values(page.service)["Rider"] == "Pia Ek"
    assert page.payment is not None
    assert values(page.payment.facts)["Reference"] == invoice.number


def test_each_line_says_what_it_rests_on(invoice: Invoice) -> None:
    miles = [line for line in page_of_invoice(invoice).lines if "miles" in line.text.lower()]
    assert "loaded miles" in miles[0].hint
    assert all(line.hint for line in page_of_invoice(invoice).lines)


def test_tax_and_its_percent_stand_above_the_total(cast: Cast) -> None:
    Company.objects.update(tax_name="Sales tax", tax_percent="7.250", tax_id="94-1")
    invoice = issue_invoice(cast.trip_in("completed").pk)
    page = page_of_invoice(invoice)
    assert list(values(page.sums)) == ["Subtotal", "Sales tax 7.25%", "Total"]
    assert values(page.sums)["Sales tax 7.25%"] == written(invoice.tax_cents, "USD")
    assert values(page.sender_facts) == {"Tax ID": "94-1"}


def test_a_copay_is_a_page_of_its_own_for_the_patient(cast: Cast) -> None:
    trip = cast.trip_in("completed", payer=cast.payer, copay_cents=300)
    issue_invoice(trip.pk)
    copay = Invoice.objects.get(trip=trip, kind="copay")
    page = page_of_invoice(copay)
    assert (page.title, page.receiver.name) == ("Co-pay invoice", "Pia Ek")
    assert page.headline.value == "USD 3.00"
    assert title(document_of(copay)) == f"Co-pay invoice {copay.number}"


def test_a_credit_note_asks_for_no_money_and_names_what_it_takes_back(
    cast: Cast, invoice: Invoice
) -> None:
    credit = void(invoice_id=invoice.pk, by=cast.bea, reason="Billed to the wrong plan.")
    page = page_of_invoice(credit)
    assert (page.title, page.payment) == ("Credit note", None)
    assert values(page.facts)["Corrects"] == invoice.number
    assert invoice.number in page.note
    assert "Billed to the wrong plan." in page.note
    assert values(page.sums)["Total"].startswith("USD −")
    assert is_whole(document_of(credit))


def test_a_copy_says_what_was_paid_and_the_document_does_not(cast: Cast, invoice: Invoice) -> None:
    issued = document_of(invoice)
    void(invoice_id=invoice.pk, by=cast.bea, reason="x")
    invoice = Invoice.objects.get(pk=invoice.pk)
    assert copy_of(invoice) != issued
    assert document_of(invoice) == issued
    half = page_of_invoice(invoice_open(invoice), paid_cents=100)
    assert values(half.sums)["Paid"] == "−1.00"
    balance = written(invoice.total_cents - 100, "USD")
    assert values(half.sums)["Balance due"] == f"USD {balance}" == half.headline.value
    assert half.stamp == ""
    full = page_of_invoice(invoice_open(invoice), paid_cents=invoice.total_cents)
    assert (full.stamp, full.payment, full.headline_note) == ("Paid", None, "")
    assert page_of_invoice(invoice, paid_cents=0).stamp == "Void"


def invoice_open(invoice: Invoice) -> Invoice:
    return Invoice(
        **{f.attname: getattr(invoice, f.attname) for f in Invoice._meta.fields}
        | {"state": Invoice.State.SENT}
    )


def test_a_patient_reads_it_in_their_language(invoice: Invoice) -> None:
    Patient.objects.update(language="es")
    page = page_of_invoice(Invoice.objects.get(pk=invoice.pk))
    assert (page.language, page.title) == ("es", "Factura")
    assert "Vence" in values(page.facts)
    Patient.objects.update(language="tlh")
    assert page_of_invoice(Invoice.objects.get(pk=invoice.pk)).title == "Invoice"


@pytest.mark.parametrize(("currency", "paper", "total"), [("EUR", "a4", 2), ("JPY", "a4", 0)])
def test_money_has_the_currencys_decimals(
    cast: Cast, currency: str, paper: str, total: int
) -> None:
    Company.objects.update(currency=currency)
    page = page_of_invoice(issue_invoice(cast.trip_in("completed").pk))
    assert page.paper == paper
    assert len(page.headline.value.partition(".")[2]) == total


@pytest.mark.parametrize(
    "name", ['#panic("no")', "משה كريم 山田 🚑", "\u200b\u202e\x07", "x" * 120]
)
def test_no_patients_name_makes_an_invoice_fail(invoice: Invoice, name: str) -> None:
    Patient.objects.update(name=name, address=name)
    assert is_whole(document_of(Invoice.objects.get(pk=invoice.pk)))


def test_a_logo_that_is_no_picture_makes_no_invoice_fail(invoice: Invoice) -> None:
    Company.objects.update(logo=b"\x89PNG broken")
    assert is_whole(document_of(invoice))


# --- kept


def test_a_document_is_a_row_that_names_a_sealed_file(invoice: Invoice) -> None:
    pdf = document_of(invoice)
    kept = InvoiceDocument.objects.get(invoice=invoice)
    assert kept.name.startswith(f"invoices/{invoice.number}-")
    assert kept.size_bytes == len(pdf)
    with default_storage.open(kept.name) as file:
        assert file.read() == pdf


def test_a_file_that_was_changed_or_lost_is_not_sent(invoice: Invoice) -> None:
    document_of(invoice)
    StoredFile.objects.update(content=b"%PDF-1.7 something else %%EOF")
    with pytest.raises(DocumentDamaged, match="not what was sent"):
        document_of(invoice)
    StoredFile.objects.all().delete()
    with pytest.raises(DocumentDamaged, match="not in the storage"):
        document_of(invoice)


def test_the_database_keeps_the_row_as_it_is(invoice: Invoice) -> None:
    document_of(invoice)
    for change in (
        "UPDATE billing_invoicedocument SET sha256 = ''",
        "DELETE FROM billing_invoicedocument",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


def test_new_invoices_are_drawn_ahead_once(cast: Cast) -> None:
    invoices = [issue_invoice(cast.trip_in("completed").pk) for _ in range(3)]
    assert draw_documents() == "3 documents drawn"
    assert draw_documents() == "0 documents drawn"
    first = InvoiceDocument.objects.get(invoice=invoices[0])
    assert is_whole(document_of(invoices[0]))
    assert InvoiceDocument.objects.get(invoice=invoices[0]).created_at == first.created_at


def test_an_invoice_that_cannot_be_drawn_stops_no_other(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = (issue_invoice(cast.trip_in("completed").pk) for _ in range(2))
    draw = render
    monkeypatch.setattr("billing.pdf.render", lambda one: 1 / 0 if one.pk == bad.pk else draw(one))
    assert draw_ahead() == 1
    assert list(InvoiceDocument.objects.values_list("invoice", flat=True)) == [good.pk]


def test_drawing_ahead_asks_the_database_no_more_for_each_line(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    for _ in range(4):
        issue_invoice(cast.trip_in("completed").pk)
    # Each: the company twice, the file, and the row in its savepoint.
    with django_assert_max_num_queries(2 + 4 * 9):
        assert draw_ahead() == 4


# --- statements


@pytest.fixture
def statement(cast: Cast) -> Statement:
    trips = [cast.trip_in("completed", payer=cast.payer) for _ in range(3)]
    invoices = [issue_invoice(trip.pk) for trip in trips]
    void(invoice_id=invoices[0].pk, by=cast.bea, reason="x")
    (made,) = close(Account(payer_id=cast.payer.pk), first_of(invoices[0].served_on))
    return made


def test_a_statement_lists_invoices_and_credit_notes_and_adds_up(statement: Statement) -> None:
    page = page_of_statement(statement)
    assert len(page.rows) == 4
    assert [len(row) for row in page.rows] == [len(page.columns)] * 4
    sums = values(page.sums)
    assert list(sums) == ["Invoiced", "Credited", "Total"]
    assert sums["Credited"].startswith("−")
    assert sums["Total"] == f"USD {written(statement.total_cents, 'USD')}"
    assert values(page.facts)["Trips"] == "3"


def test_a_statements_document_is_kept_too(statement: Statement) -> None:
    pdf = statement_document_of(statement)
    assert title(pdf) == f"Statement {statement.number}"
    assert statement_document_of(statement) == pdf
    assert StatementDocument.objects.get().name.startswith(f"statements/{statement.number}-")


@pytest.mark.django_db(transaction=True)
def test_six_threads_draw_and_keep_one_document(held_broker: HeldBroker, cast: Cast) -> None:
    invoice = issue_invoice(cast.trip_in("completed").pk)
    documents = at_once(lambda: document_of(invoice), 6)
    assert len(set(documents)) == 1
    assert is_whole(documents[0])
    assert InvoiceDocument.objects.count() == StoredFile.objects.count() == 1
