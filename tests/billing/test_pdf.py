"""The invoice's PDF: a real one, the same bytes for ever, whatever people are called."""

from __future__ import annotations

import pytest

from billing.invoices import issue_invoice
from billing.models import Invoice, InvoiceDocument
from billing.pdf import _content, document_of, money, render
from tests.cast import Cast
from tests.held_broker import HeldBroker
from tests.threads import at_once
from trips.models import Company, Patient

pytestmark = pytest.mark.django_db


@pytest.fixture
def invoice(cast: Cast) -> Invoice:
    return issue_invoice(cast.trip_in("completed").pk)


def is_pdf_of(invoice: Invoice, content: bytes) -> bool:
    """A whole PDF of one page, entitled with the invoice's number."""
    title = f"(Invoice {invoice.number})".encode()
    whole = content.startswith(b"%PDF-1.") and content.rstrip().endswith(b"%%EOF")
    return whole and title in content and content.count(b"/Type/Page\n") <= 1


def test_the_document_is_a_whole_pdf_with_the_invoices_number(invoice: Invoice) -> None:
    assert is_pdf_of(invoice, document_of(invoice))


def test_the_document_stays_as_it_was_sent(invoice: Invoice) -> None:
    first = document_of(invoice)
    Company.objects.update(name="Renamed Rides")
    assert document_of(Invoice.objects.get(pk=invoice.pk)) == first
    assert render(Invoice.objects.get(pk=invoice.pk)) != first


def test_what_is_drawn_are_the_amounts_that_are_owed(invoice: Invoice) -> None:
    content = _content(invoice)
    lines = content["lines"]
    assert isinstance(lines, list)
    assert content["total"] == money(invoice.total_cents)
    assert [line["amount"] for line in lines] == [
        money(line.amount_cents) for line in invoice.lines.all()
    ]
    assert content["debtor"] == {"name": "Pia Ek", "address": "Götgatan 12"}


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "0.00"),
        (5, "0.05"),
        (-5, "-0.05"),
        (12_345, "123.45"),
        (123_456_789, "1,234,567.89"),
        (-150, "-1.50"),
    ],
)
def test_money_is_written_with_two_decimals(cents: int, text: str) -> None:
    assert money(cents) == text


@pytest.mark.parametrize(
    "name",
    [
        '#panic("no")',
        "]*_$ #let x = 1; @ref <label> \\ // /* `raw",
        "Žofie Nguyễn-Łukasiewicz",
        "משה كريم 山田 🚑",
        "\u200b\u202e\x07",
        "x" * 120,
    ],
)
def test_no_patients_name_makes_an_invoice_fail(invoice: Invoice, name: str) -> None:
    Patient.objects.update(name=name, address=name)
    assert is_pdf_of(invoice, document_of(Invoice.objects.get(pk=invoice.pk)))


@pytest.mark.django_db(transaction=True)
def test_six_threads_draw_and_keep_one_document(held_broker: HeldBroker, cast: Cast) -> None:
    invoice = issue_invoice(cast.trip_in("completed").pk)
    drawn = at_once(lambda: [len(render(invoice)) for _ in range(5)], 6)
    assert [type(answer) for answer in drawn] == [list] * 6  # none refused: "already borrowed"
    documents = at_once(lambda: document_of(invoice), 6)
    assert len(set(documents)) == 1
    assert is_pdf_of(invoice, documents[0])
    assert InvoiceDocument.objects.count() == 1
