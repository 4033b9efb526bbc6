"""Invoices of a wanted amount and age, written as rows: what they rest on is of no matter here."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from typing import Any

from django.db import transaction
from django.utils import timezone

from billing.balances import with_balance
from billing.models import Invoice, InvoiceLine
from tests.cast import Cast
from trips.queries import company_day

_numbers = count(1)


def today() -> date:
    """In Stockholm."""
    return company_day(timezone.now())


def owe(
    cast: Cast, total_cents: int, *, due_in: int = 30, state: str = "sent", **fields: Any
) -> Invoice:
    """The payer (else whom `fields` name) owes this, due in so many days (negative: before)."""
    trip = fields.pop("trip", None) or cast.book(payer=cast.payer)
    if not fields.keys() & {"payer", "facility", "patient"}:
        fields["payer"] = cast.payer
    now = timezone.now()
    return _issue(
        **{
            "trip": trip,
            "state": state,
            "currency": "USD",
            "subtotal_cents": total_cents,
            "total_cents": total_cents,
            "served_on": today(),
            "issued_at": now,
            "sent_at": now,
            "due_on": today() + timedelta(days=due_in),
        }
        | fields
    )


def _issue(**columns: Any) -> Invoice:
    """With one line, as the database wants it."""
    with transaction.atomic():
        invoice = Invoice.objects.create(number=f"2099-{next(_numbers):06d}", **columns)
        cents = invoice.total_cents
        InvoiceLine.objects.create(
            invoice=invoice, position=1, code="A0120", description="Ride", quantity=1,
            unit="trip", unit_cents=cents, amount_cents=cents, rule="base",
        )  # fmt: skip
    return invoice


_SAME = ("trip", "payer", "facility", "patient", "currency", "due_on", "served_on")


def credit(invoice: Invoice) -> Invoice:
    """A credit note over all of it, as billing writes one; the invoice is void."""
    Invoice.objects.filter(pk=invoice.pk).update(state="void")
    return _issue(
        **{name: getattr(invoice, name) for name in _SAME},
        kind="credit",
        revision=next(_numbers),
        corrects=invoice,
        subtotal_cents=-invoice.total_cents,
        total_cents=-invoice.total_cents,
        issued_at=timezone.now(),
        state="sent",
    )


def revise(invoice: Invoice, total_cents: int) -> Invoice:
    """The next revision, in place of one that was credited."""
    return _issue(
        **{name: getattr(invoice, name) for name in (*_SAME, "kind", "issued_at", "sent_at")}
        | {"due_on": today() + timedelta(days=30)},
        revision=invoice.revision + 1,
        subtotal_cents=total_cents,
        total_cents=total_cents,
        state="sent",
    )


def standing(invoice: Invoice) -> tuple[str, int]:
    """(state, what is owed)."""
    found = with_balance(Invoice.objects.filter(pk=invoice.pk)).get()
    return found.state, found.balance_cents
