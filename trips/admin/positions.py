"""Positions: a list only once it is narrowed to a device or a trip, for the table is huge."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from config.admin_base import History
from trips.models import Alert, GpsFix, QuarantinedFix, TrackSeal, VehiclePosition


class DayFilter(admin.SimpleListFilter):
    """One UTC day, which is one partition."""

    title = "day"
    parameter_name = "day"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The kept days, newest first."""
        today = timezone.now().date()
        days = [today - timedelta(days=n) for n in range(settings.GPS_KEEP_DAYS + 1)]
        return [(day.isoformat(), day.isoformat()) for day in days]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The fixes of the chosen day."""
        try:
            day = date.fromisoformat(self.value() or "")
        except ValueError:
            return queryset
        begin = datetime.combine(day, time(), UTC)
        return queryset.filter(recorded_at__gte=begin, recorded_at__lt=begin + timedelta(days=1))


@admin.register(GpsFix)
class GpsFixAdmin(History):
    list_display = (
        "recorded_at",
        "device",
        "vehicle",
        "trip_id",
        "latitude",
        "longitude",
        "speed_mps",
        "verdict",
        "received_at",
    )
    list_display_links = None
    list_filter = (DayFilter, "device")
    list_select_related = ("device", "vehicle")
    number_fields = ("trip_id",)
    search_help_text = "Choose a device, or enter a trip's number."
    ordering = ("-recorded_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Nothing until a device or a trip is asked for: they have an index."""
        rows = super().get_queryset(request)
        return rows if request.GET.get("device__id__exact") or request.GET.get("q") else rows.none()


@admin.register(VehiclePosition)
class VehiclePositionAdmin(History):
    list_display = ("vehicle", "latitude", "longitude", "speed_mps", "recorded_at", "updated_at")
    list_select_related = ("vehicle",)
    search_fields = ("vehicle__name",)
    ordering = ("-recorded_at",)


@admin.register(QuarantinedFix)
class QuarantinedFixAdmin(History):
    list_display = ("id", "device", "trip_id", "reason", "received_at", "as_it_came")
    list_filter = ("device", "received_at")
    list_select_related = ("device",)
    number_fields = ("trip_id",)
    fields = ("device", "trip", "reason", "received_at", "as_it_came")
    search_help_text = "A trip's number."

    def as_it_came(self, row: QuarantinedFix) -> str:
        """The bytes as text."""
        return bytes(row.raw).decode(errors="replace")[:500]


@admin.register(TrackSeal)
class TrackSealAdmin(History):
    list_display = ("trip_id", "day", "fixes", "distance_m", "first_at", "last_at", "sealed_at")
    list_filter = ("day",)
    number_fields = ("trip_id",)
    search_help_text = "A trip's number."


@admin.register(Alert)
class AlertAdmin(History):
    """Alarms are acknowledged on the board."""

    list_display = (
        "id",
        "kind",
        "device",
        "vehicle",
        "driver",
        "trip_id",
        "raised_at",
        "acknowledged_by",
    )
    list_filter = (("acknowledged_at", admin.EmptyFieldListFilter), "raised_at", "vehicle")
    list_select_related = ("device", "vehicle", "driver__user", "acknowledged_by")
    number_fields = ("trip_id",)
    search_help_text = "A trip's number."
