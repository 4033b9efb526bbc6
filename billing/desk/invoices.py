"""Invoices: the list with its sums, and one with its lines, evidence and ledger."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from billing import invoices, mail
from billing.balances import with_balance
from billing.desk.common import asked, billers_only, page_of, read, told, user_of
from billing.invoice_queries import InvoiceFilter, overdue, totals
from billing.invoice_serializers import ReasonSerializer
from billing.ledger_api import LedgerSerializer
from billing.models import Invoice
from trips.models import Payer

State = Invoice.State


@require_safe
@billers_only
def listing(request: HttpRequest) -> HttpResponse:
    """Invoices by the API's own filters, newest first; 400 where a filter makes no sense."""
    found = InvoiceFilter(asked(request), Invoice.objects.all())
    valid = found.is_valid()
    chosen: QuerySet[Invoice] = found.qs if valid else Invoice.objects.none()
    related = ("payer", "facility", "patient")
    rows = with_balance(chosen).select_related(*related).order_by("-pk")
    context = {
        "page": page_of(request, rows),
        "sums": [_sums(row, chosen) for row in totals(chosen)],
        "errors": found.errors,
        "payers": Payer.objects.order_by("name"),
        "states": State.values,
        "kinds": Invoice.Kind.values,
        "filtered": bool(asked(request)),
    }
    status = 200 if valid else 400
    return render(request, "billing/desk/invoices.html", context, status=status)


def _sums(row: dict[str, Any], chosen: QuerySet[Invoice]) -> dict[str, Any]:
    """A currency's sums for the tiles; what is late is counted by its due day, not its state."""
    states: dict[str, dict[str, int]] = row["states"]
    open_ = [states[state] for state in Invoice.OPEN if state in states]
    late = overdue(chosen).filter(currency=row["currency"])
    return row | {
        "open": sum(one["invoices"] for one in open_),
        "open_cents": sum(one["total_cents"] for one in open_),
        "paid": states.get(State.PAID, {}).get("invoices", 0),
        "paid_cents": states.get(State.PAID, {}).get("total_cents", 0),
        "late": late.count(),
        "late_cents": with_balance(late).aggregate(sum=Sum("balance_cents"))["sum"] or 0,
    }


@require_safe
@billers_only
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One invoice, why each line stands on it, and every movement since."""
    related = ("payer", "facility", "patient", "corrects", "issued_by", "trip__patient")
    rows = with_balance(Invoice.objects.all()).select_related(*related)
    invoice: Any = get_object_or_404(rows.prefetch_related("lines"), pk=pk)
    family = Invoice.objects.filter(trip=invoice.trip_id).exclude(pk=pk).order_by("pk")
    context = {
        "invoice": invoice,
        "entries": LedgerSerializer().get_entries(invoice),
        "family": family,
        "is_open": invoice.state in Invoice.OPEN and invoice.balance_cents > 0,
        "is_voidable": invoice.kind != Invoice.Kind.CREDIT and invoice.state != State.VOID,
    }
    return render(request, "billing/desk/invoice.html", context)


@require_POST
@billers_only
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Mail it once more."""
    invoice = get_object_or_404(Invoice, pk=pk)
    with told(request):
        mail.queue_again(invoice.pk)
        messages.success(request, _("It will be mailed in a moment."))
    return redirect("desk:invoice", pk)


@require_POST
@billers_only
def void(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it back by a credit note, which is shown."""
    invoice = get_object_or_404(Invoice, pk=pk)
    with told(request):
        reason = read(ReasonSerializer, request.POST)["reason"]
        credit = invoices.void(invoice_id=invoice.pk, by=user_of(request), reason=reason)
        messages.success(request, _("Taken back by credit note %s.") % credit.number)
        return redirect("desk:invoice", credit.pk)
    return redirect("desk:invoice", pk)
