"""A trip (one leg), who had it when, and what was answered to taps."""

from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.db.models import Q

from trips.lifecycle import WITH_DRIVER, Status
from trips.models.company import Facility, Patient, Payer
from trips.models.fields import on_earth
from trips.models.fleet import Driver, Vehicle


def _values(statuses: Iterable[Status]) -> list[str]:
    """Sorted, or each run of makemigrations would see another constraint."""
    return sorted(status.value for status in statuses)


class Trip(models.Model):
    """One leg from a pick-up to a drop-off. Written by `trips.services` only.

    `version` counts its events. `scheduled_at` is the agreed pick-up time, empty for a
    will-call; `return_of` links a return leg to its outbound leg.
    """

    class StatusChoice(models.TextChoices):
        REQUESTED = Status.REQUESTED.value
        WILL_CALL = Status.WILL_CALL.value
        SCHEDULED = Status.SCHEDULED.value
        ASSIGNED = Status.ASSIGNED.value
        DISPATCHED = Status.DISPATCHED.value
        EN_ROUTE_PICKUP = Status.EN_ROUTE_PICKUP.value
        ARRIVED_PICKUP = Status.ARRIVED_PICKUP.value
        IN_PROGRESS = Status.IN_PROGRESS.value
        ARRIVED_DROPOFF = Status.ARRIVED_DROPOFF.value
        COMPLETED = Status.COMPLETED.value
        CANCELLED = Status.CANCELLED.value
        NO_SHOW = Status.NO_SHOW.value
        REJECTED = Status.REJECTED.value
        MISSED = Status.MISSED.value

    class Mobility(models.TextChoices):
        AMBULATORY = "ambulatory"
        WHEELCHAIR = "wheelchair"
        BARIATRIC_WHEELCHAIR = "bariatric_wheelchair"
        STRETCHER = "stretcher"
        BARIATRIC_STRETCHER = "bariatric_stretcher"

    class Leg(models.TextChoices):
        OUTBOUND = "outbound"
        RETURN = "return"

    class BillTo(models.TextChoices):
        PAYER = "payer"
        FACILITY = "facility"
        PATIENT = "patient"

    status = models.CharField(max_length=16, choices=StatusChoice, default=StatusChoice.REQUESTED)
    version = models.PositiveIntegerField(default=0)
    state_since = models.DateTimeField()

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="trips")
    facility = models.ForeignKey(Facility, models.PROTECT, null=True, blank=True)
    payer = models.ForeignKey(
        Payer, models.PROTECT, null=True, blank=True, help_text="Empty: the patient pays."
    )
    bill_to = models.CharField(
        max_length=8,
        choices=BillTo,
        blank=True,
        help_text="Empty: the payer where there is one, else the patient.",
    )
    copay_cents = models.PositiveIntegerField(default=0, help_text="The patient's own part.")
    tolls_cents = models.PositiveIntegerField(default=0)
    authorization_number = models.CharField(max_length=64, blank=True)
    external_id = models.CharField(
        max_length=64, blank=True, help_text="The booker's own id; a second import finds it."
    )
    return_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="returns"
    )
    standing_order = models.ForeignKey(
        "trips.StandingOrder", models.PROTECT, null=True, blank=True, related_name="trips"
    )
    service_date = models.DateField(
        null=True, blank=True, help_text="Its day; empty again where the order took the trip back."
    )
    leg = models.CharField(max_length=8, choices=Leg, blank=True)
    mobility = models.CharField(max_length=24, choices=Mobility, default=Mobility.AMBULATORY)
    needs = models.JSONField(default=list, blank=True, help_text='E.g. ["oxygen", "walker"].')
    escorts = models.PositiveSmallIntegerField(default=0)
    notes = models.TextField(blank=True)

    pickup_address = models.CharField(max_length=250)
    pickup_latitude = models.FloatField()
    pickup_longitude = models.FloatField()
    dropoff_address = models.CharField(max_length=250)
    dropoff_latitude = models.FloatField()
    dropoff_longitude = models.FloatField()
    scheduled_at = models.DateTimeField(null=True, blank=True)
    window_minutes = models.PositiveSmallIntegerField(default=30)
    appointment_at = models.DateTimeField(null=True, blank=True)
    ready_at = models.DateTimeField(
        null=True, blank=True, help_text="When a will-call was called: its clock runs from here."
    )
    wait_and_return = models.BooleanField(
        default=False, help_text="The driver waits there and takes the patient back."
    )
    pinned = models.BooleanField(
        default=False, help_text="Assigned by a dispatcher's decision: automation leaves it alone."
    )

    driver = models.ForeignKey(Driver, models.PROTECT, null=True, blank=True)
    vehicle = models.ForeignKey(Vehicle, models.PROTECT, null=True, blank=True)

    arrived_pickup_at = models.DateTimeField(null=True, blank=True)
    picked_up_at = models.DateTimeField(null=True, blank=True)
    dropped_off_at = models.DateTimeField(null=True, blank=True)
    odometer_start_mi = models.DecimalField(max_digits=9, decimal_places=1, null=True, blank=True)
    odometer_end_mi = models.DecimalField(max_digits=9, decimal_places=1, null=True, blank=True)
    cancel_kind = models.CharField(max_length=16, blank=True)
    cancelled_by = models.CharField(max_length=16, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=_values(Status)),
                name="trip_status_known",
            ),
            models.CheckConstraint(
                condition=Q(driver__isnull=False, vehicle__isnull=False)
                | ~Q(status__in=_values(WITH_DRIVER | {Status.COMPLETED})),
                name="trip_under_way_has_driver",
            ),
            models.CheckConstraint(
                condition=Q(scheduled_at__isnull=False)
                | ~Q(status__in=_values(WITH_DRIVER | {Status.SCHEDULED})),
                name="trip_scheduled_has_time",
            ),
            models.UniqueConstraint(
                fields=["external_id"], condition=~Q(external_id=""), name="trip_external_id_once"
            ),
            models.UniqueConstraint(
                fields=["standing_order", "service_date", "leg"],
                condition=Q(standing_order__isnull=False),
                name="trip_of_standing_order_once",
            ),
            on_earth("pickup_", "trip_pickup_on_earth"),
            on_earth("dropoff_", "trip_dropoff_on_earth"),
        ]
        indexes = [
            models.Index(fields=["scheduled_at"], name="trip_by_time"),
            models.Index(fields=["status", "scheduled_at"], name="trip_by_status"),
            models.Index(fields=["driver", "scheduled_at"], name="trip_by_driver"),
            models.Index(fields=["picked_up_at"], name="trip_by_pick_up"),
        ]

    def __str__(self) -> str:
        return f"trip {self.pk}"

    @property
    def withdrawn(self) -> bool:
        """Whether its standing order took it back."""
        return self.standing_order_id is not None and self.service_date is None


class Assignment(models.Model):
    """Which driver and vehicle had the trip, from when to when; `ended_at` empty: still."""

    trip = models.ForeignKey(Trip, models.CASCADE, related_name="assignments")
    driver = models.ForeignKey(Driver, models.PROTECT, related_name="assignments")
    vehicle = models.ForeignKey(Vehicle, models.PROTECT, related_name="assignments")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["trip"], condition=Q(ended_at__isnull=True), name="assignment_one_open"
            )
        ]
        indexes = [
            models.Index(
                fields=["vehicle"],
                condition=Q(ended_at__isnull=True),
                name="assignment_open_of_vehicle",
            )
        ]

    def __str__(self) -> str:
        return f"assignment {self.pk} of trip {self.trip_id}"


class TapAnswer(models.Model):
    """What was answered to a client's tap, so that the same tap again gets the same answer."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    client_event_id = models.CharField(max_length=64)
    request_digest = models.CharField(max_length=64)
    status_code = models.PositiveSmallIntegerField()
    body = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "client_event_id"], name="tap_answer_once")
        ]

    def __str__(self) -> str:
        return f"tap {self.client_event_id}"
