"""The company, and whom it works for."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from config.admin_base import ModelAdmin
from trips.models import Company, Facility, Patient, Payer


@admin.register(Company)
class CompanyAdmin(ModelAdmin):
    """The one row; `manage.py setup` makes it too."""

    list_display = ("name", "time_zone", "currency", "phone", "email")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """While there is none."""
        return super().has_add_permission(request) and not Company.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def save_model(self, request: HttpRequest, obj: Company, form: Any, change: bool) -> None:
        """Always as number 1."""
        obj.pk = 1
        super().save_model(request, obj, form, change)


@admin.register(Facility)
class FacilityAdmin(ModelAdmin):
    list_display = ("name", "phone", "email")
    search_fields = ("name", "email", "address")
    autocomplete_fields = ("members",)


@admin.register(Payer)
class PayerAdmin(ModelAdmin):
    list_display = ("name", "email", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "email")


@admin.register(Patient)
class PatientAdmin(ModelAdmin):
    list_display = ("name", "member_id", "payer", "phone", "email", "language")
    list_filter = ("language", ("payer", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("payer",)
    search_fields = ("name", "member_id", "email", "phone", "address")
    autocomplete_fields = ("user", "payer", "facilities")
    readonly_fields = ("created_at",)
