"""Standing orders: the agreement that a patient is driven again and again, and its exceptions."""

from datetime import date

from django.conf import settings
from django.db import models

from trips.models.company import Facility, Patient, Payer
from trips.models.fields import on_earth
from trips.models.trip import Trip


class StandingOrder(models.Model):
    """What is driven, on which days, at which local times. Written by `trips.standing_orders`.

    An order is never overwritten once its days have begun: a change ends it and begins its
    successor, which belongs to the same `series`. `version` counts its events.
    """

    class ReturnKind(models.TextChoices):
        NONE = "none"
        TIMED = "timed"
        WILL_CALL = "will_call"

    series = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="successors",
        help_text="The first order of its line; empty for that one itself.",
    )
    version = models.PositiveIntegerField(default=0)
    approved_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty: requested, and no trips are made yet."
    )

    rule = models.CharField(max_length=200, help_text="RFC 5545, e.g. FREQ=WEEKLY;BYDAY=MO,WE.")
    anchor_day = models.DateField(help_text="Where intervals are counted from.")
    first_day = models.DateField()
    last_day = models.DateField(
        null=True, blank=True, help_text="Included. Before the first day: it never began."
    )
    pickup_time = models.TimeField(help_text="By the company's clock.")
    appointment_time = models.TimeField(null=True, blank=True)
    return_kind = models.CharField(
        max_length=9, choices=ReturnKind, default=ReturnKind.NONE, help_text="How they get back."
    )
    return_time = models.TimeField(
        null=True, blank=True, help_text="Earlier than the pick-up: on the next day."
    )
    except_holidays = models.BooleanField(default=False)

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="standing_orders")
    facility = models.ForeignKey(Facility, models.PROTECT, null=True, blank=True)
    payer = models.ForeignKey(Payer, models.PROTECT, null=True, blank=True)
    bill_to = models.CharField(max_length=8, choices=Trip.BillTo, blank=True)
    copay_cents = models.PositiveIntegerField(default=0, help_text="A leg.")
    authorization_number = models.CharField(max_length=64, blank=True)
    mobility = models.CharField(
        max_length=24, choices=Trip.Mobility, default=Trip.Mobility.AMBULATORY
    )
    needs = models.JSONField(default=list, blank=True)
    escorts = models.PositiveSmallIntegerField(default=0)
    notes = models.TextField(blank=True)
    window_minutes = models.PositiveSmallIntegerField(default=30)
    pickup_address = models.CharField(max_length=250)
    pickup_latitude = models.FloatField()
    pickup_longitude = models.FloatField()
    dropoff_address = models.CharField(max_length=250)
    dropoff_latitude = models.FloatField()
    dropoff_longitude = models.FloatField()

    materialised_until = models.DateField(
        null=True, blank=True, help_text="Trips are made up to here; empty: to be done again."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(return_kind="timed", return_time__isnull=False)
                | ~models.Q(return_kind="timed") & models.Q(return_time__isnull=True),
                name="standing_order_return_time",
            ),
            on_earth("pickup_", "standing_order_pickup_on_earth"),
            on_earth("dropoff_", "standing_order_dropoff_on_earth"),
        ]

    def __str__(self) -> str:
        return f"standing order {self.pk}"

    @property
    def root_id(self) -> int:
        """The number of the series: that of its first order."""
        return self.series_id or self.pk

    def has_ended(self, today: date) -> bool:
        """Whether no day of it is left."""
        if self.last_day is None:
            return False
        return self.last_day < today or self.last_day < self.first_day


class StandingOrderSkip(models.Model):
    """A single day on which the order does not hold."""

    order = models.ForeignKey(StandingOrder, models.CASCADE, related_name="skips")
    day = models.DateField()
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "day"], name="standing_order_skip_once")
        ]

    def __str__(self) -> str:
        return f"{self.day} of {self.order_id}"


class StandingOrderPause(models.Model):
    """Days, both included, on which the order does not hold; `last_day` empty: open ended."""

    order = models.ForeignKey(StandingOrder, models.CASCADE, related_name="pauses")
    first_day = models.DateField()
    last_day = models.DateField(null=True, blank=True)
    reason = models.CharField(max_length=200, help_text="E.g. hospitalised. Stays here.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_day__isnull=True)
                | models.Q(last_day__gte=models.F("first_day")),
                name="standing_order_pause_in_order",
            )
        ]

    def __str__(self) -> str:
        return f"{self.first_day} to {self.last_day or 'further notice'} of {self.order_id}"


class StandingOrderEvent(models.Model):
    """Who did what to an order, when: days, numbers and names of fields, no words of people."""

    class Kind(models.TextChoices):
        CREATED = "created"
        APPROVED = "approved"
        CHANGED = "changed"
        SUCCEEDED = "succeeded"
        PAUSED = "paused"
        RESUMED = "resumed"
        SKIPPED = "skipped"
        RESTORED = "restored"
        ENDED = "ended"

    order = models.ForeignKey(StandingOrder, models.PROTECT, related_name="events")
    version = models.PositiveIntegerField()
    kind = models.CharField(max_length=9, choices=Kind)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT)
    at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "version"], name="standing_order_version")
        ]

    def __str__(self) -> str:
        return f"{self.kind} v{self.version} of standing order {self.order_id}"


class Holiday(models.Model):
    """A day on which orders that leave out holidays do not hold."""

    day = models.DateField(unique=True)
    name = models.CharField(max_length=120)

    def __str__(self) -> str:
        return f"{self.name} {self.day}"
