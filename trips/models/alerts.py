"""Alarms of phones and of the system, until a dispatcher has seen to them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from trips.models.fields import on_earth
from trips.models.fleet import Device, Driver, Vehicle
from trips.models.trip import Trip


class Alert(models.Model):
    """An emergency button, another alarm of a phone's app, or something that nobody may miss.

    The position is the one reported with it, else where the vehicle's marker stood.
    """

    device = models.ForeignKey(Device, models.PROTECT, null=True, blank=True, related_name="alerts")
    key = models.CharField(
        max_length=64, null=True, blank=True, unique=True, help_text="At most one alert per key."
    )
    message = models.CharField(max_length=250, blank=True, help_text="Ids and times, no names.")
    vehicle = models.ForeignKey(Vehicle, models.SET_NULL, null=True, blank=True)
    driver = models.ForeignKey(Driver, models.SET_NULL, null=True, blank=True)
    trip = models.ForeignKey(Trip, models.SET_NULL, null=True, blank=True)
    kind = models.CharField(max_length=64, help_text='The app\'s word for it, e.g. "sos".')
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    raised_at = models.DateTimeField(help_text="By the device's clock.")
    received_at = models.DateTimeField()
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolution = models.CharField(
        max_length=250,
        blank=True,
        default="",
        db_default="",
        help_text="What came of it; nothing about a patient.",
    )

    class Meta:
        constraints = [
            on_earth("", "alert_on_earth", null=True),
            models.CheckConstraint(
                condition=Q(acknowledged_by__isnull=True, acknowledged_at__isnull=True)
                | Q(acknowledged_by__isnull=False, acknowledged_at__isnull=False),
                name="alert_acknowledged_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(resolved_by__isnull=True, resolved_at__isnull=True)
                | Q(resolved_by__isnull=False, resolved_at__isnull=False)
                & Q(acknowledged_at__isnull=False),
                name="alert_resolved_by_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["raised_at"], condition=Q(acknowledged_at__isnull=True), name="alert_open"
            ),
            models.Index(fields=["device", "kind", "-raised_at"], name="alert_of_device"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} alert {self.pk}"
