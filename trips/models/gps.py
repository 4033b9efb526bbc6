"""Positions: every fix by day, the newest per vehicle, and those that were refused."""

from django.db import models

from trips.models.fields import on_earth
from trips.models.fleet import Device, Driver, Vehicle
from trips.models.trip import Trip


class GpsFix(models.Model):
    """One kept position. The table is partitioned by UTC day of `recorded_at` (migration 0003).

    Unique on (device, recorded_at, latitude, longitude) and (device, client_id, recorded_at).
    """

    device = models.ForeignKey(Device, models.DO_NOTHING, db_constraint=False)
    vehicle = models.ForeignKey(Vehicle, models.DO_NOTHING, null=True, db_constraint=False)
    driver = models.ForeignKey(Driver, models.DO_NOTHING, null=True, db_constraint=False)
    trip = models.ForeignKey(Trip, models.DO_NOTHING, null=True, db_constraint=False)
    recorded_at = models.DateTimeField(help_text="By the device's clock.")
    corrected_at = models.DateTimeField(null=True, help_text="Where that clock is off.")
    received_at = models.DateTimeField()
    latitude = models.FloatField()
    longitude = models.FloatField()
    speed_mps = models.FloatField(null=True)
    heading_deg = models.FloatField(null=True)
    accuracy_m = models.FloatField(null=True)
    altitude_m = models.FloatField(null=True)
    battery = models.FloatField(null=True, help_text="0 to 1.")
    client_id = models.CharField(max_length=64, null=True)  # noqa: DJ001 - part of a unique key
    verdict = models.CharField(max_length=16, help_text="kept, late or future.")

    class Meta:
        managed = False
        db_table = "trips_gpsfix"
        verbose_name = "GPS fix"
        verbose_name_plural = "GPS fixes"

    def __str__(self) -> str:
        return f"fix {self.pk}"


class VehiclePosition(models.Model):
    """Where a vehicle's marker stands: its newest fix, never an older or a future one."""

    vehicle = models.OneToOneField(
        Vehicle, models.CASCADE, primary_key=True, related_name="position"
    )
    driver = models.ForeignKey(Driver, models.SET_NULL, null=True, db_constraint=False)
    latitude = models.FloatField()
    longitude = models.FloatField()
    speed_mps = models.FloatField(null=True)
    heading_deg = models.FloatField(null=True)
    recorded_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [on_earth("", "vehicle_position_on_earth")]

    def __str__(self) -> str:
        return f"position of vehicle {self.vehicle_id}"


class QuarantinedFix(models.Model):
    """A fix that was answered 2xx and not believed, as it came, with the reason."""

    device = models.ForeignKey(Device, models.CASCADE, related_name="quarantined")
    trip = models.ForeignKey(Trip, models.SET_NULL, null=True, blank=True)
    reason = models.CharField(max_length=32)
    # bytea: jsonb refuses NaN and NUL, and both arrive.
    raw = models.BinaryField()
    digest = models.BinaryField(max_length=32)
    received_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "quarantined fixes"
        constraints = [
            models.UniqueConstraint(fields=["device", "digest"], name="quarantined_fix_once")
        ]
        indexes = [models.Index(fields=["-received_at"], name="quarantined_fix_by_time")]

    def __str__(self) -> str:
        return f"{self.reason} from device {self.device_id}"
