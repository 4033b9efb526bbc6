"""The invoice's mail: queued once per invoice, composed with its PDF when it is sent."""

from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from billing.letters import invoice_letter, statement_letter
from billing.models import Invoice, Statement
from billing.pdf import document_of, statement_document_of
from users.mails import post
from users.models import Notification
from users.notifications import mail

ON_ITS_WAY = (Notification.State.QUEUED, Notification.State.CLAIMED)


def queue_invoice(invoice_id: int) -> str:
    """Handler of `invoice.issued`: mail it to who pays, once."""
    invoice = Invoice.objects.select_related("payer", "facility", "patient").get(pk=invoice_id)
    if not invoice.debtor.email:
        return f"invoice {invoice.number}: its debtor has no address"
    new = mail(
        kind="invoice",
        key=f"invoice:{invoice.pk}",
        address=invoice.debtor.email,
        trip_id=invoice.trip_id,
    )
    return f"invoice {invoice.number} {'queued' if new else 'already queued'}"


class NotMailable(Exception):
    """Nobody's address is known, or the mail is on its way already; the text says which."""


def queue_again(invoice_id: int) -> None:
    """Queue the invoice's mail once more, because a person asks for it; NotMailable."""
    with transaction.atomic():
        locked = Invoice.objects.select_for_update(of=("self",), no_key=True)
        invoice = locked.get(pk=invoice_id)
        if not invoice.debtor.email:
            raise NotMailable("Its debtor has no address.")
        key = f"invoice:{invoice_id}"
        sent = Notification.objects.filter(kind="invoice", trip_id=invoice.trip_id)
        sent = sent.filter(Q(key=key) | Q(key__startswith=f"{key}:"))
        if sent.filter(state__in=ON_ITS_WAY).exists():
            raise NotMailable("It is on its way.")
        again = f"{key}:{sent.count()}"
        mail(kind="invoice", key=again, address=invoice.debtor.email, trip_id=invoice.trip_id)


def compose_invoice(row: Notification) -> EmailMultiAlternatives:
    """The mail of an invoice, with the PDF attached."""
    invoices = Invoice.objects.select_related("corrects", "trip", "payer", "facility", "patient")
    invoice = invoices.get(pk=_id_of(row))
    pdf = document_of(invoice)
    return post(row, lambda reader: invoice_letter(invoice, pdf, reader))


def compose_statement(row: Notification) -> EmailMultiAlternatives:
    """The mail of a month's statement, with the PDF attached."""
    statement = Statement.objects.get(pk=_id_of(row))
    count, pdf = statement.items.count(), statement_document_of(statement)
    return post(row, lambda reader: statement_letter(statement, count, pdf, reader))


def mark_sent(row: Notification) -> None:
    """The mail server took the invoice's mail."""
    mailed = Invoice.objects.filter(pk=_id_of(row))
    mailed.filter(sent_at__isnull=True).update(sent_at=timezone.now())
    mailed.filter(state=Invoice.State.ISSUED).update(state=Invoice.State.SENT)


def _id_of(row: Notification) -> int:
    return int(row.key.split(":")[1])
