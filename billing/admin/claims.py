"""Authorizations and payers' rules are edited; findings and batches are looked at."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from billing.claim_states import BatchState, ClaimState
from billing.linter import RULE_OF
from billing.models import Authorization, Claim, ClaimBatch, ClaimFinding, ClaimProfile
from config.admin_base import History, ModelAdmin, word_filter


@admin.register(Authorization)
class AuthorizationAdmin(ModelAdmin):
    list_display = ("number", "payer", "patient_id", "valid_from", "valid_to", "units", "unit")
    list_filter = ("unit", ("payer", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("payer",)
    search_fields = ("number",)
    autocomplete_fields = ("payer", "patient")
    readonly_fields = ("created_by",)
    ordering = ("-valid_to", "-pk")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """With who entered it."""
        obj.created_by = obj.created_by or request.user
        super().save_model(request, obj, form, change)


@admin.register(ClaimProfile)
class ClaimProfileAdmin(ModelAdmin):
    """One row a payer that asks for something else than the usual."""

    list_display = ("payer", "provider_id", "authorization_required", "least_coverage")
    list_select_related = ("payer",)
    autocomplete_fields = ("payer",)
    ordering = ("payer__name",)


@admin.register(ClaimFinding)
class ClaimFindingAdmin(History):
    list_display = ("trip_id", "code", "severity", "detail", "found_at", "gone_at", "waived_at")
    list_filter = (word_filter("code", RULE_OF), "severity")
    number_fields = ("trip_id",)
    search_help_text = "A trip's number."


@admin.register(ClaimBatch)
class ClaimBatchAdmin(History):
    list_display = ("pk", "payer", "first_day", "last_day", "state", "submitted_at", "reference")
    list_filter = (word_filter("state", BatchState),)
    list_select_related = ("payer",)
    exclude = ("file",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without the files themselves."""
        return super().get_queryset(request).defer("file")


@admin.register(Claim)
class ClaimAdmin(History):
    list_display = ("pk", "batch_id", "trip_id", "state", "amount_cents", "denial_code")
    list_filter = (word_filter("state", ClaimState),)
    number_fields = ("trip_id", "batch_id")
    search_help_text = "A trip's or a batch's number."
    exclude = ("content", "lines")
