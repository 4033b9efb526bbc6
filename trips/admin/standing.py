"""Standing orders with their exceptions and history, to be looked at; holidays, to be kept."""

from django.contrib import admin

from config.admin_base import History, HistoryInline, ModelAdmin
from trips.models import (
    Holiday,
    StandingOrder,
    StandingOrderEvent,
    StandingOrderPause,
    StandingOrderSkip,
)


class SkipInline(HistoryInline):
    model = StandingOrderSkip


class PauseInline(HistoryInline):
    model = StandingOrderPause


class EventInline(HistoryInline):
    model = StandingOrderEvent
    fields = ("version", "kind", "actor", "at", "data")


@admin.register(StandingOrder)
class StandingOrderAdmin(History):
    """Changed through the API, which keeps the trips in step."""

    list_display = (
        "id",
        "patient_name",
        "facility",
        "rule",
        "pickup_time",
        "first_day",
        "last_day",
        "approved_at",
        "materialised_until",
    )
    list_filter = (
        ("approved_at", admin.EmptyFieldListFilter),
        ("last_day", admin.EmptyFieldListFilter),
        ("facility", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("patient", "facility")
    number_fields = ("pk", "series_id", "patient_id")
    search_fields = ("patient__name", "pickup_address", "dropoff_address")
    inlines = (SkipInline, PauseInline, EventInline)

    @admin.display(description="patient")
    def patient_name(self, order: StandingOrder) -> str:
        """Who is driven."""
        return order.patient.name


@admin.register(Holiday)
class HolidayAdmin(ModelAdmin):
    """Trips that are made already stay; a holiday counts for those to be made."""

    list_display = ("day", "name")
    search_fields = ("name",)
    date_hierarchy = "day"
    ordering = ("-day",)
