"""Vehicles, drivers, shifts, and the devices that report positions."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q


class Vehicle(models.Model):
    """One vehicle. `capacities` lists alternative seatings, e.g. [{"amb": 4, "wc": 1}, …]."""

    class State(models.TextChoices):
        IN_SERVICE = "in_service"
        OUT_OF_SERVICE = "out_of_service"

    name = models.CharField(max_length=64, unique=True)
    plate = models.CharField(max_length=16, blank=True)
    capacities = models.JSONField(default=list)
    state = models.CharField(max_length=16, choices=State, default=State.IN_SERVICE)
    out_of_service_reason = models.CharField(max_length=250, blank=True)
    has_lift = models.BooleanField(default=True, help_text="A lift or ramp for wheelchairs.")
    inspection_due = models.DateField(null=True, blank=True)
    lift_inspection_due = models.DateField(null=True, blank=True)
    insurance_expires = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Whoever takes a vehicle out of service says why."""
        if self.state == self.State.OUT_OF_SERVICE and not self.out_of_service_reason:
            raise ValidationError({"out_of_service_reason": "Say why it is out of service."})


class Driver(models.Model):
    """A driver; the account holds the name and the login."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="driver")
    licence = models.CharField(max_length=64, blank=True)
    licence_expires = models.DateField(null=True, blank=True)
    medical_expires = models.DateField(null=True, blank=True)
    qualifications = models.JSONField(default=list, blank=True, help_text='E.g. ["stretcher"].')

    def __str__(self) -> str:
        return self.user.display_name


class Shift(models.Model):
    """A driver on duty with a vehicle; `ends_at` empty: until it is closed.

    A planned one is for the planners only: nobody is on duty before they begin it themselves.
    """

    driver = models.ForeignKey(Driver, models.CASCADE, related_name="shifts")
    vehicle = models.ForeignKey(Vehicle, models.CASCADE, related_name="shifts")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    planned = models.BooleanField(default=False, help_text="Not begun yet.")
    planned_ends_at = models.DateTimeField(
        null=True, blank=True, help_text="Until when a shift that was begun had been planned."
    )
    reason = models.CharField(
        max_length=250, blank=True, help_text="Why somebody else than the driver did it."
    )
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    odometer_start_mi = models.DecimalField(max_digits=9, decimal_places=1, null=True, blank=True)
    odometer_end_mi = models.DecimalField(max_digits=9, decimal_places=1, null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="shift_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(planned=False) | Q(ends_at__isnull=False),
                name="shift_planned_has_end",
            ),
            models.UniqueConstraint(
                fields=["driver"], condition=Q(ends_at__isnull=True), name="shift_one_open"
            ),
        ]
        indexes = [
            models.Index(fields=["driver", "starts_at"], name="shift_of_driver"),
            models.Index(fields=["vehicle", "starts_at"], name="shift_of_vehicle"),
        ]

    def __str__(self) -> str:
        return f"shift {self.pk}"


class Device(models.Model):
    """A source of positions: a vehicle's tracker, or a driver's phone.

    Duplicates are found per device. `token_digest` is the hash of the token in a tracker's
    URL; a driver's phone authenticates as the driver and has none.
    """

    vehicle = models.ForeignKey(
        Vehicle, models.CASCADE, null=True, blank=True, related_name="devices"
    )
    driver = models.OneToOneField(
        Driver, models.CASCADE, null=True, blank=True, related_name="device"
    )
    name = models.CharField(max_length=64, blank=True)
    token_digest = models.CharField(max_length=128, unique=True, null=True, blank=True)
    is_active = models.BooleanField(default=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(vehicle__isnull=False) ^ Q(driver__isnull=False),
                name="device_of_vehicle_or_driver",
            )
        ]

    def __str__(self) -> str:
        return self.name or f"device {self.pk}"
