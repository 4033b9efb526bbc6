"""Recording money: what came in, what goes back, what never came. Nothing is edited or deleted.

`billing.allocations` has the locks, and where the money goes.
"""

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Sum

from billing.allocations import (
    Debtor,
    PaymentRefused,
    Shares,
    allocate_to,
    held,
    hold,
    locked,
    on_invoices,
    paid_by,
    put_on,
    take_off,
    unallocated,
)
from billing.models import Allocation, Invoice, Payment
from billing.money import written
from users.models import User

Reason, Kind = Allocation.Reason, Payment.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What came in."""

    debtor: Debtor
    amount_cents: int
    currency: str
    method: str
    received_on: date
    reference: str = ""
    note: str = ""
    key: str | None = None


def record(money: Money, *, user: User | None, shares: Shares | None = None) -> Payment:
    """Keep a payment and allocate it: by `shares`, or to the oldest invoices first.

    What is more than owed stays with the payment, to be allocated later. PaymentRefused where
    a share does not fit, and then nothing is kept.
    """
    with transaction.atomic():
        hold(money.debtor)
        payment = Payment.objects.create(
            **money.debtor.columns,
            amount_cents=money.amount_cents,
            currency=money.currency,
            method=money.method,
            reference=money.reference,
            note=money.note,
            received_on=money.received_on,
            recorded_by=user,
            idempotency_key=money.key,
        )
        allocate_to(payment, shares, user)
    return payment


def allocate(payment_id: int, *, user: User | None, shares: Shares | None = None) -> Payment:
    """Allocate what is left of a payment, as `record` does."""
    with transaction.atomic():
        payment = held(payment_id)
        allocate_to(payment, shares, user)
    return payment


def release(payment_id: int, *, user: User, invoice_id: int, amount_cents: int | None) -> Payment:
    """Take money off an invoice again (all of this payment's on it, or so much of it)."""
    with transaction.atomic():
        payment = held(payment_id)
        there = dict(on_invoices(payment)).get(invoice_id, 0)
        amount_cents = amount_cents or there
        if not 0 < amount_cents <= there:
            text = f"This payment has {written(there, payment.currency)} on that invoice."
            raise PaymentRefused("amount_cents" if there else "invoice", text)
        take_off(payment, [(invoice_id, amount_cents)], Reason.RELEASE, user)
    return payment


def refund(
    payment_id: int,
    *,
    user: User | None,
    amount_cents: int,
    method: str,
    received_on: date,
    reference: str = "",
    note: str = "",
    invoice_id: int | None = None,
) -> Payment:
    """Give money back: from `invoice_id`, else what is unallocated first, then the newest share.

    Never more than came in and was not given back yet. The refund's own row.
    """
    with transaction.atomic():
        payment = held(payment_id)
        left = _left(payment)
        if amount_cents > left:
            text = f"At most {written(left, payment.currency)} can be given back."
            raise PaymentRefused("amount_cents", text)
        shares = _shares_to_refund(payment, amount_cents, invoice_id)
        given = _correction(
            payment,
            Kind.REFUND,
            amount_cents,
            method=method,
            received_on=received_on,
            reference=reference,
            note=note,
            recorded_by=user,
        )
        take_off(payment, shares, Reason.REFUND, user)
    return given


def reverse(payment_id: int, *, user: User, received_on: date, note: str) -> Payment:
    """The payment never came (a bounced check): its invoices are owed again.

    What was refunded of it stays refunded. The reversal's own row.
    """
    with transaction.atomic():
        payment = held(payment_id)
        if not (left := _left(payment)):
            raise PaymentRefused("payment", "Nothing of this payment is left.")
        gone = _correction(
            payment,
            Kind.REVERSAL,
            left,
            method=payment.method,
            received_on=received_on,
            reference=payment.reference,
            note=note,
            recorded_by=user,
        )
        take_off(payment, on_invoices(payment), Reason.REVERSAL, user)
    return gone


def settle_credit_note(invoice_id: int) -> str:
    """Handler of `invoice.issued`: money on an invoice that was credited moves on.

    To the revision in its place as far as that is owed; the rest is the debtor's credit.
    """
    note = Invoice.objects.select_related("corrects").get(pk=invoice_id)
    credited = note.corrects
    if credited is None:
        return "not a credit note"
    with transaction.atomic():
        hold(Debtor.of(credited))
        moved = paid_by(credited)
        for payment, cents in moved:
            take_off(payment, [(credited.pk, cents)], Reason.CREDIT, None)
            _move_on(payment, cents, successor_of(credited))
    return f"{len(moved)} payments moved from invoice {credited.number}"


def _move_on(payment: Payment, cents: int, to: Invoice | None) -> None:
    if to is None or Debtor.of(to) != Debtor.of(payment) or to.currency != payment.currency:
        return
    [there] = locked([to.pk])
    if (cents := min(cents, there.balance_cents)) > 0 and there.state in Invoice.OPEN:
        put_on(payment, [(to.pk, cents)], None)


def successor_of(invoice: Invoice) -> Invoice | None:
    """The live invoice for the same trip and kind: itself, or a later revision; None if void."""
    live = Invoice.objects.filter(trip_id=invoice.trip_id, kind=invoice.kind)
    return live.exclude(state=Invoice.State.VOID).order_by("-revision").first()


# --- parts


def _left(payment: Payment) -> int:
    """What came in and was not given back."""
    back = payment.corrections.aggregate(sum=Sum("amount_cents"))["sum"] or 0
    return payment.amount_cents + back


def _shares_to_refund(payment: Payment, cents: int, invoice_id: int | None) -> Shares:
    there = dict(on_invoices(payment))
    if invoice_id is not None:
        if cents > there.get(invoice_id, 0):
            text = (
                f"{written(there.get(invoice_id, 0), payment.currency)} of it is on that invoice."
            )
            raise PaymentRefused("invoice", text)
        return [(invoice_id, cents)]
    cents -= min(cents, unallocated(payment))
    shares = []
    newest = payment.allocations.filter(reason=Reason.PAYMENT).order_by("-pk")
    for pk in dict.fromkeys(newest.values_list("invoice", flat=True)):
        if (share := min(cents, there.get(pk, 0))) > 0:
            shares.append((pk, share))
            cents -= share
    return shares


def _correction(payment: Payment, kind: str, cents: int, **fields: object) -> Payment:
    return Payment.objects.create(
        kind=kind,
        of=payment,
        amount_cents=-cents,
        currency=payment.currency,
        **Debtor.of(payment).columns,
        **fields,
    )
