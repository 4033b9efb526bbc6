"""Invoices and their lines. An issued invoice is never edited."""

from django.db import models
from django.db.models import Q

from trips.models import Facility, Patient, Payer, Trip


class InvoiceCounter(models.Model):
    """The last number given in a year; locked by whoever takes the next, so without gaps."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


class Invoice(models.Model):
    """What is owed for one trip, by whom. One per trip, kind and revision."""

    class State(models.TextChoices):
        ISSUED = "issued"
        SENT = "sent"
        PARTLY_PAID = "partly_paid"
        PAID = "paid"
        OVERDUE = "overdue"
        VOID = "void"

    class Kind(models.TextChoices):
        TRIP = "trip"
        CREDIT = "credit"

    number = models.CharField(max_length=16, unique=True)
    trip = models.ForeignKey(Trip, models.PROTECT, related_name="invoices")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.TRIP)
    revision = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=12, choices=State, default=State.ISSUED)
    payer = models.ForeignKey(Payer, models.PROTECT, null=True, blank=True)
    facility = models.ForeignKey(Facility, models.PROTECT, null=True, blank=True)
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, blank=True)
    currency = models.CharField(max_length=3)
    total_cents = models.IntegerField()
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
        ]
        indexes = [models.Index(fields=["state", "due_on"], name="invoice_by_state")]

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

    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=8, help_text="HCPCS.")
    description = models.CharField(max_length=120)
    quantity = models.DecimalField(max_digits=9, decimal_places=2)
    unit = models.CharField(max_length=16)
    unit_cents = models.IntegerField()
    amount_cents = models.IntegerField()
    rule = models.CharField(max_length=250)
    evidence = models.JSONField(default=dict)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="invoice_line_position")
        ]

    def __str__(self) -> str:
        return f"line {self.position} of invoice {self.invoice_id}"


class InvoiceDocument(models.Model):
    """The PDF as it was sent."""

    invoice = models.OneToOneField(
        Invoice, models.CASCADE, primary_key=True, related_name="document"
    )
    content = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"document of invoice {self.pk}"
