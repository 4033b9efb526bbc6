"""The shapes of payments: as they are shown, and as they are recorded."""

from datetime import date
from typing import Any

from django.db.models import Model
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.allocations import Debtor
from billing.models import Payment, ProviderEvent
from billing.payments import Money
from trips.models import Company, Facility, Patient, Payer
from trips.queries import company_day
from users.api import StrictSerializer

MOST_CENTS = 2**31 - 1
MOST_SHARES = 500
_DEBTORS: dict[str, type[Model]] = {"payer": Payer, "facility": Facility, "patient": Patient}


class ShareView(serializers.Serializer[Any]):
    """So much of the payment is on this invoice."""

    invoice = serializers.IntegerField()
    number = serializers.CharField()
    amount_cents = serializers.IntegerField()


class PaymentSerializer(serializers.ModelSerializer[Payment]):
    """A payment and where it went; a refund or a reversal is `of` one, and negative."""

    corrected_cents = serializers.IntegerField(help_text="Given back, or never came.")
    allocated_cents = serializers.IntegerField()
    unallocated_cents = serializers.IntegerField(help_text="The debtor's credit.")
    allocations = serializers.SerializerMethodField()

    class Meta:
        model = Payment
        fields = [
            "id",
            "kind",
            "of",
            "payer",
            "facility",
            "patient",
            "amount_cents",
            "currency",
            "method",
            "reference",
            "received_on",
            "recorded_at",
            "corrected_cents",
            "allocated_cents",
            "unallocated_cents",
            "allocations",
        ]

    @extend_schema_field(ShareView(many=True))
    def get_allocations(self, payment: Payment) -> list[dict[str, Any]]:
        sums: dict[tuple[int, str], int] = {}
        for row in payment.allocations.all():
            key = (row.invoice_id, row.invoice.number)
            sums[key] = sums.get(key, 0) + row.amount_cents
        return [
            {"invoice": pk, "number": number, "amount_cents": cents}
            for (pk, number), cents in sorted(sums.items())
            if cents
        ]


class BillerPaymentSerializer(PaymentSerializer):
    """The same for billers: also what they wrote to each other."""

    class Meta(PaymentSerializer.Meta):
        fields = [*PaymentSerializer.Meta.fields, "note", "recorded_by", "idempotency_key"]


class AmountField(serializers.IntegerField):
    """Money in the currency's smallest unit, above 0."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=MOST_CENTS, **options)


class ShareSerializer(StrictSerializer):
    invoice = serializers.IntegerField(min_value=1, max_value=2**62)
    amount_cents = AmountField()


class SharesSerializer(StrictSerializer):
    """Which invoices; without `allocations` the oldest come first."""

    allocations = serializers.ListField(
        child=ShareSerializer(), required=False, max_length=MOST_SHARES
    )

    def shares(self) -> list[tuple[int, int]] | None:
        """(invoice, cents), or None: the oldest first."""
        given = self.validated_data.get("allocations")
        if given is None:
            return None
        return [(one["invoice"], one["amount_cents"]) for one in given]


class DebtorSerializer(SharesSerializer):
    """Exactly one of payer, facility and patient."""

    payer = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    facility = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    patient = serializers.IntegerField(required=False, min_value=1, max_value=2**62)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        named = [kind for kind in _DEBTORS if kind in attrs]
        if len(named) > 1 or (not named and self._needs_one(attrs)):
            raise serializers.ValidationError("One of payer, facility and patient.")
        for kind in named:
            if not _DEBTORS[kind]._default_manager.filter(pk=attrs[kind]).exists():
                raise serializers.ValidationError({kind: f"There is no such {kind}."})
        return attrs

    def _needs_one(self, attrs: dict[str, Any]) -> bool:
        return True

    def debtor(self) -> Debtor | None:
        """Who paid."""
        given = self.validated_data
        return next((Debtor(kind, given[kind]) for kind in _DEBTORS if kind in given), None)


def _not_to_come(day: date) -> None:
    if day > company_day(timezone.now()):
        raise serializers.ValidationError("This day is still to come.")
    if day.year < 2000:
        raise serializers.ValidationError("A day of this century.")


class _Received(serializers.DateField):
    """A day up to today, by the company's calendar; today where none is given."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, validators=[_not_to_come], **options)


def _text(most: int) -> serializers.CharField:
    return serializers.CharField(max_length=most, required=False, allow_blank=True)


class NewPaymentSerializer(DebtorSerializer):
    """Money that came in, recorded by hand."""

    amount_cents = AmountField()
    currency = serializers.RegexField(r"^[A-Z]{3}\Z", required=False)
    method = serializers.ChoiceField(choices=Payment.Method.choices)
    received_on = _Received()
    reference = _text(120)
    note = _text(250)

    def money(self) -> Money:
        """What is recorded."""
        given = self.validated_data
        debtor = self.debtor()
        if debtor is None:  # `validate` asks for one
            raise ValueError("a payment without a debtor")
        return Money(
            debtor=debtor,
            amount_cents=given["amount_cents"],
            currency=given.get("currency") or Company.get().currency,
            method=given["method"],
            received_on=given.get("received_on") or company_day(timezone.now()),
            reference=given.get("reference", ""),
            note=given.get("note", ""),
        )


class ReleaseSerializer(StrictSerializer):
    """Without an amount: all of the payment's money on that invoice."""

    invoice = serializers.IntegerField(min_value=1, max_value=2**62)
    amount_cents = AmountField(required=False)


class RefundSerializer(StrictSerializer):
    """Without `invoice`: what is on none first, then from the newest allocation back."""

    amount_cents = AmountField()
    method = serializers.ChoiceField(choices=Payment.Method.choices)
    received_on = _Received(help_text="The day on which it was given back.")
    reference = _text(120)
    note = serializers.CharField(max_length=250)
    invoice = serializers.IntegerField(required=False, min_value=1, max_value=2**62)


class ReverseSerializer(StrictSerializer):
    """`note`: why, e.g. that the check bounced."""

    received_on = _Received(help_text="The day on which it became known.")
    note = serializers.CharField(max_length=250)


class ProviderEventSerializer(serializers.ModelSerializer[ProviderEvent]):
    class Meta:
        model = ProviderEvent
        exclude = ["event_id"]


class ResolveSerializer(DebtorSerializer):
    """Whose payment it is; nobody named: nothing is recorded, and `resolution` says why."""

    resolution = serializers.CharField(max_length=250)

    def _needs_one(self, attrs: dict[str, Any]) -> bool:
        return "allocations" in attrs
