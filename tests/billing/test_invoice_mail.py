"""The invoice's mail goes once to who pays, with the PDF, and no name on the outside."""

from __future__ import annotations

import pytest
from django.test import TestCase

from billing.invoices import issue_invoice
from billing.mail import queue_invoice
from billing.models import Invoice
from billing.tasks import send_invoice_email
from tests.cast import Cast
from tests.fixtures_processes import Mailbox
from tests.held_broker import HeldBroker
from trips.models import Patient
from users.models import Notification

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("held_broker")]


@pytest.fixture
def invoice(cast: Cast) -> Invoice:
    return issue_invoice(cast.trip_in("completed", payer=cast.payer).pk)


def test_the_payer_gets_it_with_the_pdf_and_pia_does_not(
    invoice: Invoice, held_broker: HeldBroker, smtp_sink: Mailbox
) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        queue_invoice(invoice.pk)
    held_broker.deliver()
    [mail] = smtp_sink.messages
    assert mail["To"] == "claims@regional.invalid"
    assert mail["Subject"] == f"Invoice {invoice.number} from Nordic Care Rides"
    body = mail.get_body()
    assert body is not None
    assert "Pia" not in body.as_string()
    [pdf] = mail.iter_attachments()
    assert pdf.get_filename() == f"{invoice.number}.pdf"
    assert pdf.get_content_type() == "application/pdf"
    assert bytes(pdf.get_payload(decode=True)).startswith(b"%PDF-")
    invoice.refresh_from_db()
    assert invoice.state == "sent"
    assert invoice.sent_at is not None


def test_it_is_queued_once_however_often_it_is_asked_for(invoice: Invoice) -> None:
    answers = [queue_invoice(invoice.pk), send_invoice_email(invoice.pk)]
    assert answers == [
        f"invoice {invoice.number} queued",
        f"invoice {invoice.number} already queued",
    ]
    assert Notification.objects.count() == 1


def test_a_debtor_without_an_address_is_said_and_nothing_is_queued(cast: Cast) -> None:
    Patient.objects.update(email="")
    invoice = issue_invoice(cast.trip_in("completed").pk)
    assert queue_invoice(invoice.pk).endswith("has no address")
    assert not Notification.objects.exists()


def test_what_was_paid_before_the_mail_left_stays_paid(
    invoice: Invoice, held_broker: HeldBroker, smtp_sink: Mailbox
) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        queue_invoice(invoice.pk)
    Invoice.objects.update(state="paid")
    held_broker.deliver()
    assert len(smtp_sink.messages) == 1
    invoice.refresh_from_db()
    assert invoice.state == "paid"


def test_an_unknown_invoice_fails_at_once() -> None:
    result = send_invoice_email.apply((10**12,))
    assert type(result.result).__name__ == "InvalidArguments"
