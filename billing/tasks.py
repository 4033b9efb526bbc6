"""The billing tasks: thin doors to `billing.invoices` and `billing.mail`."""

from celery import shared_task

from billing import invoices, mail
from billing.models import Invoice
from config.arguments import InvalidArguments


@shared_task
def generate_invoice(trip_id: int) -> str:
    """Issue a completed trip's invoice, or find it; its number."""
    try:
        return invoices.issue_invoice(trip_id).number
    except invoices.NotBillable as exc:
        raise InvalidArguments(str(exc)) from None


@shared_task
def send_invoice_email(invoice_id: int) -> str:
    """Queue the invoice's mail to who pays, once."""
    try:
        return mail.queue_invoice(invoice_id)
    except Invoice.DoesNotExist:
        raise InvalidArguments(f"there is no invoice {invoice_id}") from None


@shared_task
def process_overdue_invoices() -> str:
    """Mark what is past its due day."""
    return f"{invoices.mark_overdue()} invoices became overdue"
