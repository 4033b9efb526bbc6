"""Invoices as time would have made them: past the trigger that forbids it, as the owner."""

from __future__ import annotations

from django.db import connection

from billing.models import Invoice


def backdated(invoice: Invoice, **columns: object) -> Invoice:
    """The invoice with other columns, e.g. `due_on`."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE billing_invoice DISABLE TRIGGER keep_issued")
        Invoice.objects.filter(pk=invoice.pk).update(**columns)
        cursor.execute("ALTER TABLE billing_invoice ENABLE TRIGGER keep_issued")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    invoice.refresh_from_db()
    return invoice
