"""Money that came in and where it went. Rows are only added; the database refuses the rest."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from billing.models.invoices import Invoice
from trips.models import Facility, Patient, Payer


class Payment(models.Model):
    """Money from one debtor, or back to it: a payment is positive, what takes it back negative.

    A refund or a reversal (a check that bounced) names the payment that it is `of`; together
    they never take more than came in. Amounts are in the currency's smallest unit.
    """

    class Kind(models.TextChoices):
        PAYMENT = "payment"
        REFUND = "refund"
        REVERSAL = "reversal"

    class Method(models.TextChoices):
        CHECK = "check"
        CASH = "cash"
        CARD = "card"
        REMITTANCE = "remittance"
        PROVIDER = "provider", "payment provider"

    kind = models.CharField(max_length=8, choices=Kind, default=Kind.PAYMENT)
    of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="corrections"
    )
    payer = models.ForeignKey(Payer, models.PROTECT, null=True, blank=True)
    facility = models.ForeignKey(Facility, models.PROTECT, null=True, blank=True)
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, blank=True)
    amount_cents = models.IntegerField()
    currency = models.CharField(max_length=3)
    method = models.CharField(max_length=10, choices=Method)
    reference = models.CharField(
        max_length=120, blank=True, help_text="Number of the check, the transfer, the card slip."
    )
    note = models.CharField(max_length=250, blank=True)
    received_on = models.DateField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        help_text="Empty: the system.",
    )
    recorded_at = models.DateTimeField(auto_now_add=True)
    idempotency_key = models.CharField(
        max_length=200,
        unique=True,
        null=True,
        blank=True,
        help_text="What a provider or a remittance calls it: recorded once.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(payer__isnull=False, facility__isnull=True, patient__isnull=True)
                | Q(payer__isnull=True, facility__isnull=False, patient__isnull=True)
                | Q(payer__isnull=True, facility__isnull=True, patient__isnull=False),
                name="payment_one_debtor",
            ),
            models.CheckConstraint(
                condition=Q(kind="payment", of__isnull=True, amount_cents__gt=0)
                | (~Q(kind="payment") & Q(of__isnull=False, amount_cents__lt=0)),
                name="payment_sign",
            ),
            models.UniqueConstraint(
                fields=["of"], condition=Q(kind="reversal"), name="payment_reversed_once"
            ),
        ]
        indexes = [models.Index(fields=["received_on"], name="payment_by_day")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Allocation(models.Model):
    """So much of a payment goes to an invoice; negative where it is taken off again."""

    class Reason(models.TextChoices):
        PAYMENT = "payment"
        REFUND = "refund"
        REVERSAL = "reversal"
        RELEASE = "release", "taken off by a person"
        CREDIT = "credit", "the invoice was credited"

    payment = models.ForeignKey(
        Payment, models.PROTECT, related_name="allocations", limit_choices_to={"kind": "payment"}
    )
    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="allocations")
    amount_cents = models.IntegerField()
    reason = models.CharField(max_length=8, choices=Reason, default=Reason.PAYMENT)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reason="payment", amount_cents__gt=0)
                | (~Q(reason="payment") & Q(amount_cents__lt=0)),
                name="allocation_sign",
            )
        ]

    def __str__(self) -> str:
        return f"payment {self.payment_id} on invoice {self.invoice_id}"


class ProviderEvent(models.Model):
    """One message of a payment provider, read once; `open` waits for a biller."""

    class State(models.TextChoices):
        RECORDED = "recorded"
        OPEN = "open"
        RESOLVED = "resolved"

    provider = models.CharField(max_length=16)
    event_id = models.CharField(max_length=120)
    type = models.CharField(max_length=64)
    reference = models.CharField(max_length=120, help_text="What the provider calls the payment.")
    invoice_number = models.CharField(max_length=64, blank=True)
    amount_cents = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=8, choices=State)
    reason = models.CharField(max_length=120, blank=True, help_text="Why it waits for a biller.")
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, blank=True)
    resolution = models.CharField(max_length=250, blank=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="provider_event_once")
        ]
        indexes = [
            models.Index(
                fields=["received_at"], condition=Q(state="open"), name="provider_event_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.event_id}"
