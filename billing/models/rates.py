"""What a trip costs, and from which day on."""

from django.db import models
from django.db.models import Q

from trips.models import Payer, Trip


class Rate(models.Model):
    """What one level of service costs from a day on; a payer's own rate beats the default.

    Money is integer cents. Empty `payer`: everybody without a rate of their own.
    """

    payer = models.ForeignKey(Payer, models.PROTECT, null=True, blank=True, related_name="rates")
    mobility = models.CharField(max_length=24, choices=Trip.Mobility)
    valid_from = models.DateField()
    base_cents = models.PositiveIntegerField()
    included_miles = models.DecimalField(max_digits=6, decimal_places=1, default=0)
    mile_cents = models.PositiveIntegerField()
    wait_grace_minutes = models.PositiveSmallIntegerField(default=15)
    wait_increment_minutes = models.PositiveSmallIntegerField(default=30)
    wait_increment_cents = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payer", "mobility", "valid_from"],
                name="rate_once_a_day",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(wait_increment_minutes__gt=0), name="rate_increment_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"rate {self.pk}: {self.mobility} from {self.valid_from}"
