"""The newest estimate of each open trip, as screens show it."""

from django.db import models

from trips.models.trip import Trip


class TripEta(models.Model):
    """When a trip's next stop will be reached, and whether that is in time.

    Written by `trips.dispatch.live_eta` only, and only where it changed so much that people
    want to know; `updated_at` is that moment. Gone with the trip's end.
    """

    class Risk(models.TextChoices):
        ON_TIME = "on_time"
        AT_RISK = "at_risk"
        LATE = "late"
        UNKNOWN = "unknown"

    trip = models.OneToOneField(Trip, models.CASCADE, primary_key=True, related_name="eta")
    eta = models.DateTimeField(null=True)
    lateness_s = models.IntegerField(null=True, help_text="Below zero: early.")
    risk = models.CharField(max_length=8, choices=Risk)
    why = models.CharField(max_length=120, blank=True, help_text="Ids and times, no names.")
    near_since = models.DateTimeField(
        null=True, help_text="Since when the vehicle stands at the next stop's door."
    )
    suggestion = models.CharField(
        max_length=16, blank=True, help_text="The tap that the position suggests."
    )
    suggested_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "ETA"
        verbose_name_plural = "ETAs"
        indexes = [models.Index(fields=["risk"], name="trip_eta_by_risk")]

    def __str__(self) -> str:
        return f"ETA of trip {self.trip_id}"
