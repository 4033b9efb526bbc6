"""Money can only be looked at here; the ladder's steps can be changed."""

from django.contrib import admin

from billing.models import Allocation, DunningNotice, DunningStep, Payment, ProviderEvent
from billing.money import written
from config.admin_base import History, HistoryInline, ModelAdmin


class AllocationInline(HistoryInline):
    model = Allocation
    fields = ("invoice", "amount_cents", "reason", "recorded_by", "recorded_at")
    raw_id_fields = ("invoice", "recorded_by")


@admin.register(Payment)
class PaymentAdmin(History):
    """What was wrong is released, refunded or reversed through the API, never edited."""

    list_display = ("id", "kind", "amount", "method", "reference", "received_on", "recorded_by")
    list_filter = ("kind", "method", "received_on")
    list_select_related = ("recorded_by",)
    search_fields = ("reference",)
    number_fields = ("pk", "of_id")
    search_help_text = "A reference, or a payment's number."
    inlines = (AllocationInline,)

    @admin.display(ordering="amount_cents")
    def amount(self, payment: Payment) -> str:
        """As money."""
        return f"{written(payment.amount_cents, payment.currency)} {payment.currency}"


@admin.register(ProviderEvent)
class ProviderEventAdmin(History):
    """What payment providers told of; `open` is decided through the API."""

    list_display = (
        "id",
        "provider",
        "type",
        "invoice_number",
        "amount_cents",
        "currency",
        "state",
        "reason",
        "received_at",
    )
    list_filter = ("state", "provider")
    search_fields = ("=event_id", "=reference", "invoice_number")


@admin.register(DunningStep)
class DunningStepAdmin(ModelAdmin):
    """How many days after the due day, and in which words; a step that is off is left out."""

    list_display = ("action", "days_after_due", "is_active")
    list_editable = ("days_after_due", "is_active")


@admin.register(DunningNotice)
class DunningNoticeAdmin(History):
    list_display = ("id", "invoice", "action", "days_after_due", "balance_cents", "taken_on")
    list_filter = ("action", "taken_on")
    list_select_related = ("invoice",)
    number_fields = ("pk", "invoice_id")
