"""Whatever is paid, given back, moved or credited: what is owed is lines - payments + refunds."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from billing import payments
from billing.allocations import Debtor, PaymentRefused
from billing.balances import with_balance, with_unallocated
from billing.models import Invoice, Payment
from billing.payments import Money
from tests.billing.dues import credit, owe, revise, today
from tests.cast import Cast

CENTS = st.integers(min_value=1, max_value=500)
PICK = st.integers(min_value=0, max_value=1_000)


class Books(RuleBasedStateMachine):
    """A model of plain numbers beside the tables: {(payment, invoice): cents}, refunds, totals."""

    cast: Cast

    def __init__(self) -> None:
        super().__init__()
        self.totals: dict[int, int] = {}
        self.void: set[int] = set()
        self.came: dict[int, int] = {}
        self.back: dict[int, int] = {}
        self.debtors: dict[int, str] = {}

    @initialize()
    def open(self) -> None:
        # Each run leaves the database as it was.
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.trip = self.cast.book(payer=self.cast.payer)
        self.revision = 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    def _debtor(self, kind: str) -> Any:
        return self.cast.payer if kind == "payer" else self.cast.patient

    @rule(cents=CENTS, kind=st.sampled_from(["payer", "patient"]), due=st.integers(-5, 5))
    def bill(self, cents: int, kind: str, due: int) -> None:
        self.revision += 1
        who = {kind: self._debtor(kind)}
        invoice = owe(
            self.cast, cents, due_in=due, trip=self.trip, revision=self.revision,
            state="overdue" if due < 0 else "sent", **who,
        )  # fmt: skip
        self.totals[invoice.pk], self.debtors[invoice.pk] = cents, kind

    @rule(cents=CENTS, kind=st.sampled_from(["payer", "patient"]), where=PICK, part=st.booleans())
    def pay(self, cents: int, kind: str, where: int, part: bool) -> None:
        shares = None
        if part and self.totals:
            shares = [(self._pick(list(self.totals), where), max(1, cents // 2))]
        money = Money(
            debtor=Debtor(kind, self._debtor(kind).pk), amount_cents=cents, currency="USD",
            method="cash", received_on=today(),
        )  # fmt: skip
        with suppress(PaymentRefused):
            payment = payments.record(money, user=self.cast.bea, shares=shares)
            self.came[payment.pk], self.back[payment.pk] = cents, 0

    @precondition(lambda self: self.came)
    @rule(cents=CENTS, which=PICK)
    def refund(self, cents: int, which: int) -> None:
        pk = self._pick(list(self.came), which)
        fits = cents <= self.came[pk] - self.back[pk]
        try:
            payments.refund(
                pk, user=self.cast.bea, amount_cents=cents, method="cash", received_on=today()
            )
        except PaymentRefused:
            assert not fits
        else:
            assert fits
            self.back[pk] += cents

    @precondition(lambda self: self.came)
    @rule(which=PICK)
    def bounce(self, which: int) -> None:
        pk = self._pick(list(self.came), which)
        with suppress(PaymentRefused):
            payments.reverse(pk, user=self.cast.bea, received_on=today(), note="bounced")
            self.back[pk] = self.came[pk]

    @precondition(lambda self: self.came)
    @rule(which=PICK)
    def allocate(self, which: int) -> None:
        payments.allocate(self._pick(list(self.came), which), user=self.cast.bea)

    @precondition(lambda self: self.came and self.totals)
    @rule(which=PICK, where=PICK)
    def release(self, which: int, where: int) -> None:
        payment, invoice = self._pick(list(self.came), which), self._pick(list(self.totals), where)
        with suppress(PaymentRefused):
            payments.release(payment, user=self.cast.bea, invoice_id=invoice, amount_cents=None)

    @precondition(lambda self: self.totals.keys() - self.void)
    @rule(where=PICK, again=st.booleans(), cents=CENTS)
    def correct(self, where: int, again: bool, cents: int) -> None:
        pk = self._pick(sorted(self.totals.keys() - self.void), where)
        invoice = Invoice.objects.get(pk=pk)
        note = credit(invoice)
        self.void.add(pk)
        if again:
            self.revision += 1
            invoice.revision = self.revision - 1
            revised = revise(invoice, cents)
            self.totals[revised.pk], self.debtors[revised.pk] = cents, self.debtors[pk]
        payments.settle_credit_note(note.pk)

    @staticmethod
    def _pick(rows: list[int], number: int) -> int:
        return rows[number % len(rows)]

    @invariant()
    def the_tables_say_what_the_model_says(self) -> None:
        invoices = list(with_balance(Invoice.objects.exclude(kind="credit")))
        money = list(with_unallocated(Payment.objects.filter(kind="payment")))
        for payment in money:
            self._no_money_is_made_or_lost(payment)
        for invoice in invoices:
            self._what_is_owed_is_lines_minus_payments_plus_refunds(invoice)
            self._the_state_follows(invoice)
        owed = sum(row.balance_cents for row in invoices)
        free = sum(row.unallocated_cents for row in money)
        standing = sum(cents for pk, cents in self.totals.items() if pk not in self.void)
        assert owed - free == standing - sum(self.came.values()) + sum(self.back.values())

    def _no_money_is_made_or_lost(self, row: Any) -> None:
        assert row.corrected_cents == self.back[row.pk]
        left = row.allocated_cents + row.unallocated_cents
        assert left == self.came[row.pk] - self.back[row.pk]
        assert row.unallocated_cents >= 0

    def _what_is_owed_is_lines_minus_payments_plus_refunds(self, row: Any) -> None:
        # The database itself holds the lines to the subtotal.
        assert row.total_cents == self.totals[row.pk]
        credited = row.total_cents if row.pk in self.void else 0
        assert row.balance_cents == row.total_cents - credited - row.paid_cents
        assert row.balance_cents >= 0
        assert row.paid_cents >= 0

    def _the_state_follows(self, row: Any) -> None:
        assert (row.state == "void") == (row.pk in self.void)
        if row.state == "paid":
            assert row.balance_cents == 0
        elif row.state != "void":
            past = row.due_on < today()
            assert row.balance_cents > 0
            assert (row.state == "overdue") == past
            assert (row.state == "partly_paid") == (not past and row.paid_cents > 0)


@pytest.mark.django_db
def test_the_books_balance_whatever_happens(cast: Cast) -> None:
    class WithCast(Books):
        pass

    WithCast.cast = cast
    run_state_machine_as_test(
        WithCast,
        settings=settings(
            max_examples=10,
            stateful_step_count=10,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
