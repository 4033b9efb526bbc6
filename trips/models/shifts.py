"""What happens within a shift, and papers that run out."""

from django.db import models
from django.db.models import F, Q

from trips.models.fleet import Driver, Shift, Vehicle


class ShiftBreak(models.Model):
    """A pause within a shift; `ends_at` empty: still."""

    shift = models.ForeignKey(Shift, models.CASCADE, related_name="breaks")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")),
                name="shift_break_ends_after_start",
            ),
            models.UniqueConstraint(
                fields=["shift"], condition=Q(ends_at__isnull=True), name="shift_break_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"break {self.pk} of shift {self.shift_id}"


class ExpiryWarning(models.Model):
    """Said once: that a paper of a driver or a vehicle runs out on `expires`, `step_days` ahead."""

    class Paper(models.TextChoices):
        LICENCE = "licence"
        MEDICAL = "medical"
        INSPECTION = "inspection"
        LIFT_INSPECTION = "lift_inspection"
        INSURANCE = "insurance"

    paper = models.CharField(max_length=16, choices=Paper)
    driver = models.ForeignKey(Driver, models.CASCADE, null=True, blank=True)
    vehicle = models.ForeignKey(Vehicle, models.CASCADE, null=True, blank=True)
    expires = models.DateField()
    step_days = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(driver__isnull=False) ^ Q(vehicle__isnull=False),
                name="expiry_of_driver_or_vehicle",
            ),
            models.UniqueConstraint(
                fields=["paper", "driver", "vehicle", "expires", "step_days"],
                name="expiry_warned_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.paper} until {self.expires}"
