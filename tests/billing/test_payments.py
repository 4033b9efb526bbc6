"""Money in, money back, money that never came: what is owed always follows, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from billing import payments
from billing.allocations import Debtor, PaymentRefused
from billing.balances import with_unallocated
from billing.models import Allocation, Invoice, Payment
from billing.payments import Money
from tests.billing.dues import credit, owe, revise, standing, today
from tests.cast import Cast
from tests.threads import at_once

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)
Shares = list[tuple[int, int]] | None


def pay(cast: Cast, cents: int, shares: Shares = None, **fields: Any) -> Payment:
    """A check of the payer, recorded by Bea."""
    money: dict[str, Any] = {
        "debtor": Debtor("payer", cast.payer.pk),
        "currency": "USD",
        "method": "check",
        "received_on": today(),
    }
    return payments.record(
        Money(**money | {"amount_cents": cents} | fields), user=cast.bea, shares=shares
    )


def give_back(cast: Cast, payment: Payment, cents: int, **fields: Any) -> Payment:
    return payments.refund(
        payment.pk, user=cast.bea, amount_cents=cents, method="check", received_on=today(), **fields
    )


def bounce(cast: Cast, payment: Payment) -> Payment:
    return payments.reverse(payment.pk, user=cast.bea, received_on=today(), note="bounced")


def unallocated(payment: Payment) -> int:
    cents: int = with_unallocated(Payment.objects.filter(pk=payment.pk)).get().unallocated_cents
    return cents


# --- in


def test_a_payment_goes_to_what_is_due_first_and_the_rest_is_credit(cast: Cast) -> None:
    later, first, second = (owe(cast, 5_000, due_in=days) for days in (30, -9, 3))
    payment = pay(cast, 12_000)
    assert standing(first) == ("paid", 0)
    assert standing(second) == ("paid", 0)
    assert standing(later) == ("partly_paid", 3_000)
    assert unallocated(pay(cast, 3_001)) == 1
    assert standing(later) == ("paid", 0)
    assert unallocated(payment) == 0


@pytest.mark.parametrize(
    ("due_in", "paid", "becomes"),
    [(5, 0, "sent"), (5, 1, "partly_paid"), (5, 100, "paid"), (0, 1, "partly_paid"),
     (-1, 1, "overdue"), (-1, 100, "paid")],
)  # fmt: skip
def test_the_state_follows_what_is_owed_and_the_due_day(
    cast: Cast, due_in: int, paid: int, becomes: str
) -> None:
    invoice = owe(cast, 100, due_in=due_in)
    if paid:
        pay(cast, paid, [(invoice.pk, paid)])
    assert standing(invoice) == (becomes, 100 - paid)


def test_shares_go_where_they_are_told_and_nowhere_else(cast: Cast) -> None:
    old, new = owe(cast, 5_000, due_in=-40, state="overdue"), owe(cast, 5_000)
    payment = pay(cast, 4_000, [(new.pk, 3_000)])
    assert standing(old) == ("overdue", 5_000)
    assert standing(new) == ("partly_paid", 2_000)
    assert unallocated(payment) == 1_000


def _somebody_elses(cast: Cast) -> Invoice:
    return owe(cast, 100, patient=cast.patient)


def _in_euros(cast: Cast) -> Invoice:
    return owe(cast, 100, currency="EUR")


def _void(cast: Cast) -> Invoice:
    return owe(cast, 100, state="void")


@pytest.mark.parametrize(
    ("make", "cents", "why"),
    [(lambda cast: owe(cast, 99), 100, "0.99 is owed"),
     (lambda cast: owe(cast, 500), 101, "1.00 of the payment"),
     (_somebody_elses, 100, "none of this debtor"),
     (_in_euros, 100, "is in EUR"),
     (_void, 100, "0.00 is owed")],
)  # fmt: skip
def test_a_share_that_does_not_fit_is_refused_and_no_payment_is_kept(
    cast: Cast, make: Callable[[Cast], Invoice], cents: int, why: str
) -> None:
    invoice = make(cast)
    with pytest.raises(PaymentRefused, match=why):
        pay(cast, 100, [(invoice.pk, cents)])
    assert not Payment.objects.exists()


def test_other_currencies_and_other_debtors_are_not_paid_by_chance(cast: Cast) -> None:
    others = [_somebody_elses(cast), _in_euros(cast), _void(cast)]
    assert unallocated(pay(cast, 1_000)) == 1_000
    assert [standing(one)[1] for one in others] == [100, 100, 100]


def test_credit_is_allocated_later_and_money_on_the_wrong_invoice_is_moved(cast: Cast) -> None:
    payment = pay(cast, 1_000)
    wrong, right = owe(cast, 1_000), owe(cast, 800)
    payments.allocate(payment.pk, user=cast.bea, shares=[(wrong.pk, 700)])
    payments.release(payment.pk, user=cast.bea, invoice_id=wrong.pk, amount_cents=None)
    assert standing(wrong) == ("sent", 1_000)
    payments.allocate(payment.pk, user=cast.bea, shares=[(right.pk, 800)])
    assert (standing(right), unallocated(payment)) == (("paid", 0), 200)
    with pytest.raises(PaymentRefused, match=r"0\.00 on that invoice"):
        payments.release(payment.pk, user=cast.bea, invoice_id=wrong.pk, amount_cents=1)


# --- back


def test_a_refund_takes_the_credit_first_and_then_the_newest_share(cast: Cast) -> None:
    old, new = owe(cast, 1_000, due_in=1), owe(cast, 1_000, due_in=2)
    payment = pay(cast, 2_500)
    refund = give_back(cast, payment, 700)
    assert (refund.amount_cents, refund.of, unallocated(payment)) == (-700, payment, 0)
    assert standing(old) == ("paid", 0)
    assert standing(new) == ("partly_paid", 200)
    give_back(cast, payment, 400, invoice_id=old.pk)
    assert standing(old) == ("partly_paid", 400)


def test_no_more_is_given_back_than_came_in(cast: Cast) -> None:
    payment = pay(cast, 1_000)
    give_back(cast, payment, 600)
    with pytest.raises(PaymentRefused, match=r"At most 4\.00"):
        give_back(cast, payment, 401)
    refund = give_back(cast, payment, 400)
    with pytest.raises(PaymentRefused, match="This is a refund"):
        give_back(cast, refund, 1)


def test_a_bounced_check_leaves_its_invoices_owed_and_itself_to_be_read(cast: Cast) -> None:
    first, second = owe(cast, 1_000, due_in=-3), owe(cast, 1_000)
    payment = pay(cast, 2_200)
    gone = bounce(cast, payment)
    assert (gone.kind, gone.amount_cents) == ("reversal", -2_200)
    assert [standing(first), standing(second)] == [("overdue", 1_000), ("sent", 1_000)]
    assert unallocated(payment) == 0
    with pytest.raises(PaymentRefused, match="Nothing of this payment is left"):
        bounce(cast, payment)
    assert Payment.objects.count() == 2


def test_what_was_refunded_of_a_check_that_bounces_stays_refunded(cast: Cast) -> None:
    payment = pay(cast, 1_000)
    give_back(cast, payment, 300)
    assert bounce(cast, payment).amount_cents == -700
    assert unallocated(payment) == 0


# --- credit notes


def test_money_on_an_invoice_that_is_credited_goes_to_the_one_in_its_place(cast: Cast) -> None:
    invoice = owe(cast, 1_000)
    payment = pay(cast, 900)
    note, dearer = credit(invoice), revise(invoice, 1_200)
    assert standing(invoice) == ("void", -900)
    for _ in range(2):  # the event may be told twice
        payments.settle_credit_note(note.pk)
    assert standing(invoice) == ("void", 0)
    assert standing(dearer) == ("partly_paid", 300)
    assert (standing(note), unallocated(payment)) == (("sent", 0), 0)


def test_what_the_cheaper_revision_leaves_over_is_credit(cast: Cast) -> None:
    invoice = owe(cast, 1_000)
    payment = pay(cast, 1_000)
    note, cheaper = credit(invoice), revise(invoice, 700)
    payments.settle_credit_note(note.pk)
    assert (standing(cheaper), unallocated(payment)) == (("paid", 0), 300)


def test_a_void_invoice_leaves_its_money_as_credit(cast: Cast) -> None:
    invoice = owe(cast, 1_000)
    payment = pay(cast, 400)
    payments.settle_credit_note(credit(invoice).pk)
    assert (standing(invoice), unallocated(payment)) == (("void", 0), 400)
    assert payments.settle_credit_note(invoice.pk) == "not a credit note"


# --- the database itself


@pytest.mark.parametrize("table", ["billing_payment", "billing_allocation"])
@pytest.mark.parametrize("change", ["UPDATE {} SET amount_cents = 1", "DELETE FROM {}"])
def test_the_database_refuses_to_change_money(cast: Cast, table: str, change: str) -> None:
    owe(cast, 1_000)
    pay(cast, 400)
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change.format(table))


@pytest.mark.parametrize(
    "fields",
    [{"payer": None}, {"kind": "refund"}, {"amount_cents": -5}, {"amount_cents": 0}],
)
def test_the_database_refuses_money_of_nobody_or_of_the_wrong_sign(
    cast: Cast, fields: dict[str, Any]
) -> None:
    row = {"payer": cast.payer, "amount_cents": 5, "currency": "USD", "method": "cash"}
    with pytest.raises(IntegrityError, match="payment_"), transaction.atomic():
        Payment.objects.create(**row | {"received_on": today()} | fields)


# --- at once


@committed
def test_ten_payments_at_once_on_one_invoice_never_pay_more_than_is_owed(cast: Cast) -> None:
    invoice = owe(cast, 5_000)
    answers = at_once(lambda: pay(cast, 1_000, [(invoice.pk, 1_000)]), 10)
    assert sum(isinstance(answer, Payment) for answer in answers) == 5
    assert sum(isinstance(answer, PaymentRefused) for answer in answers) == 5
    assert standing(invoice) == ("paid", 0)
    assert Payment.objects.count() == 5


@committed
def test_payments_for_the_same_invoices_in_other_orders_all_get_through(cast: Cast) -> None:
    invoices = [owe(cast, 1_000, due_in=days) for days in range(6)]
    orders = iter([invoices, invoices[::-1]] * 5)

    def work() -> Payment:
        return pay(cast, 600, [(invoice.pk, 100) for invoice in next(orders)])

    assert all(isinstance(answer, Payment) for answer in at_once(work, 10))
    assert {standing(invoice) for invoice in invoices} == {("paid", 0)}


@committed
def test_a_refund_and_a_bounce_at_once_take_the_money_back_once(cast: Cast) -> None:
    invoice = owe(cast, 1_000)
    payment = pay(cast, 1_000)
    both: list[Callable[[], Payment]] = [
        lambda: give_back(cast, payment, 1_000),
        lambda: bounce(cast, payment),
    ]
    ways = iter(both * 3)
    answers = at_once(lambda: next(ways)(), 6)
    assert sum(isinstance(answer, Payment) for answer in answers) == 1
    assert standing(invoice) == ("sent", 1_000)
    assert sum(Allocation.objects.values_list("amount_cents", flat=True)) == 0


def test_invoices_that_are_paid_before_their_mail_left_do_not_count_as_unsent(cast: Cast) -> None:
    invoice = owe(cast, 100, state="issued", sent_at=None)
    payment = pay(cast, 100)
    bounce(cast, payment)
    assert standing(invoice) == ("issued", 100)
    assert invoice.due_on == today() + timedelta(days=30)
