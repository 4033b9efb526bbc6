"""What a completed trip measured, and how far late data has been looked at."""

from django.db import models
from django.db.models import Q

from trips.models.trip import Trip


class TripMeasurement(models.Model):
    """A completed trip in numbers; they change with a `trip.remeasured` event only.

    Three mileages stand side by side: driven with the patient by GPS, as planned, and by the
    odometer. Metres and seconds; times in `gaps` are unix seconds.
    """

    class Source(models.TextChoices):
        GPS = "gps"
        SEAL = "seal", "sealed track"
        ESTIMATE = "estimate"

    trip = models.OneToOneField(Trip, models.PROTECT, related_name="measurement")
    revision = models.PositiveSmallIntegerField(default=1)
    source = models.CharField(max_length=8, choices=Source)
    loaded_distance_m = models.FloatField(help_text="From pick-up to drop-off.")
    unloaded_distance_m = models.FloatField(
        null=True, blank=True, help_text="From start to pick-up; empty where nothing tells."
    )
    planned_distance_m = models.FloatField(help_text="By road from stop to stop.")
    odometer_distance_m = models.FloatField(null=True, blank=True)
    variance = models.FloatField(
        null=True,
        blank=True,
        help_text="(largest - smallest) / largest of the mileages that are known.",
    )
    wait_s = models.FloatField(help_text="From max(arrival, agreed time) to the pick-up.")
    fixes = models.PositiveIntegerField(help_text="Believed ones from pick-up to drop-off.")
    coverage = models.FloatField(help_text="Share of that time outside gaps, 0 to 1.")
    longest_gap_s = models.FloatField(help_text="0 where there is none.")
    gaps = models.JSONField(default=list, help_text="[[from_unix_s, to_unix_s], …]")
    began_at = models.DateTimeField(help_text="From here on positions count.")
    ended_at = models.DateTimeField(help_text="Up to here.")
    computed_at = models.DateTimeField()
    is_stale = models.BooleanField(default=False, help_text="Late data waits to be measured.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(coverage__range=(0, 1)), name="measurement_coverage_is_a_share"
            ),
            models.CheckConstraint(
                condition=Q(loaded_distance_m__gte=0), name="measurement_not_negative"
            ),
        ]
        indexes = [
            models.Index(fields=["trip"], condition=Q(is_stale=True), name="measurement_stale"),
            models.Index(fields=["ended_at"], name="measurement_by_end"),
        ]

    def __str__(self) -> str:
        return f"measurement {self.revision} of trip {self.trip_id}"


class LateDataMark(models.Model):
    """Up to when arriving fixes were looked at for completed trips that they belong to."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    received_up_to = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="late_data_mark_is_one")]

    def __str__(self) -> str:
        return f"late data up to {self.received_up_to}"
