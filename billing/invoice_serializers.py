"""What invoices look like over HTTP, and what billers send."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import serializers

from billing.models import Invoice, InvoiceLine, UnpricedTrip
from trips.models import Payer, Trip
from trips.task_api import EARLIEST, LATEST, MOST_DAYS
from users.api import StrictSerializer


class LineSerializer(serializers.ModelSerializer[InvoiceLine]):
    class Meta:
        model = InvoiceLine
        fields = [
            "position",
            "code",
            "modifiers",
            "description",
            "quantity",
            "unit",
            "unit_cents",
            "amount_cents",
            "rate",
            "rule",
            "evidence",
        ]


DEBTOR = inline_serializer(
    "Debtor",
    {
        "kind": serializers.ChoiceField(["payer", "facility", "patient"]),
        "id": serializers.IntegerField(),
        "name": serializers.CharField(),
    },
)


class InvoiceSerializer(serializers.ModelSerializer[Invoice]):
    """`corrects`: what a credit note takes back; `credited_by`: the note that took this back."""

    lines = LineSerializer(many=True)
    debtor = serializers.SerializerMethodField()
    credited_by = serializers.SerializerMethodField()
    paid_cents = serializers.IntegerField(read_only=True)
    balance_cents = serializers.IntegerField(read_only=True)

    class Meta:
        model = Invoice
        fields = [
            "id",
            "number",
            "trip",
            "kind",
            "revision",
            "state",
            "corrects",
            "credited_by",
            "cause",
            "reason",
            "payer",
            "facility",
            "patient",
            "debtor",
            "currency",
            "subtotal_cents",
            "tax_name",
            "tax_percent",
            "tax_cents",
            "total_cents",
            "paid_cents",
            "balance_cents",
            "served_on",
            "issued_at",
            "due_on",
            "sent_at",
            "lines",
        ]

    @extend_schema_field(DEBTOR)
    def get_debtor(self, invoice: Invoice) -> dict[str, object]:
        debtor = invoice.debtor
        kind = type(debtor).__name__.lower()
        return {"kind": kind, "id": debtor.pk, "name": debtor.name}

    def get_credited_by(self, invoice: Invoice) -> int | None:
        credit: Invoice | None = getattr(invoice, "credited_by", None)
        return credit.pk if credit else None


class ReasonSerializer(StrictSerializer):
    """Why; it stands on the credit note, so no patient's data."""

    reason = serializers.CharField(max_length=250)


class TripSerializer(StrictSerializer):
    trip_id = serializers.IntegerField(min_value=1, max_value=2**62)


class RepriceSerializer(StrictSerializer):
    """Billed trips by their days of service (both included); the rest narrows."""

    first_day = serializers.DateField()
    last_day = serializers.DateField()
    payer_id = serializers.PrimaryKeyRelatedField(queryset=Payer.objects.all(), required=False)
    mobility = serializers.ChoiceField(choices=Trip.Mobility.choices, required=False)
    reason = serializers.CharField(max_length=250, default="The rate was corrected.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        first, last = attrs["first_day"], attrs["last_day"]
        if first < EARLIEST or last > LATEST or not 0 <= (last - first).days < MOST_DAYS:
            raise serializers.ValidationError(f"The period has 1 to {MOST_DAYS} days.")
        payer = attrs.get("payer_id")
        days = {"first_day": first.isoformat(), "last_day": last.isoformat()}
        return attrs | days | ({"payer_id": payer.pk} if payer else {})


class UnpricedSerializer(serializers.ModelSerializer[UnpricedTrip]):
    payer = serializers.IntegerField(source="trip.payer_id", allow_null=True)
    mobility = serializers.CharField(source="trip.mobility")

    class Meta:
        model = UnpricedTrip
        fields = ["trip", "payer", "mobility", "reason", "since"]


STATE_SUM = inline_serializer(
    "InvoicesInState",
    {"invoices": serializers.IntegerField(), "total_cents": serializers.IntegerField()},
)


class TotalsSerializer(serializers.Serializer[Any]):
    """Sums of one currency: of all documents, and of invoices that stand, by state."""

    currency = serializers.CharField()
    documents = serializers.IntegerField()
    subtotal_cents = serializers.IntegerField()
    tax_cents = serializers.IntegerField()
    total_cents = serializers.IntegerField()
    states = serializers.DictField(child=STATE_SUM)


TASK = inline_serializer("BegunTask", {"task_id": serializers.UUIDField()})
