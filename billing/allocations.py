"""Where money goes: single file per debtor, locks in one order, states that follow at once.

`hold` makes the next movement of a debtor's money wait for the one under way; invoices are then
locked in the order of their ids, and read again once they are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from billing.balances import with_balance, with_unallocated
from billing.models import Allocation, Invoice, Payment
from billing.money import written
from trips.queries import company_day
from users.models import User

State, Reason = Invoice.State, Allocation.Reason
#: Open invoices looked at together, to see how far a payment reaches.
PAGE = 100
#: (invoice id, cents)
Shares = Sequence[tuple[int, int]]


class PaymentRefused(ValueError):
    """The money cannot go there; `field` is what is wrong with the request."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True, slots=True)
class Debtor:
    """Who owes and pays: `kind` is payer, facility or patient."""

    kind: str
    id: int

    @classmethod
    def of(cls, row: Invoice | Payment) -> "Debtor":
        """The debtor of an invoice or a payment."""
        for kind in ("payer", "facility", "patient"):
            if (found := getattr(row, f"{kind}_id")) is not None:
                return cls(kind, found)
        raise ValueError(f"{row!r} has no debtor")  # the database forbids it

    @property
    def columns(self) -> dict[str, int]:
        """For filters and new rows."""
        return {f"{self.kind}_id": self.id}


def hold(debtor: Debtor) -> None:
    """Until the transaction ends no other money of this debtor moves."""
    with connection.cursor() as cursor:
        name = f"billing.debtor {debtor.kind} {debtor.id}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def held(payment_id: int) -> Payment:
    """The payment, held; Payment.DoesNotExist."""
    payment = Payment.objects.get(pk=payment_id)
    if payment.kind != Payment.Kind.PAYMENT:
        raise PaymentRefused("payment", f"This is a {payment.kind}, not a payment.")
    hold(Debtor.of(payment))
    return payment


def unallocated(payment: Payment) -> int:
    """What of the payment is on no invoice and was not given back."""
    found = with_unallocated(Payment.objects.filter(pk=payment.pk)).get()
    cents: int = found.unallocated_cents
    return cents


def on_invoices(payment: Payment) -> list[tuple[int, int]]:
    """(invoice, cents of this payment on it), by id."""
    sums = payment.allocations.values("invoice").annotate(sum=Sum("amount_cents"))
    return [(row["invoice"], row["sum"]) for row in sums.filter(sum__gt=0).order_by("invoice")]


def paid_by(invoice: Invoice) -> list[tuple[Payment, int]]:
    """(payment, its cents on the invoice), by id."""
    sums = invoice.allocations.values("payment").annotate(sum=Sum("amount_cents"))
    found = {row["payment"]: row["sum"] for row in sums.filter(sum__gt=0)}
    return [(one, found[one.pk]) for one in Payment.objects.filter(pk__in=found).order_by("pk")]


def allocate_to(payment: Payment, shares: Shares | None, user: User | None) -> None:
    """Put what is free of a held payment on `shares`, or on the oldest invoices first."""
    free = unallocated(payment)
    if shares is None:
        wanted = _oldest(payment, free)
        open_ = [invoice for invoice in locked(wanted) if invoice.state in Invoice.OPEN]
        shares = _spread(free, sorted(open_, key=lambda found: wanted.index(found.pk)))
    else:
        _check(payment, free, shares)
    put_on(payment, shares, user)


def _oldest(payment: Payment, cents: int) -> list[int]:
    """Ids of so many open invoices of the debtor, first due first, as the money may reach."""
    open_ = Invoice.objects.filter(
        **Debtor.of(payment).columns, currency=payment.currency, state__in=Invoice.OPEN
    ).exclude(kind=Invoice.Kind.CREDIT)
    # Page by page: with a limit the database adds up the balances of these alone.
    rows = with_balance(open_).order_by("due_on", "pk").values_list("pk", "balance_cents")
    found: list[int] = []
    while cents > 0 and (page := list(rows[len(found) : len(found) + PAGE])):
        for pk, balance_cents in page:
            cents -= max(balance_cents, 0)
            found.append(pk)
    return found


def _spread(cents: int, invoices: Iterable[Invoice]) -> list[tuple[int, int]]:
    shares = []
    for invoice in invoices:
        if (share := min(cents, getattr(invoice, "balance_cents", 0))) > 0:
            shares.append((invoice.pk, share))
            cents -= share
    return shares


def _check(payment: Payment, free: int, shares: Shares) -> None:
    """PaymentRefused unless every share fits its invoice, and all of them the payment."""
    wanted = dict(shares)
    if len(wanted) < len(shares):
        raise PaymentRefused("allocations", "An invoice is named twice.")
    if sum(wanted.values()) > free:
        text = f"{written(free, payment.currency)} of the payment is not allocated yet."
        raise PaymentRefused("allocations", text)
    found = {invoice.pk: invoice for invoice in locked(wanted)}
    for pk, cents in wanted.items():
        invoice = found.get(pk)
        if invoice is None or Debtor.of(invoice) != Debtor.of(payment):
            raise PaymentRefused("allocations", f"Invoice {pk} is none of this debtor.")
        if invoice.currency != payment.currency:
            raise PaymentRefused("allocations", f"Invoice {pk} is in {invoice.currency}.")
        owed = invoice.balance_cents if invoice.state in Invoice.OPEN else 0
        if not 0 < cents <= owed:
            text = f"{written(owed, payment.currency)} is owed on invoice {pk}."
            raise PaymentRefused("allocations", text)


def put_on(payment: Payment, shares: Shares, user: User | None) -> None:
    """Money of a held payment goes to invoices, which follow."""
    _move(payment, shares, Reason.PAYMENT, user)


def take_off(payment: Payment, shares: Shares, reason: str, user: User | None) -> None:
    """Money of a held payment leaves invoices, which follow."""
    _move(payment, [(pk, -cents) for pk, cents in shares], reason, user)


def _move(payment: Payment, shares: Shares, reason: str, user: User | None) -> None:
    ids = [pk for pk, _ in shares]
    locked(ids)
    Allocation.objects.bulk_create(
        Allocation(
            payment=payment, invoice_id=pk, amount_cents=cents, reason=reason, recorded_by=user
        )
        for pk, cents in shares
    )
    follow(ids)


def locked(invoice_ids: Iterable[int]) -> list[Any]:
    """The invoices with their balances as they are now; locked in the order of their ids."""
    ids = list(invoice_ids)
    rows = Invoice.objects.filter(pk__in=ids).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk"))
    # Another statement: this one sees what was committed while we waited.
    return list(with_balance(rows))


def follow(invoice_ids: Iterable[int]) -> None:
    """Set the states of locked invoices by what is owed; what is void or a credit note stays."""
    today = company_day(timezone.now())
    for invoice in locked(invoice_ids):
        state = state_of(invoice, today)
        if state != invoice.state:
            Invoice.objects.filter(pk=invoice.pk).update(state=state)


def state_of(invoice: Any, today: date) -> str:
    """The state of an invoice that was read `with_balance`."""
    if invoice.state == State.VOID or invoice.kind == Invoice.Kind.CREDIT:
        return str(invoice.state)
    if invoice.balance_cents <= 0:
        return State.PAID
    if invoice.due_on < today:
        return State.OVERDUE
    if invoice.paid_cents > 0:
        return State.PARTLY_PAID
    return State.SENT if invoice.sent_at else State.ISSUED
