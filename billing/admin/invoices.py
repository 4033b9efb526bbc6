"""What was issued can only be read."""

from django.contrib import admin

from billing.models import (
    Invoice,
    InvoiceCounter,
    InvoiceLine,
    Statement,
    StatementCounter,
    StatementItem,
    UnpricedTrip,
)
from billing.money import written
from config.admin_base import History, HistoryInline


class LineInline(HistoryInline):
    model = InvoiceLine
    fields = (
        "position",
        "code",
        "modifiers",
        "description",
        "quantity",
        "unit",
        "unit_cents",
        "amount_cents",
        "rule",
    )


@admin.register(Invoice)
class InvoiceAdmin(History):
    """Adjustments are credit notes, never edits."""

    list_display = ("number", "trip_id", "kind", "state", "total", "debtor", "issued_at", "due_on")
    list_filter = ("state", "kind", "cause", "due_on")
    list_select_related = ("payer", "facility", "patient")
    search_fields = ("number",)
    number_fields = ("trip_id",)
    search_help_text = "An invoice's or a trip's number."
    inlines = (LineInline,)

    @admin.display(ordering="total_cents")
    def total(self, invoice: Invoice) -> str:
        """As money."""
        return f"{written(invoice.total_cents, invoice.currency)} {invoice.currency}"


@admin.register(InvoiceCounter, StatementCounter)
class CounterAdmin(History):
    list_display = ("year", "last")


@admin.register(UnpricedTrip)
class UnpricedTripAdmin(History):
    list_display = ("trip_id", "reason", "since", "solved_at")
    list_filter = (("solved_at", admin.EmptyFieldListFilter),)


class ItemInline(HistoryInline):
    model = StatementItem


@admin.register(Statement)
class StatementAdmin(History):
    list_display = ("number", "month", "debtor", "total", "issued_at", "sent_at")
    list_filter = ("month",)
    list_select_related = ("payer", "facility")
    search_fields = ("number",)
    inlines = (ItemInline,)

    @admin.display(ordering="total_cents")
    def total(self, statement: Statement) -> str:
        """As money."""
        return f"{written(statement.total_cents, statement.currency)} {statement.currency}"
