"""Rates can be added; one that has begun can only be read. What facilities are, for modifiers."""

import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from billing.models import PlaceCode, Rate
from config.admin_base import ModelAdmin


@admin.register(Rate)
class RateAdmin(ModelAdmin):
    """A rate that has begun stands under invoices: a new price is a new row."""

    list_display = (
        "__str__",
        "payer",
        "mobility",
        "valid_from",
        "valid_to",
        "version",
        "base_cents",
        "mile_cents",
        "used_at",
    )
    list_filter = (
        "mobility",
        ("payer", admin.RelatedOnlyFieldListFilter),
        ("used_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("payer",)
    autocomplete_fields = ("payer",)
    exclude = ("created_by",)
    ordering = ("mobility", "-valid_from", "-version")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Keep who entered it."""
        obj.created_by = obj.created_by or request.user
        super().save_model(request, obj, form, change)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Until the day that it begins."""
        return super().has_change_permission(request, obj) and not _has_begun(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Until the day that it begins."""
        return super().has_delete_permission(request, obj) and not _has_begun(obj)


def _has_begun(rate: Model | None) -> bool:
    if not isinstance(rate, Rate):
        return False
    today = datetime.datetime.now(datetime.UTC).date()
    return rate.used_at is not None or rate.valid_from <= today


@admin.register(PlaceCode)
class PlaceCodeAdmin(ModelAdmin):
    """A facility without one counts as a clinic (D)."""

    list_display = ("facility", "letter")
    list_filter = ("letter",)
    list_select_related = ("facility",)
    search_fields = ("facility__name",)
