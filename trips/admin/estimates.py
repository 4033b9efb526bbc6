"""Estimates, which are only read, and the address book, whose points people correct."""

from django.contrib import admin
from django.http import HttpRequest

from config.admin_base import History, ModelAdmin
from trips.models import KnownPlace, TripEta


@admin.register(TripEta)
class TripEtaAdmin(History):
    list_display = ("trip_id", "eta", "lateness_s", "risk", "why", "suggestion", "updated_at")
    list_filter = ("risk", "suggestion")
    number_fields = ("trip_id",)
    search_help_text = "A trip's number."
    ordering = ("-updated_at",)


@admin.register(KnownPlace)
class KnownPlaceAdmin(ModelAdmin):
    """Places come from trips and from the map; what stands here is moved or deleted."""

    list_display = ("address", "facility", "latitude", "longitude", "picked", "uses")
    list_filter = ("picked", "facility")
    list_select_related = ("facility",)
    search_fields = ("key",)
    readonly_fields = ("address", "facility", "key", "uses", "last_trip_id")
    ordering = ("key", "pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: an address has its key from `trips.places`."""
        return False
