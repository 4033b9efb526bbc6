"""The roll-up tables: computed by `trips.reports.rollup`, so only read here."""

from django.contrib import admin

from config.admin_base import History
from trips.models import DayReport, DemandHour, DriverDay, ReportedTrip, WeekReport

_SHOWN = ("trips", "completed", "no_shows", "cancelled", "missed", "pickups_due", "pickups_on_time")


@admin.register(DayReport)
class DayReportAdmin(History):
    list_display = ("day", *_SHOWN, "computed_at")
    number_fields = ()


@admin.register(WeekReport)
class WeekReportAdmin(History):
    list_display = ("monday", *_SHOWN, "computed_at")
    number_fields = ()


@admin.register(DriverDay)
class DriverDayAdmin(History):
    list_display = ("day", "driver", "assigned", "completed", "promised", "shift_s", "aboard_s")
    list_select_related = ("driver__user",)
    list_filter = (("driver", admin.RelatedOnlyFieldListFilter),)
    number_fields = ("driver_id",)
    search_help_text = "A driver's number."


@admin.register(DemandHour)
class DemandHourAdmin(History):
    list_display = ("day", "hour", "latitude_e2", "longitude_e2", "trips")
    number_fields = ("hour",)
    search_help_text = "An hour, 0 to 23."


@admin.register(ReportedTrip)
class ReportedTripAdmin(History):
    list_display = ("trip_id", "version", "days")
    search_help_text = "A trip's number."
