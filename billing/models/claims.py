"""Prior authorizations; and claims: what a payer asks for, what was found wrong, what was sent."""

from decimal import Decimal
from enum import StrEnum

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from billing.claim_rows import COLUMNS, LAYOUT
from billing.claim_states import BatchState, ClaimState
from billing.linter import PayerRules, Severity
from billing.models.invoices import Invoice
from trips.models import Patient, Payer, Trip


def _words(words: type[StrEnum]) -> list[tuple[str, str]]:
    return [(word.value, word.value.replace("_", " ")) for word in words]


class Authorization(models.Model):
    """What a payer agreed to pay for a patient: so many trips or miles between two days.

    A trip draws on it by naming its number. No counter is kept: what is used is what the trips
    that name it add up to, so a trip counts once whatever runs twice.
    """

    class Unit(models.TextChoices):
        TRIP = "trip"
        MILE = "mile"

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="authorizations")
    payer = models.ForeignKey(Payer, models.PROTECT, related_name="authorizations")
    number = models.CharField(max_length=64)
    levels = models.JSONField(
        default=list, blank=True, help_text='E.g. ["wheelchair"]; empty: every level of service.'
    )
    codes = models.JSONField(
        default=list, blank=True, help_text='HCPCS, e.g. ["A0130", "S0209"]; empty: every code.'
    )
    valid_from = models.DateField()
    valid_to = models.DateField(help_text="Included.")
    unit = models.CharField(max_length=4, choices=Unit, default=Unit.TRIP)
    units = models.DecimalField(max_digits=9, decimal_places=1, help_text="Authorised.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payer", "number"], name="authorization_once"),
            models.CheckConstraint(
                condition=Q(valid_to__gte=F("valid_from")), name="authorization_ends_after_start"
            ),
            models.CheckConstraint(condition=Q(units__gt=0), name="authorization_of_something"),
            models.CheckConstraint(condition=~Q(number=""), name="authorization_has_number"),
        ]
        indexes = [models.Index(fields=["patient", "payer"], name="authorization_of_patient")]

    def __str__(self) -> str:
        return f"authorization {self.pk}"


class ClaimProfile(models.Model):
    """What one payer asks of a claim; a payer without a row gets the defaults."""

    payer = models.OneToOneField(
        Payer, models.CASCADE, primary_key=True, related_name="claim_profile"
    )
    provider_id = models.CharField(max_length=32, blank=True, help_text="Our number there.")
    member_id_form = models.CharField(
        max_length=200,
        blank=True,
        help_text="A: letter, 9: digit, *: either; several forms by blanks. Empty: any.",
    )
    authorization_required = models.BooleanField(default=True)
    signature_required = models.BooleanField(
        default=False, help_text="Signatures are not collected yet: leave it off."
    )
    least_coverage = models.DecimalField(
        max_digits=3, decimal_places=2, default=Decimal("0.80"), help_text="Of the ride by GPS."
    )
    longest_gap_minutes = models.PositiveSmallIntegerField(default=10)
    most_variance = models.DecimalField(
        max_digits=3, decimal_places=2, default=Decimal("0.20"), help_text="Odometer and GPS."
    )
    columns = models.JSONField(
        default=list, blank=True, help_text="Of the file, in order; empty: the usual ones."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(least_coverage__range=(0, 1), most_variance__range=(0, 1)),
                name="claim_profile_shares",
            ),
        ]

    def __str__(self) -> str:
        return f"claims to payer {self.pk}"

    def clean(self) -> None:
        """Reject in forms a layout that no file could have."""
        if not isinstance(self.columns, list) or not all(
            isinstance(name, str) for name in self.columns
        ):
            raise ValidationError({"columns": "A list of names."})
        if unknown := sorted(set(self.columns) - set(COLUMNS)):
            raise ValidationError({"columns": f"Unknown: {', '.join(unknown)}."})

    @property
    def layout(self) -> tuple[str, ...]:
        """The columns of a file for this payer."""
        return tuple(self.columns) or LAYOUT

    def rules(self) -> PayerRules:
        """What the linter is handed."""
        return PayerRules(
            member_id_form=self.member_id_form,
            authorization_required=self.authorization_required,
            signature_required=self.signature_required,
            least_coverage=float(self.least_coverage),
            longest_gap_s=self.longest_gap_minutes * 60.0,
            most_variance=float(self.most_variance),
        )

    @classmethod
    def of(cls, payer_id: int) -> "ClaimProfile":
        """The payer's own, or the defaults (not saved)."""
        return cls.objects.filter(pk=payer_id).first() or cls(payer_id=payer_id)


class ClaimFinding(models.Model):
    """What the linter found on a trip. Open until it is gone, or waived with a reason.

    A row is of one state of things: where what was found changes, it is over (`gone_at`) and
    another begins, so a waiver never covers what nobody looked at, and none is ever lost.
    """

    trip = models.ForeignKey(Trip, models.PROTECT, related_name="claim_findings")
    payer = models.ForeignKey(Payer, models.PROTECT, related_name="+")
    code = models.CharField(max_length=32)
    severity = models.CharField(max_length=8, choices=_words(Severity))
    detail = models.CharField(max_length=200, help_text="Numbers and ids only.")
    found_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True)
    waived_at = models.DateTimeField(null=True, blank=True)
    waived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    waived_because = models.CharField(max_length=250, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["trip", "code"], condition=Q(gone_at__isnull=True), name="finding_once"
            ),
            models.CheckConstraint(
                condition=Q(waived_at__isnull=True, waived_by__isnull=True, waived_because="")
                | Q(waived_at__isnull=False, waived_by__isnull=False) & ~Q(waived_because=""),
                name="finding_waived_by_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["payer", "trip"],
                condition=Q(gone_at__isnull=True),
                name="finding_present",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} on trip {self.trip_id}"


class ClaimBatch(models.Model):
    """Claims that go to one payer together. From `submitted` on its content never changes."""

    State = BatchState

    payer = models.ForeignKey(Payer, models.PROTECT, related_name="claim_batches")
    first_day = models.DateField()
    last_day = models.DateField()
    state = models.CharField(
        max_length=16, choices=_words(BatchState), default=BatchState.DRAFT.value
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reference = models.CharField(max_length=64, blank=True, help_text="The payer's word for it.")
    answered_at = models.DateTimeField(null=True, blank=True, help_text="The newest answer.")
    file = models.BinaryField(null=True, help_text="As it was submitted, gzipped.")

    class Meta:
        verbose_name_plural = "claim batches"
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="batch_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(state="draft", file__isnull=True)
                | ~Q(state="draft") & Q(file__isnull=False),
                name="batch_ready_has_file",
            ),
        ]
        indexes = [models.Index(fields=["payer", "state"], name="batch_of_payer")]

    def __str__(self) -> str:
        return f"claim batch {self.pk}"


class Claim(models.Model):
    """One trip in a batch; a trip is in one batch at a time, unless it was rejected there.

    What is claimed is written down when the batch gets ready: `content` has the cells that all
    of its lines share, `lines` those of each.
    """

    batch = models.ForeignKey(ClaimBatch, models.CASCADE, related_name="claims")
    trip = models.ForeignKey(Trip, models.PROTECT, related_name="claims")
    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(
        max_length=8, choices=_words(ClaimState), default=ClaimState.PENDING.value
    )
    content = models.JSONField(default=dict)
    lines = models.JSONField(default=list)
    amount_cents = models.IntegerField(default=0)
    denial_code = models.CharField(max_length=16, blank=True, help_text="E.g. CO-197.")
    denial_note = models.CharField(max_length=250, blank=True)
    paid_cents = models.IntegerField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["trip"], condition=~Q(state="rejected"), name="claim_live_once"
            ),
            models.UniqueConstraint(fields=["batch", "trip"], name="claim_in_batch_once"),
            models.CheckConstraint(
                condition=Q(denial_code="") ^ Q(state="rejected"), name="claim_denied_with_code"
            ),
            models.CheckConstraint(
                condition=Q(paid_cents__isnull=True) ^ Q(state="paid"), name="claim_paid_so_much"
            ),
        ]

    def __str__(self) -> str:
        return f"claim {self.pk} for trip {self.trip_id}"
