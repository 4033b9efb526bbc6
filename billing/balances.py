"""What is still owed, added up by the database and stored nowhere.

balance = total - what a credit note took back - payments on it + what was taken off again
"""

from typing import Any

from django.db.models import Case, F, IntegerField, OuterRef, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from billing.models import Allocation, Invoice, Payment


def _sum(rows: QuerySet[Any], group: str, column: str = "amount_cents") -> Coalesce:
    per_group = rows.order_by().values(group).annotate(sum=Sum(column)).values("sum")
    return Coalesce(Subquery(per_group, output_field=IntegerField()), 0)


def with_balance(invoices: QuerySet[Invoice]) -> QuerySet[Any]:
    """With `paid_cents`, `credited_cents` and `balance_cents` of each invoice.

    A credit note's own balance is 0: it counts against the invoice that it corrects. A negative
    balance is money on an invoice that was credited since, until it is moved on.
    """
    paid = _sum(Allocation.objects.filter(invoice=OuterRef("pk")), "invoice")
    credited = _sum(Invoice.objects.filter(corrects=OuterRef("pk")), "corrects", "total_cents")
    summed = invoices.annotate(paid_cents=paid, credited_cents=credited * -1)
    return summed.annotate(
        balance_cents=Case(
            When(kind=Invoice.Kind.CREDIT, then=Value(0)),
            default=F("total_cents") - F("credited_cents") - F("paid_cents"),
            output_field=IntegerField(),
        )
    )


def with_unallocated(payments: QuerySet[Payment]) -> QuerySet[Any]:
    """With `corrected_cents` (refunded and reversed), `allocated_cents`, `unallocated_cents`.

    A refund or a reversal has nothing to allocate.
    """
    corrected = _sum(Payment.objects.filter(of=OuterRef("pk")), "of")
    allocated = _sum(Allocation.objects.filter(payment=OuterRef("pk")), "payment")
    summed = payments.annotate(corrected_cents=corrected * -1, allocated_cents=allocated)
    return summed.annotate(
        unallocated_cents=Case(
            When(
                kind=Payment.Kind.PAYMENT,
                then=F("amount_cents") - F("corrected_cents") - F("allocated_cents"),
            ),
            default=Value(0),
            output_field=IntegerField(),
        )
    )


def balance_of(invoice_id: int) -> int:
    """What is owed on one invoice."""
    balance: int = with_balance(Invoice.objects.filter(pk=invoice_id)).get().balance_cents
    return balance
