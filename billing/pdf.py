"""The invoice as a PDF, drawn by Typst from our own template and kept as it was sent."""

import json
from functools import cache
from pathlib import Path
from threading import Lock

import typst

from billing.models import Invoice, InvoiceDocument
from trips.models import Company

TEMPLATE = Path(__file__).parent / "templates/billing/invoice.typ"


def document_of(invoice: Invoice) -> bytes:
    """The invoice's PDF; rendered on first use, the same bytes ever after."""
    kept = InvoiceDocument.objects.filter(pk=invoice.pk).first()
    if kept is None:
        kept, _ = InvoiceDocument.objects.get_or_create(
            invoice=invoice, defaults={"content": render(invoice)}
        )
    return bytes(kept.content)


#: A compiler refuses a second thread while it draws.
_drawing = Lock()


@cache
def _compiler() -> typst.Compiler:
    # Kept alive: a new one reads fonts for a second, this one takes milliseconds.
    return typst.Compiler(input=TEMPLATE)


def render(invoice: Invoice) -> bytes:
    """Draw the PDF."""
    data = json.dumps(_content(invoice), ensure_ascii=False)
    with _drawing:
        pdf = _compiler().compile(format="pdf", sys_inputs={"invoice": data})
    if not isinstance(pdf, bytes):  # several files: pictures only
        raise TypeError("Typst drew something else than one PDF")
    return pdf


def _content(invoice: Invoice) -> dict[str, object]:
    company = Company.get()
    trip = invoice.trip
    served = trip.dropped_off_at or trip.state_since
    return {
        "number": invoice.number,
        "issued": f"{invoice.issued_at:%Y-%m-%d}",
        "due": f"{invoice.due_on:%Y-%m-%d}",
        "currency": invoice.currency,
        "total": money(invoice.total_cents),
        "company": {
            "name": company.name,
            "address": company.address,
            "phone": company.phone,
            "email": company.email,
        },
        "debtor": {"name": invoice.debtor.name, "address": invoice.debtor.address},
        "trip": {"id": trip.pk, "date": f"{served:%Y-%m-%d}", "rider": trip.patient.name},
        "lines": [
            {
                "code": line.code,
                "description": line.description,
                "quantity": f"{line.quantity.normalize():f} {line.unit}",
                "price": money(line.unit_cents),
                "amount": money(line.amount_cents),
            }
            for line in invoice.lines.all()
        ],
    }


def money(cents: int) -> str:
    """12345 as `123.45`, -5 as `-0.05`."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"
