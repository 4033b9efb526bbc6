"""Remittances from a file: each reference of a debtor is one payment, for the invoices it names.

Either the whole file is recorded or nothing of it. What a reference is known by is kept with its
payment, so the same file may come again.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from billing import remittance_sheet
from billing.allocations import Debtor, hold, locked
from billing.models import Invoice, Payment
from billing.money import exponent
from billing.payments import Money, record, successor_of
from billing.remittance_sheet import Entry
from trips.intake.manifest import Problem
from trips.queries import company_day
from users.models import User

MOST_ROWS = 2_000
MOST_CENTS = 2**31 - 1


@dataclass(slots=True)
class Remitted:
    """One payment of the file: its rows, and how much goes to which invoice."""

    debtor: Debtor
    reference: str
    on: date
    currency: str
    row: int
    amount_cents: int = 0
    shares: dict[int, int] = field(default_factory=dict)
    known: bool = False

    @property
    def key(self) -> str:
        """What it is known by."""
        return f"remittance:{self.debtor.kind}:{self.debtor.id}:{self.reference}"

    def shown(self) -> dict[str, Any]:
        """For the answer."""
        return {
            self.debtor.kind: self.debtor.id,
            "reference": self.reference,
            "received_on": self.on.isoformat(),
            "currency": self.currency,
            "amount_cents": self.amount_cents,
            "unallocated_cents": self.amount_cents - sum(self.shares.values()),
            "invoices": list(self.shares),
            "known": self.known,
        }


@dataclass(slots=True)
class Check:
    """What a file comes to."""

    rows: int = 0
    problems: list[Problem] = field(default_factory=list)
    payments: list[Remitted] = field(default_factory=list)
    recorded: bool = False

    def shown(self) -> dict[str, Any]:
        """For the answer."""
        new = [one for one in self.payments if not one.known]
        return {
            "rows": self.rows,
            "recorded": self.recorded,
            "new": len(new),
            "known": len(self.payments) - len(new),
            "errors": [asdict(problem) for problem in sorted(self.problems, key=_place)],
            "payments": [one.shown() for one in self.payments],
        }


def _place(problem: Problem) -> tuple[int, str]:
    return problem.row, problem.column


def receive(content: bytes, *, user: User, dry_run: bool) -> Check:
    """Check a file, and record it unless that is a dry run or anything is wrong with it.

    BadManifest where the file cannot be read.
    """
    entries, problems = remittance_sheet.read(content, MOST_ROWS, company_day(timezone.now()))
    checked = Check(len(entries) + len({problem.row for problem in problems}), problems)
    invoices = _invoices(entries, checked.problems)
    checked.payments = _payments(entries, invoices, checked.problems)
    with transaction.atomic():
        # In one order: two files with the same debtors must not wait for each other.
        for debtor in sorted({(one.debtor.kind, one.debtor.id) for one in checked.payments}):
            hold(Debtor(*debtor))
        _match_known(checked)
        _spread(checked)
        if not dry_run and not checked.problems:
            _record(checked, user)
    return checked


def _invoices(entries: Sequence[Entry], problems: list[Problem]) -> dict[str, Invoice]:
    """{number in the file: what is paid by it}; a revised one gives way to its revision."""
    numbers = {entry.invoice for entry in entries}
    named = Invoice.objects.filter(number__in=numbers).exclude(kind=Invoice.Kind.CREDIT)
    found = {invoice.number: invoice for invoice in named}
    for number, invoice in list(found.items()):
        if invoice.state == Invoice.State.VOID:
            later = successor_of(invoice)
            if later is None or Debtor.of(later) != Debtor.of(invoice):
                del found[number]
            else:
                found[number] = later
    for entry in entries:
        if entry.invoice not in found:
            problems.append(Problem(entry.row, "invoice", "No invoice to pay has this number."))
    return found


def _payments(
    entries: Sequence[Entry], invoices: dict[str, Invoice], problems: list[Problem]
) -> list[Remitted]:
    """Rows of one debtor and reference are one payment; its shares are what the rows say."""
    found: dict[tuple[Debtor, str], Remitted] = {}
    for entry in entries:
        if (invoice := invoices.get(entry.invoice)) is None:
            continue
        debtor = Debtor.of(invoice)
        new = Remitted(debtor, entry.reference, entry.on, invoice.currency, entry.row)
        payment = found.setdefault((debtor, entry.reference), new)
        cents = entry.amount.scaleb(exponent(invoice.currency))
        if wrong := _wrong(entry, invoice, payment, cents):
            problems.append(Problem(entry.row, *wrong))
            continue
        payment.shares[invoice.pk] = int(cents)
        payment.amount_cents += int(cents)
    return list(found.values())


def _wrong(
    entry: Entry, invoice: Invoice, payment: Remitted, cents: Decimal
) -> tuple[str, str] | None:
    if cents != int(cents):
        return "amount", f"{invoice.currency} has {exponent(invoice.currency)} decimals."
    if cents + payment.amount_cents > MOST_CENTS:
        return "amount", "More than any payment may be."
    if invoice.pk in payment.shares:
        return "invoice", "This reference names the invoice twice."
    if entry.on != payment.on:
        return "date", f"Row {payment.row} has another day for this reference."
    if invoice.currency != payment.currency:
        return "invoice", f"Row {payment.row} has another currency for this reference."
    return None


def _match_known(checked: Check) -> None:
    """Mark what is recorded already; the same reference with another amount is a problem."""
    keys = [one.key for one in checked.payments]
    there = {
        row["idempotency_key"]: (row["amount_cents"], row["received_on"])
        for row in Payment.objects.filter(idempotency_key__in=keys).values(
            "idempotency_key", "amount_cents", "received_on"
        )
    }
    for one in checked.payments:
        if one.key not in there:
            continue
        one.known = there[one.key] == (one.amount_cents, one.on)
        if not one.known:
            text = "This reference is recorded with another amount or day."
            checked.problems.append(Problem(one.row, "reference", text))


def _spread(checked: Check) -> None:
    """Cut each share to what is owed; the rest stays with its payment."""
    new = [one for one in checked.payments if not one.known]
    wanted = {pk for one in new for pk in one.shares}
    owed = {
        invoice.pk: max(invoice.balance_cents, 0) if invoice.state in Invoice.OPEN else 0
        for invoice in locked(wanted)
    }
    for one in new:
        for pk, cents in one.shares.items():
            one.shares[pk] = min(cents, owed[pk])
            owed[pk] -= one.shares[pk]
        one.shares = {pk: cents for pk, cents in one.shares.items() if cents}


def _record(checked: Check, user: User) -> None:
    for one in checked.payments:
        if one.known:
            continue
        money = Money(
            debtor=one.debtor,
            amount_cents=one.amount_cents,
            currency=one.currency,
            method=Payment.Method.REMITTANCE,
            received_on=one.on,
            reference=one.reference,
            key=one.key,
        )
        record(money, user=user, shares=list(one.shares.items()))
    checked.recorded = True
