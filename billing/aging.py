"""What each debtor owes, by how long it is past its due day; added up by the database."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, CharField, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from billing.balances import with_balance, with_unallocated
from billing.models import Invoice, Payment
from billing.money import decimal_of

#: Bucket: (first, last day past the due day); None: without end. 0 is the due day itself.
BUCKETS: dict[str, tuple[int | None, int | None]] = {
    "not_due_cents": (None, 0),
    "days_1_30_cents": (1, 30),
    "days_31_60_cents": (31, 60),
    "days_61_90_cents": (61, 90),
    "days_over_90_cents": (91, None),
}
AMOUNTS = (*BUCKETS, "owed_cents", "unallocated_cents", "balance_cents")
_KINDS = ("payer", "facility", "patient")
COLUMNS = (
    "debtor_kind",
    "debtor",
    "name",
    "currency",
    *(name.removesuffix("_cents") for name in AMOUNTS),
)
Row = dict[str, Any]


def aging(invoices: QuerySet[Invoice], payments: QuerySet[Payment], today: date) -> list[Row]:
    """One row per debtor and currency, who owes most first.

    `owed_cents` is the sum of the buckets, `unallocated_cents` what the debtor paid that is on no
    invoice, `balance_cents` the one less the other.
    """
    rows: dict[tuple[object, ...], Row] = {}
    owed = with_balance(_by_debtor(invoices)).exclude(balance_cents=0)
    sums = {name: _bucket(bounds, today) for name, bounds in BUCKETS.items()}
    group = ("debtor_kind", "debtor", "name", "currency")
    for found in owed.order_by().values(*group).annotate(**sums):
        rows[tuple(found[name] for name in group)] = found
    free = with_unallocated(_by_debtor(payments)).filter(unallocated_cents__gt=0)
    for found in free.order_by().values(*group).annotate(free=Sum("unallocated_cents")):
        row = rows.setdefault(tuple(found[name] for name in group), {n: found[n] for n in group})
        row["unallocated_cents"] = found["free"]
    return sorted(map(_summed, rows.values()), key=lambda row: (-row["balance_cents"], row["name"]))


def totals(rows: list[Row]) -> list[Row]:
    """The rows' sums for each currency."""
    found: dict[str, Row] = {}
    for row in rows:
        total = found.setdefault(row["currency"], dict.fromkeys(AMOUNTS, 0))
        for name in AMOUNTS:
            total[name] += row[name]
    return [{"currency": currency} | total for currency, total in sorted(found.items())]


def csv_rows(rows: list[Row]) -> Iterator[Row]:
    """The rows with amounts in whole units, as COLUMNS."""
    for row in rows:
        amounts = {
            name.removesuffix("_cents"): decimal_of(row[name], row["currency"]) for name in AMOUNTS
        }
        yield row | amounts


def _by_debtor(rows: QuerySet[Any]) -> QuerySet[Any]:
    kind = Case(
        *(When(**{f"{kind}__isnull": False}, then=Value(kind)) for kind in _KINDS),
        output_field=CharField(),
    )
    names = [F(f"{kind}__name") for kind in _KINDS]
    ids = [F(f"{kind}_id") for kind in _KINDS]
    named: QuerySet[Any] = rows.annotate(
        debtor_kind=kind, debtor=Coalesce(*ids), name=Coalesce(*names)
    )
    return named


def _bucket(bounds: tuple[int | None, int | None], today: date) -> Coalesce:
    first, last = bounds
    chosen = Q()
    if first is not None:
        chosen &= Q(due_on__lte=today - timedelta(days=first))
    if last is not None:
        chosen &= Q(due_on__gte=today - timedelta(days=last))
    return Coalesce(Sum("balance_cents", filter=chosen), 0)


def _summed(row: Row) -> Row:
    filled = dict.fromkeys(AMOUNTS, 0) | row
    filled["owed_cents"] = sum(filled[name] for name in BUCKETS)
    filled["balance_cents"] = filled["owed_cents"] - filled["unallocated_cents"]
    return filled
