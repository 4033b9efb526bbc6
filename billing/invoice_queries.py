"""Reading invoices: who may see which, filters, sums in SQL, rows of a CSV file."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import django_filters
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from billing.models import Invoice
from billing.money import decimal_of
from config.filters import number
from trips.queries import company_day, day_bounds
from trips.realtime.messages import iso
from trips.task_api import EARLIEST, LATEST
from users.models import User
from users.roles import Permission, Role

#: Rows read at once for a file.
PAGE = 1_000

COLUMNS = (
    "number",
    "kind",
    "revision",
    "state",
    "corrects",
    "trip",
    "served_on",
    "debtor_kind",
    "debtor",
    "currency",
    "subtotal",
    "tax",
    "total",
    "issued_at",
    "due_on",
    "sent_at",
    "cause",
    "reason",
)


def visible_invoices(user: User) -> QuerySet[Invoice]:
    """All for who manages them; facilities and patients see their own."""
    if user.may(Permission.SEE_INVOICES):
        return Invoice.objects.all()
    if user.is_active and user.role == Role.FACILITY:
        return Invoice.objects.filter(facility__members=user)
    if user.is_active and user.role == Role.PATIENT:
        return Invoice.objects.filter(patient__user=user)
    return Invoice.objects.none()


def overdue(rows: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Those that are still to be paid, and past their due day."""
    today = company_day(timezone.now())
    owed = rows.exclude(kind=Invoice.Kind.CREDIT)
    return owed.filter(state__in=Invoice.OPEN, due_on__lt=today)


#: Days that a calendar of any time zone has.
_DAYS = (MinValueValidator(EARLIEST), MaxValueValidator(LATEST))


class InvoiceFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Days are the company calendar's; `issued_to` is included. `q` is a part of the number."""

    state = django_filters.MultipleChoiceFilter(choices=Invoice.State.choices)
    kind = django_filters.MultipleChoiceFilter(choices=Invoice.Kind.choices)
    payer = number("payer_id")
    facility = number("facility_id")
    patient = number("patient_id")
    trip = number("trip_id")
    issued_from = django_filters.DateFilter(method="since", validators=_DAYS)
    issued_to = django_filters.DateFilter(method="until", validators=_DAYS)
    served_from = django_filters.DateFilter(field_name="served_on", lookup_expr="gte")
    served_to = django_filters.DateFilter(field_name="served_on", lookup_expr="lte")
    overdue = django_filters.BooleanFilter(method="only_overdue")
    q = django_filters.CharFilter(field_name="number", lookup_expr="icontains", max_length=16)

    def since(self, rows: QuerySet[Invoice], name: str, day: date) -> QuerySet[Invoice]:
        """Issued on this day or later."""
        return rows.filter(issued_at__gte=day_bounds(day)[0])

    def until(self, rows: QuerySet[Invoice], name: str, day: date) -> QuerySet[Invoice]:
        """Issued on this day or earlier."""
        return rows.filter(issued_at__lt=day_bounds(day)[1])

    def only_overdue(self, rows: QuerySet[Invoice], name: str, yes: bool) -> QuerySet[Invoice]:
        """Overdue ones, or all others."""
        return overdue(rows) if yes else rows.exclude(pk__in=overdue(rows).values("pk"))


_STANDING = ~Q(state=Invoice.State.VOID) & ~Q(kind=Invoice.Kind.CREDIT)


def totals(rows: QuerySet[Invoice]) -> list[dict[str, Any]]:
    """For each currency: how many documents, their sums, and those that stand by state."""
    chosen = Invoice.objects.filter(pk__in=rows.order_by().values("pk"))
    by_currency = chosen.order_by("currency").values("currency")
    sums = by_currency.annotate(
        documents=Count("pk"),
        subtotal=Sum("subtotal_cents"),
        tax=Sum("tax_cents"),
        total=Sum("total_cents"),
    )
    states: dict[str, dict[str, dict[str, int]]] = {}
    standing = chosen.filter(_STANDING).values("currency", "state").order_by("state")
    for row in standing.annotate(invoices=Count("pk"), total=Sum("total_cents")):
        found = {"invoices": row["invoices"], "total_cents": row["total"]}
        states.setdefault(row["currency"], {})[row["state"]] = found
    return [
        {
            "currency": row["currency"],
            "documents": row["documents"],
            "subtotal_cents": row["subtotal"],
            "tax_cents": row["tax"],
            "total_cents": row["total"],
            "states": states.get(row["currency"], {}),
        }
        for row in sums
    ]


def csv_rows(rows: QuerySet[Invoice]) -> Iterator[dict[str, object]]:
    """Each invoice as a row of COLUMNS, by key, so that memory does not grow with the file."""
    chosen = rows.select_related("payer", "facility", "patient", "corrects").order_by("pk")
    last = 0
    while page := list(chosen.filter(pk__gt=last)[:PAGE]):
        yield from map(_row, page)
        last = page[-1].pk


def _row(invoice: Invoice) -> dict[str, object]:
    debtor = invoice.debtor
    amounts = {
        name: decimal_of(getattr(invoice, f"{name}_cents"), invoice.currency)
        for name in ("subtotal", "tax", "total")
    }
    plain = {name: getattr(invoice, name) for name in COLUMNS if hasattr(invoice, name)}
    return plain | {
        "corrects": invoice.corrects.number if invoice.corrects else None,
        "trip": invoice.trip_id,
        "debtor_kind": type(debtor).__name__.lower(),
        "debtor": debtor.name,
        **amounts,
        "issued_at": iso(invoice.issued_at),
        "sent_at": iso(invoice.sent_at) if invoice.sent_at else None,
    }
