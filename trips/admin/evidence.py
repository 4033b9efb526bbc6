"""What trips measured: written by `trips.evidence.measurement` alone, so only read here."""

from django.contrib import admin

from config.admin_base import History
from trips.models import LateDataMark, TripMeasurement


@admin.register(TripMeasurement)
class TripMeasurementAdmin(History):
    list_display = (
        "trip_id",
        "revision",
        "source",
        "loaded_distance_m",
        "planned_distance_m",
        "odometer_distance_m",
        "variance",
        "coverage",
        "wait_s",
        "computed_at",
    )
    list_filter = ("source", "is_stale")
    number_fields = ("trip_id",)
    search_help_text = "A trip's number."


@admin.register(LateDataMark)
class LateDataMarkAdmin(History):
    list_display = ("received_up_to",)
