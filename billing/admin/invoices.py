"""What was issued can only be read."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from billing.models import Invoice, InvoiceCounter, InvoiceDocument, InvoiceLine
from config.admin_base import History, HistoryInline


class LineInline(HistoryInline):
    model = InvoiceLine
    fields = ("position", "code", "description", "quantity", "unit", "unit_cents", "amount_cents")


@admin.register(Invoice)
class InvoiceAdmin(History):
    """Adjustments are credit notes, never edits."""

    list_display = ("number", "trip_id", "kind", "state", "total", "debtor", "issued_at", "due_on")
    list_filter = ("state", "kind", "due_on")
    list_select_related = ("payer", "facility", "patient")
    search_fields = ("number",)
    number_fields = ("trip_id",)
    search_help_text = "An invoice's or a trip's number."
    inlines = (LineInline,)

    @admin.display(ordering="total_cents")
    def total(self, invoice: Invoice) -> str:
        """As money."""
        return f"{invoice.total_cents / 100:,.2f} {invoice.currency}"


@admin.register(InvoiceCounter)
class InvoiceCounterAdmin(History):
    list_display = ("year", "last")


@admin.register(InvoiceDocument)
class InvoiceDocumentAdmin(History):
    list_display = ("invoice", "created_at")
    list_select_related = ("invoice",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without the files themselves."""
        return super().get_queryset(request).defer("content")
