"""The documents: drawn once, kept in the storage as they were sent, and the same bytes ever after.

The storage is Django's default one (`config.storage`): PostgreSQL, or S3 by setting.
"""

import hashlib
import logging
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.utils import timezone

from billing.balances import with_balance
from billing.documents.draw import draw
from billing.models import Invoice, InvoiceDocument, Statement, StatementDocument
from billing.pages import page_of_invoice
from billing.statement_pages import page_of_statement
from trips.models import Company

logger = logging.getLogger(__name__)

#: What is older and has no document was never asked for; it is drawn when somebody does.
AHEAD_FOR = timedelta(days=2)
AHEAD_SIZE = 1_000


class DocumentDamaged(Exception):
    """The storage holds other bytes than were sent, or none."""


def document_of(invoice: Invoice) -> bytes:
    """The invoice's PDF as it was issued; drawn on first use. DocumentDamaged."""
    kept = InvoiceDocument.objects.filter(pk=invoice.pk).first()
    return _read(kept or _keep_invoice(invoice))


def statement_document_of(statement: Statement) -> bytes:
    """The statement's PDF; drawn on first use. DocumentDamaged."""
    kept = StatementDocument.objects.filter(pk=statement.pk).first()
    if kept is None:
        file = _store("statements", statement.number, render_statement(statement))
        kept, _ = StatementDocument.objects.get_or_create(statement=statement, defaults=file)
    return _read(kept)


def copy_of(invoice: Invoice) -> bytes:
    """The invoice as it stands by now: what was paid, what is owed. Drawn anew, kept nowhere."""
    stands = with_balance(Invoice.objects.filter(pk=invoice.pk)).get()
    page = page_of_invoice(stands, paid_cents=stands.paid_cents)
    return draw(page, _logo())


def render(invoice: Invoice) -> bytes:
    """Draw the invoice as it was issued."""
    return draw(page_of_invoice(invoice), _logo())


def render_statement(statement: Statement) -> bytes:
    """Draw the statement."""
    return draw(page_of_statement(statement), _logo())


def draw_ahead() -> int:
    """Draw new invoices before anybody waits for them; how many. One that fails stops no other."""
    rows = list(_undrawn()[:AHEAD_SIZE])
    return sum(map(_drawn, rows))


def _undrawn() -> QuerySet[Invoice]:
    recent = Invoice.objects.filter(issued_at__gte=timezone.now() - AHEAD_FOR)
    joined = recent.select_related("trip__patient", "payer", "facility", "patient", "corrects")
    return joined.prefetch_related("lines").filter(document__isnull=True).order_by("issued_at")


def _drawn(invoice: Invoice) -> bool:
    try:
        _keep_invoice(invoice)
    except Exception as exc:
        logger.warning("invoice %d is not drawn ahead: %s", invoice.pk, type(exc).__name__)
        return False
    return True


def _logo() -> bytes | None:
    logo = Company.get().logo
    return bytes(logo) if logo else None


# --- the storage


def _keep_invoice(invoice: Invoice) -> InvoiceDocument:
    file = _store("invoices", invoice.number, render(invoice))
    kept, _ = InvoiceDocument.objects.get_or_create(invoice=invoice, defaults=file)
    return kept


def _store(folder: str, number: str, content: bytes) -> dict[str, Any]:
    """Write the file, then its row's fields: a row never names a file that is not there.

    The name holds a part of the seal: whoever draws the same at once writes the same file.
    """
    seal = hashlib.sha256(content).hexdigest()
    name = default_storage.save(f"{folder}/{number}-{seal[:16]}.pdf", ContentFile(content))
    return {"name": name, "sha256": seal, "size_bytes": len(content)}


def _read(kept: InvoiceDocument | StatementDocument) -> bytes:
    try:
        with default_storage.open(kept.name) as file:
            content: bytes = file.read()
    except FileNotFoundError:
        raise DocumentDamaged(f"{kept.name} is not in the storage") from None
    if hashlib.sha256(content).hexdigest() != kept.sha256:
        raise DocumentDamaged(f"{kept.name} is not what was sent")
    return content
