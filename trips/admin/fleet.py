"""Vehicles, drivers, shifts and devices."""

from django.contrib import admin

from config.admin_base import ModelAdmin, NumberSearch, TabularInline
from trips.models import Device, Driver, Shift, Vehicle


class DeviceInline(TabularInline):
    model = Device
    extra = 0
    fields = ("name", "is_active", "last_seen_at")
    readonly_fields = ("last_seen_at",)


@admin.register(Vehicle)
class VehicleAdmin(ModelAdmin):
    list_display = ("name", "plate", "state", "inspection_due")
    list_filter = ("state", "inspection_due")
    search_fields = ("name", "plate")
    inlines = (DeviceInline,)


@admin.register(Driver)
class DriverAdmin(ModelAdmin):
    list_display = ("__str__", "licence", "licence_expires", "qualifications")
    list_filter = ("licence_expires",)
    list_select_related = ("user",)
    search_fields = ("user__username", "user__first_name", "user__last_name", "licence")
    autocomplete_fields = ("user",)
    inlines = (DeviceInline,)


@admin.register(Shift)
class ShiftAdmin(NumberSearch):
    list_display = ("id", "driver", "vehicle", "starts_at", "ends_at")
    list_filter = (("ends_at", admin.EmptyFieldListFilter), "starts_at", "vehicle")
    list_select_related = ("driver__user", "vehicle")
    search_fields = ("driver__user__username", "driver__user__last_name", "vehicle__name")
    autocomplete_fields = ("driver", "vehicle")
    ordering = ("-starts_at",)


@admin.register(Device)
class DeviceAdmin(ModelAdmin):
    """Tokens are issued on the board's set-up pages; only their hash is kept."""

    list_display = ("__str__", "vehicle", "driver", "is_active", "last_seen_at")
    list_filter = ("is_active", ("vehicle", admin.EmptyFieldListFilter))
    list_select_related = ("vehicle", "driver__user")
    search_fields = ("name", "vehicle__name", "driver__user__username")
    autocomplete_fields = ("vehicle", "driver")
    exclude = ("token_digest",)
    readonly_fields = ("last_seen_at",)
