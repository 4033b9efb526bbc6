"""Vehicles, drivers, shifts, devices, and what was said about and between them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from config.admin_base import History, ModelAdmin, NumberSearch, TabularInline
from trips import fleet
from trips.models import Device, Driver, ExpiryWarning, Message, Shift, ShiftBreak, Vehicle


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

    def save_model(self, request: HttpRequest, obj: Vehicle, form: Any, change: bool) -> None:
        """By the service: trips of a vehicle that goes out of service are freed."""
        if not change:
            super().save_model(request, obj, form, change)
            return
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        fleet.update_vehicle(vehicle_id=obj.pk, changes=changes)


@admin.register(Driver)
class DriverAdmin(ModelAdmin):
    list_display = ("__str__", "licence", "licence_expires", "qualifications")
    list_filter = ("licence_expires",)
    list_select_related = ("user",)
    search_fields = ("user__username", "user__first_name", "user__last_name", "licence")
    autocomplete_fields = ("user",)
    inlines = (DeviceInline,)


class BreakInline(TabularInline):
    model = ShiftBreak
    extra = 0


@admin.register(Shift)
class ShiftAdmin(NumberSearch):
    list_display = ("id", "driver", "vehicle", "starts_at", "ends_at", "planned")
    list_filter = ("planned", ("ends_at", admin.EmptyFieldListFilter), "starts_at", "vehicle")
    list_select_related = ("driver__user", "vehicle")
    search_fields = ("driver__user__username", "driver__user__last_name", "vehicle__name")
    autocomplete_fields = ("driver", "vehicle")
    readonly_fields = ("ended_by",)
    inlines = (BreakInline,)
    ordering = ("-starts_at",)


@admin.register(ShiftBreak)
class ShiftBreakAdmin(NumberSearch):
    list_display = ("id", "shift", "starts_at", "ends_at")
    list_filter = (("ends_at", admin.EmptyFieldListFilter), "starts_at")
    list_select_related = ("shift",)
    raw_id_fields = ("shift",)
    number_fields = ("shift_id",)
    search_help_text = "A shift's number."
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


@admin.register(ExpiryWarning)
class ExpiryWarningAdmin(History):
    """Which papers were warned of, and when."""

    list_display = ("id", "paper", "driver", "vehicle", "expires", "step_days", "created_at")
    list_filter = ("paper", "step_days")
    list_select_related = ("driver__user", "vehicle")
    number_fields = ("driver_id", "vehicle_id")
    search_help_text = "Number of a driver or a vehicle."


@admin.register(Message)
class MessageAdmin(History):
    """What dispatch and drivers wrote to each other."""

    list_display = ("id", "sender", "to", "driver", "sent_at")
    list_filter = ("to", "sent_at")
    list_select_related = ("sender", "driver__user")
    number_fields = ("pk", "sender_id", "driver_id")
    search_help_text = "Number of a message, an account or a driver."
