"""A trip and its positions."""

from typing import ClassVar

from django.db import models


class Trip(models.Model):
    """A trip."""

    objects: ClassVar[models.Manager["Trip"]] = models.Manager()

    status = models.CharField(max_length=20, default="assigned")

    def __str__(self) -> str:
        return f"trip {self.pk}"


class GPSUpdate(models.Model):
    """One position."""

    trip = models.ForeignKey(Trip, on_delete=models.CASCADE, related_name="gps_updates")
    latitude = models.FloatField()
    longitude = models.FloatField()
    speed = models.FloatField(null=True, blank=True)
    heading = models.FloatField(null=True, blank=True)
    timestamp = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-timestamp"]
        indexes = [models.Index(fields=["trip", "-timestamp"])]

    def __str__(self) -> str:
        return f"position {self.pk}"
