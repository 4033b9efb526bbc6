"""Payments: the list, recording one, and what is put right about one."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from rest_framework import exceptions

from billing import payments, remittances
from billing.balances import with_balance, with_unallocated
from billing.desk.common import asked, billers_only, page_of, told, user_of
from billing.desk.forms import METHODS, PaymentForm, RefundForm, for_invoice
from billing.models import Invoice, Payment
from billing.payment_api import PaymentFilter
from billing.payment_serializers import PaymentSerializer
from trips import once
from trips.intake.manifest import BadManifest
from trips.queries import company_day

_RELATED = ("payer", "facility", "patient")


@require_safe
@billers_only
def listing(request: HttpRequest) -> HttpResponse:
    """Payments by the API's own filters, newest first; 400 where a filter makes no sense."""
    found = PaymentFilter(asked(request), with_unallocated(Payment.objects.all()))
    valid = found.is_valid()
    chosen = found.qs if valid else found.queryset.none()
    rows = chosen.select_related(*_RELATED).prefetch_related("allocations__invoice")
    page = page_of(request, rows.order_by("-pk"))
    for row in page:
        row.debtor = row.payer or row.facility or row.patient
        row.shares = PaymentSerializer().get_allocations(row)
    context = {
        "page": page,
        "errors": found.errors,
        "methods": Payment.Method.values,
        "filtered": bool(asked(request)),
    }
    return render(request, "billing/desk/payments.html", context, status=200 if valid else 400)


@require_http_methods(["GET", "HEAD", "POST"])
@billers_only
def new(request: HttpRequest) -> HttpResponse:
    """Record a payment: once, however often the form is sent."""
    form = PaymentForm(request.POST) if request.method == "POST" else _empty(request)
    if form.is_bound and form.is_valid():
        with told(request):
            payment_id = _record(request, form)
            messages.success(request, _("The payment was recorded."))
            return redirect("desk:payment", payment_id)
    status = 400 if form.is_bound else 200
    return render(request, "billing/desk/payment_new.html", {"form": form}, status=status)


def _empty(request: HttpRequest) -> PaymentForm:
    first: dict[str, object] = {
        "received_on": company_day(timezone.now()).isoformat(),
        "key": uuid.uuid4(),
    }
    if (number := request.GET.get("invoice", ""))[:17]:
        invoice = get_object_or_404(with_balance(Invoice.objects.all()), number=number)
        first |= for_invoice(invoice)
    return PaymentForm(initial=first)


def _record(request: HttpRequest, form: PaymentForm) -> int:
    user = user_of(request)
    money, shares = form.money(), form.shares()
    values = {name: str(form.data.get(name, "")) for name in form.fields}
    kept: int = once.answer_once(
        user=user,
        client_event_id=f"payment-form:{form.cleaned_data['key']}",
        request=values,
        make=lambda: payments.record(money, user=user, shares=shares).pk,
    )
    return kept


@require_safe
@billers_only
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One payment, where it went, and what was taken back of it."""
    rows = with_unallocated(Payment.objects.all()).select_related(*_RELATED, "of", "recorded_by")
    payment: Any = get_object_or_404(rows.prefetch_related("allocations__invoice"), pk=pk)
    context = {
        "payment": payment,
        "debtor": payment.payer or payment.facility or payment.patient,
        "shares": PaymentSerializer().get_allocations(payment),
        "corrections": payment.corrections.order_by("pk"),
        "left_cents": payment.amount_cents - payment.corrected_cents,
        "methods": METHODS,
        "key": uuid.uuid4(),
    }
    return render(request, "billing/desk/payment.html", context)


@require_POST
@billers_only
def allocate(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the credit that is left on the oldest invoices."""
    get_object_or_404(Payment, pk=pk)
    with told(request):
        payments.allocate(pk, user=user_of(request))
        messages.success(request, _("The credit is on the invoices due first."))
    return redirect("desk:payment", pk)


@require_POST
@billers_only
def release(request: HttpRequest, pk: int, invoice_id: int) -> HttpResponse:
    """Take all of a payment's money off an invoice: it is credit."""
    get_object_or_404(Payment, pk=pk)
    with told(request):
        payments.release(pk, user=user_of(request), invoice_id=invoice_id, amount_cents=None)
        messages.success(request, _("The money was taken off the invoice: it is credit."))
    return redirect("desk:payment", pk)


@require_POST
@billers_only
def reverse(request: HttpRequest, pk: int) -> HttpResponse:
    """The payment never came, e.g. a check bounced."""
    get_object_or_404(Payment, pk=pk)
    note = request.POST.get("note", "").strip()[:250]
    if not note:
        messages.error(request, _("Say why."))
        return redirect("desk:payment", pk)
    with told(request):
        today = company_day(timezone.now())
        payments.reverse(pk, user=user_of(request), received_on=today, note=note)
        messages.success(request, _("The payment is reversed; its invoices are owed again."))
    return redirect("desk:payment", pk)


@require_POST
@billers_only
def refund(request: HttpRequest, pk: int) -> HttpResponse:
    """Note money given back, once: the credit first, then from the newest invoice back."""
    payment = get_object_or_404(Payment, pk=pk)
    form = RefundForm(payment.currency, request.POST)
    if not form.is_valid():
        for texts in form.errors.values():
            messages.error(request, " ".join(str(text) for text in texts))
        return redirect("desk:payment", pk)
    with told(request):
        _refund(request, pk, form)
        messages.success(request, _("The refund was recorded."))
    return redirect("desk:payment", pk)


def _refund(request: HttpRequest, pk: int, form: RefundForm) -> None:
    user, found = user_of(request), form.cleaned_data
    fields = {"method": found["method"], "note": found["note"], "amount_cents": form.cents()}
    today = company_day(timezone.now())
    once.answer_once(
        user=user,
        client_event_id=f"refund-form:{found['key']}",
        request={"payment": pk, **fields},
        make=lambda: payments.refund(pk, user=user, received_on=today, **fields).pk,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@billers_only
def remittance(request: HttpRequest) -> HttpResponse:
    """A CSV file of remittances: checked, or recorded whole; the page lists rows that are wrong."""
    context: dict[str, Any] = {}
    if request.method == "POST":
        with told(request):
            context = _received(request)
    status = 200 if request.method != "POST" or context.get("ok") else 400
    return render(request, "billing/desk/remittance.html", context, status=status)


def _received(request: HttpRequest) -> dict[str, Any]:
    dry_run = request.POST.get("do") != "record"
    upload = request.FILES.get("file")
    content = upload.read(settings.MAX_IMPORT_BYTES + 1) if upload else b""
    if not 0 < len(content) <= settings.MAX_IMPORT_BYTES:
        raise exceptions.ValidationError(_("A CSV file is needed, and not a huge one."))
    try:
        found = remittances.receive(content, user=user_of(request), dry_run=dry_run)
    except BadManifest as bad:
        raise exceptions.ValidationError(str(bad)) from None
    return {"found": found.shown(), "ok": dry_run or found.recorded}
