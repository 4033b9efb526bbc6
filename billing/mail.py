"""The invoice's mail: queued once per invoice, composed with its PDF when it is sent."""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone

from billing.models import Invoice
from billing.pdf import document_of
from trips.models import Company
from users.models import Notification
from users.notifications import mail


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


def compose_invoice(row: Notification) -> EmailMultiAlternatives:
    """The mail of an invoice, with the PDF attached."""
    invoice = Invoice.objects.get(pk=_invoice_id(row))
    company = Company.get()
    context = {"invoice": invoice, "company": company, "total": invoice.total_cents / 100}
    message = EmailMultiAlternatives(
        subject=f"Invoice {invoice.number} from {company.name}",
        body=render_to_string("billing/mail/invoice.txt", context),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[row.address],
        reply_to=[company.email] if company.email else None,
    )
    message.attach(f"{invoice.number}.pdf", document_of(invoice), "application/pdf")
    return message


def mark_sent(row: Notification) -> None:
    """The mail server took the invoice's mail."""
    Invoice.objects.filter(pk=_invoice_id(row), state=Invoice.State.ISSUED).update(
        state=Invoice.State.SENT, sent_at=timezone.now()
    )


def _invoice_id(row: Notification) -> int:
    return int(row.key.partition(":")[2])
