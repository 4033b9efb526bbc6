"""Invoices and their lines. What was issued is never edited; the database itself refuses it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from billing.models.rates import Rate
from trips.models import Facility, Patient, Payer, Trip


class YearCounter(models.Model):
    """The last number given in a year; locked by whoever takes the next, so without gaps."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


class InvoiceCounter(YearCounter):
    """One series for invoices of all kinds."""


class Invoice(models.Model):
    """What is owed for one trip, by whom. One per trip, kind and revision.

    A credit note takes back all of the invoice that it `corrects`, which is `void` from then on;
    a later revision stands in its place. Only `state` and `sent_at` ever change. Amounts are in
    the currency's smallest unit.
    """

    class State(models.TextChoices):
        ISSUED = "issued"
        SENT = "sent"
        PARTLY_PAID = "partly_paid"
        PAID = "paid"
        OVERDUE = "overdue"
        VOID = "void"

    class Kind(models.TextChoices):
        TRIP = "trip"
        COPAY = "copay", "Co-pay"
        CREDIT = "credit", "Credit note"

    class Cause(models.TextChoices):
        RIDE = "ride", "the ride itself"
        CORRECTION = "correction", "late data or a reopened trip"
        RATE = "rate", "a corrected rate"
        VOID = "void", "taken back by a person"

    #: States in which something is still to be paid.
    OPEN = (State.ISSUED, State.SENT, State.PARTLY_PAID, State.OVERDUE)

    number = models.CharField(max_length=16, unique=True)
    trip = models.ForeignKey(Trip, models.PROTECT, related_name="invoices")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.TRIP)
    revision = models.PositiveSmallIntegerField(default=0)
    corrects = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="credited_by"
    )
    cause = models.CharField(max_length=12, choices=Cause, default=Cause.RIDE)
    reason = models.CharField(max_length=250, blank=True, help_text="In a person's words.")
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        help_text="Who asked for it; empty: the system.",
    )
    state = models.CharField(max_length=12, choices=State, default=State.ISSUED)
    payer = models.ForeignKey(Payer, models.PROTECT, null=True, blank=True)
    facility = models.ForeignKey(Facility, models.PROTECT, null=True, blank=True)
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, blank=True)
    currency = models.CharField(max_length=3)
    subtotal_cents = models.IntegerField(help_text="The sum of its lines.")
    tax_name = models.CharField(max_length=32, blank=True)
    tax_percent = models.DecimalField(max_digits=5, decimal_places=3, default=0)
    tax_cents = models.IntegerField(default=0)
    total_cents = models.IntegerField(help_text="With tax; negative on a credit note.")
    served_on = models.DateField(help_text="The trip's day by the company's calendar.")
    issued_at = models.DateTimeField()
    due_on = models.DateField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["trip", "kind", "revision"], name="invoice_once"),
            models.CheckConstraint(
                condition=Q(payer__isnull=False, facility__isnull=True, patient__isnull=True)
                | Q(payer__isnull=True, facility__isnull=False, patient__isnull=True)
                | Q(payer__isnull=True, facility__isnull=True, patient__isnull=False),
                name="invoice_one_debtor",
            ),
            models.CheckConstraint(
                condition=Q(total_cents=F("subtotal_cents") + F("tax_cents")),
                name="invoice_total_is_subtotal_and_tax",
            ),
            models.CheckConstraint(
                condition=Q(kind="credit", corrects__isnull=False, total_cents__lte=0)
                | (~Q(kind="credit") & Q(corrects__isnull=True, total_cents__gte=0)),
                name="invoice_credit_corrects_one",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_on"], name="invoice_by_state"),
            models.Index(fields=["issued_at"], name="invoice_by_issue"),
            models.Index(fields=["served_on"], name="invoice_by_service_day"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def debtor(self) -> Payer | Facility | Patient:
        """Who owes it, and to whose address it is mailed."""
        found = self.payer or self.facility or self.patient
        if found is None:  # the database forbids it
            raise ValueError(f"invoice {self.pk} has no debtor")
        return found


class InvoiceLine(models.Model):
    """One charge with the rule that made it and the evidence it rests on."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=8, blank=True, help_text="HCPCS; empty for a co-pay.")
    modifiers = models.CharField(max_length=32, blank=True, help_text="Separated by blanks.")
    description = models.CharField(max_length=120)
    quantity = models.DecimalField(max_digits=9, decimal_places=2)
    unit = models.CharField(max_length=16)
    unit_cents = models.IntegerField()
    amount_cents = models.IntegerField()
    rate = models.ForeignKey(
        Rate, models.PROTECT, null=True, blank=True, help_text="The version that made the price."
    )
    rule = models.CharField(max_length=250)
    evidence = models.JSONField(default=dict)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="invoice_line_position")
        ]

    def __str__(self) -> str:
        return f"line {self.position} of invoice {self.invoice_id}"


class UnpricedTrip(models.Model):
    """A trip that should have been charged and could not be; billers see it until it is."""

    trip = models.OneToOneField(Trip, models.PROTECT, primary_key=True, related_name="unpriced")
    reason = models.CharField(max_length=200)
    since = models.DateTimeField()
    solved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["since"], condition=Q(solved_at__isnull=True), name="unpriced_open"
            )
        ]

    def __str__(self) -> str:
        return f"trip {self.trip_id}: {self.reason}"
