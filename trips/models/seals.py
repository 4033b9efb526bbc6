"""What remains of a trip's positions after the raw points are gone."""

from django.db import models

from trips.models.trip import Trip


class TrackSeal(models.Model):
    """One trip's fixes of one UTC day, sealed before the day was dropped.

    `raw_sha256` is over all its raw points in the form of `trips.tracking.retention.raw_line`,
    so that an export made while they existed can be proven. Times in the lists are unix seconds.
    """

    trip = models.ForeignKey(Trip, models.PROTECT, related_name="track_seals")
    day = models.DateField()
    fixes = models.PositiveIntegerField(help_text="Raw points, also those not believed.")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    distance_m = models.FloatField(help_text="Along all believed points.")
    track = models.JSONField(help_text="[[unix_s, latitude, longitude], …], simplified.")
    gaps = models.JSONField(help_text="[[from_unix_s, to_unix_s], …] without a believed point.")
    raw_sha256 = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["trip", "day"], name="track_seal_once"),
            models.CheckConstraint(
                condition=models.Q(last_at__gte=models.F("first_at")),
                name="track_seal_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"seal of trip {self.trip_id} on {self.day}"
