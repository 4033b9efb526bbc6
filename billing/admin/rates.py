"""Rates can be added; one that has begun can only be read."""

import datetime

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from billing.models import Rate
from config.admin_base import ModelAdmin


@admin.register(Rate)
class RateAdmin(ModelAdmin):
    """A rate that has begun stands under invoices: a new price is a new row."""

    list_display = ("__str__", "payer", "mobility", "valid_from", "base_cents", "mile_cents")
    list_filter = ("mobility", ("payer", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("payer",)
    autocomplete_fields = ("payer",)
    ordering = ("mobility", "-valid_from")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Until the day that it begins."""
        return super().has_change_permission(request, obj) and not _has_begun(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Until the day that it begins."""
        return super().has_delete_permission(request, obj) and not _has_begun(obj)


def _has_begun(rate: Model | None) -> bool:
    return isinstance(rate, Rate) and rate.valid_from <= datetime.datetime.now(datetime.UTC).date()
