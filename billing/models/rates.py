"""What a trip costs, from which day on; and what stands at a facility's address."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from billing.rates import MileRounding, MileSource, RateCard, SharedMiles, WaitRounding, clashing
from billing.rates.cards import bands_of, windows_of
from billing.rates.codes import PLACE_LETTERS
from trips.models import Facility, Payer, Trip

#: Whoever means "since ever": there must be a day before it.
FIRST_YEAR = 1900


def _choices(words: Any) -> list[tuple[str, str]]:
    return [(word.value, word.value) for word in words]


class Rate(models.Model):
    """What one level of service costs from a day on; a payer's own rate beats the default.

    Money is integer cents. Empty `payer`: everybody without a rate of their own. A rate without
    `valid_to` ends where the next begins. Once it has priced an invoice the database refuses
    every change: a correction is a new `version` that begins on the same day. One that ends
    before it begins withdraws what it corrects.
    """

    payer = models.ForeignKey(Payer, models.PROTECT, null=True, blank=True, related_name="rates")
    mobility = models.CharField(max_length=24, choices=Trip.Mobility)
    valid_from = models.DateField()
    valid_to = models.DateField(
        null=True, blank=True, help_text="Included. The day before it begins: withdrawn."
    )
    version = models.PositiveSmallIntegerField(default=1, help_text="Corrections count up.")
    base_cents = models.PositiveIntegerField()

    included_miles = models.DecimalField(
        max_digits=6, decimal_places=1, default=0, validators=[MinValueValidator(0)]
    )
    mile_cents = models.PositiveIntegerField()
    mile_bands = models.JSONField(
        default=list,
        blank=True,
        help_text='Other prices further out: [{"from_mile": "10", "cents": 175}].',
    )
    mile_source = models.CharField(
        max_length=8, choices=_choices(MileSource), default=MileSource.MEASURED.value
    )
    mile_step = models.DecimalField(max_digits=4, decimal_places=2, default=Decimal("0.1"))
    mile_rounding = models.CharField(
        max_length=8, choices=_choices(MileRounding), default=MileRounding.NEAREST.value
    )
    shared_miles = models.CharField(
        max_length=8,
        choices=_choices(SharedMiles),
        default=SharedMiles.FULL.value,
        help_text="Miles with other riders: each pays them, or they are split.",
    )

    wait_grace_minutes = models.PositiveSmallIntegerField(default=15)
    wait_increment_minutes = models.PositiveSmallIntegerField(default=30)
    wait_increment_cents = models.PositiveIntegerField(default=0)
    wait_rounding = models.CharField(
        max_length=9, choices=_choices(WaitRounding), default=WaitRounding.STARTED.value
    )
    wait_cap_minutes = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Paid at most, after the grace time."
    )

    after_hours = models.JSONField(
        default=list,
        blank=True,
        help_text='[{"days": ["SA", "SU"], "holidays": true, "from": "18:00", "to": "06:00", '
        '"flat_cents": 1500, "percent": "0"}]; the dearest that holds counts.',
    )
    minimum_cents = models.PositiveIntegerField(default=0, help_text="Of all but tolls.")
    maximum_cents = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of all but tolls."
    )
    attendant_cents = models.PositiveIntegerField(default=0)
    included_escorts = models.PositiveSmallIntegerField(default=0)
    escort_cents = models.PositiveIntegerField(default=0, help_text="Each further person.")
    bariatric_cents = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Surcharge; a number here covers the bariatric level without a rate of its own.",
    )
    tolls_are_paid = models.BooleanField(default=True)

    no_show_cents = models.PositiveIntegerField(default=0)
    cancel_same_day_cents = models.PositiveIntegerField(default=0)
    cancel_late_cents = models.PositiveIntegerField(default=0)
    cancel_at_door_cents = models.PositiveIntegerField(default=0)

    reason = models.CharField(max_length=250, blank=True, help_text="Why it was corrected.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When it first priced an invoice."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payer", "mobility", "valid_from", "version"],
                name="rate_once_a_day",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(wait_increment_minutes__gt=0), name="rate_increment_positive"
            ),
            models.CheckConstraint(condition=Q(mile_step__gt=0), name="rate_mile_step_positive"),
            models.CheckConstraint(
                condition=Q(maximum_cents__isnull=True) | Q(maximum_cents__gte=F("minimum_cents")),
                name="rate_cap_above_minimum",
            ),
        ]

    def __str__(self) -> str:
        return f"rate {self.pk}: {self.mobility} from {self.valid_from}"

    def clean(self) -> None:
        """Reject in forms what could not be priced with, or contradicts another rate."""
        self.card()
        if self.valid_from and self.valid_from.year < FIRST_YEAR:
            raise ValidationError({"valid_from": f"A day from {FIRST_YEAR} on."})
        others = Rate.objects.filter(payer=self.payer_id, mobility=self.mobility)
        clash = clashing(others.exclude(pk=self.pk), self) if self.valid_from else None
        if clash is not None:
            span = f"{clash.valid_from} to {clash.valid_to or 'further notice'}"
            raise ValidationError({"valid_from": f"Rate {clash.pk} holds from {span}."})

    def card(self) -> RateCard:
        """The rate as numbers; ValidationError where its rows of JSON are none."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        return RateCard(
            version=f"rate {self.pk}",
            rate_id=self.pk,
            mile_bands=self._read("mile_bands", bands_of),
            after_hours=self._read("after_hours", windows_of),
            mile_source=MileSource(self.mile_source),
            mile_rounding=MileRounding(self.mile_rounding),
            shared_miles=SharedMiles(self.shared_miles),
            wait_rounding=WaitRounding(self.wait_rounding),
            **plain,
        )

    def _read(self, name: str, reader: Any) -> Any:
        try:
            return reader(getattr(self, name))
        except ValueError as exc:
            raise ValidationError({name: str(exc)}) from None


#: Columns that a card has as they are.
_PLAIN = (
    "base_cents",
    "included_miles",
    "mile_cents",
    "mile_step",
    "wait_grace_minutes",
    "wait_increment_minutes",
    "wait_increment_cents",
    "wait_cap_minutes",
    "minimum_cents",
    "maximum_cents",
    "attendant_cents",
    "included_escorts",
    "escort_cents",
    "bariatric_cents",
    "tolls_are_paid",
    "no_show_cents",
    "cancel_same_day_cents",
    "cancel_late_cents",
    "cancel_at_door_cents",
)


class PlaceCode(models.Model):
    """What a facility is, as the letter that payers read in a line's modifier."""

    facility = models.OneToOneField(
        Facility, models.CASCADE, primary_key=True, related_name="place_code"
    )
    letter = models.CharField(
        max_length=1,
        choices=[(letter, f"{letter}: {words}") for letter, words in PLACE_LETTERS.items()],
    )

    def __str__(self) -> str:
        return f"{self.letter}: facility {self.pk}"
