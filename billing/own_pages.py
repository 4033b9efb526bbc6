"""`/me/invoices/`: what a patient or a facility was billed, and what of it is open."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing.balances import with_balance
from billing.invoice_queries import visible_invoices
from trips.patient_app.own import own_page, user_of

ON_A_PAGE = 30


@require_safe
@own_page
def invoices(request: HttpRequest) -> HttpResponse:
    """One's own invoices, the newest first, with what is still to be paid."""
    rows = with_balance(visible_invoices(user_of(request))).order_by("-issued_at", "-pk")
    page = Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "billing/own_invoices.html", {"page": page})
