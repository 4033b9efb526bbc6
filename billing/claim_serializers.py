"""What claims look like over HTTP, coming in and going out."""

from datetime import date, timedelta
from typing import Any

from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import serializers

from billing.claim_states import ClaimState
from billing.claims import Answer
from billing.findings import words
from billing.linter import RULE_OF, Severity
from billing.models import Authorization, Claim, ClaimBatch, ClaimFinding
from billing.rates.codes import ATTENDANT_CODE, MILE_CODES, TOLL_CODE, WAIT_CODE
from trips.models import Patient, Payer, Trip
from trips.report_api import PeriodSerializer
from trips.task_api import EARLIEST, LATEST, MOST_DAYS
from users.api import StrictSerializer

CODES = [*MILE_CODES, *MILE_CODES.values(), WAIT_CODE, ATTENDANT_CODE, TOLL_CODE]
MOST_ANSWERS = 5_000
WORDS = inline_serializer(
    "ClaimRule",
    {
        "code": serializers.ChoiceField(list(RULE_OF)),
        "severity": serializers.ChoiceField([one.value for one in Severity]),
        "sentence": serializers.CharField(),
        "how_to_fix": serializers.CharField(),
        "open": serializers.IntegerField(),
        "waived": serializers.IntegerField(),
    },
    many=True,
)
SUMMARY = inline_serializer(
    "ClaimSummary",
    {
        "trips": serializers.IntegerField(),
        "blocked": serializers.IntegerField(),
        "rules": WORDS,
    },
)


class ClaimPeriodSerializer(StrictSerializer):
    """A payer, and days of the company's calendar, both included."""

    payer = serializers.PrimaryKeyRelatedField(queryset=Payer.objects.all())
    first_day = serializers.DateField()
    last_day = serializers.DateField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        first, last = attrs["first_day"], attrs["last_day"]
        if not EARLIEST <= first <= last <= LATEST or last - first >= timedelta(days=MOST_DAYS):
            raise serializers.ValidationError(f"The period has 1 to {MOST_DAYS} days.")
        return attrs


class AskedFindingsSerializer(PeriodSerializer):
    """A payer's trips of these days; 30 up to today where none are named."""

    payer = serializers.PrimaryKeyRelatedField(queryset=Payer.objects.all())
    state = serializers.ChoiceField(["open", "waived", "all"], default="all")
    severity = serializers.ChoiceField([one.value for one in Severity], required=False)
    code = serializers.ChoiceField(list(RULE_OF), required=False)
    trip = serializers.IntegerField(min_value=1, max_value=2**62, required=False)


class AskedSummarySerializer(PeriodSerializer):
    """A payer's trips of these days; 30 up to today where none are named."""

    payer = serializers.PrimaryKeyRelatedField(queryset=Payer.objects.all())


class ClaimFindingSerializer(serializers.ModelSerializer[ClaimFinding]):
    """What is wrong with a trip, and how it is mended. `detail`: the numbers it rests on."""

    patient = serializers.IntegerField(source="trip.patient_id", read_only=True)
    version = serializers.IntegerField(
        source="trip.version", read_only=True, help_text="The trip's: as `expected_version`."
    )
    sentence = serializers.SerializerMethodField()
    how_to_fix = serializers.SerializerMethodField()

    class Meta:
        model = ClaimFinding
        fields = [
            "id",
            "trip",
            "patient",
            "version",
            "payer",
            "code",
            "severity",
            "sentence",
            "how_to_fix",
            "detail",
            "found_at",
            "waived_at",
            "waived_by",
            "waived_because",
        ]

    def get_sentence(self, finding: ClaimFinding) -> str:
        return words(finding.code)["sentence"]

    def get_how_to_fix(self, finding: ClaimFinding) -> str:
        return words(finding.code)["how_to_fix"]


class WaiverSerializer(StrictSerializer):
    """Why it is claimed all the same; no patient's data."""

    reason = serializers.CharField(max_length=250)


class MendSerializer(StrictSerializer):
    """What a biller completes, and the version of the trip that was looked at; else 409."""

    expected_version = serializers.IntegerField(min_value=0)
    member_id = serializers.CharField(max_length=64, required=False)
    authorization_number = serializers.CharField(max_length=64, allow_blank=True, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) < 2:
            raise serializers.ValidationError("Name a member_id or an authorization_number.")
        return attrs


# --- batches


class ClaimBatchSerializer(serializers.ModelSerializer[ClaimBatch]):
    """Counts and amounts of its claims come with it."""

    claims = serializers.IntegerField(source="claim_count", read_only=True)
    pending = serializers.IntegerField(source="pending_count", read_only=True)
    rejected = serializers.IntegerField(source="rejected_count", read_only=True)
    amount_cents = serializers.IntegerField(read_only=True)
    paid_cents = serializers.IntegerField(read_only=True)

    class Meta:
        model = ClaimBatch
        fields = [
            "id",
            "payer",
            "first_day",
            "last_day",
            "state",
            "reference",
            "created_by",
            "created_at",
            "ready_at",
            "submitted_at",
            "submitted_by",
            "answered_at",
            "claims",
            "pending",
            "rejected",
            "amount_cents",
            "paid_cents",
        ]


class ClaimSerializer(serializers.ModelSerializer[Claim]):
    """One trip in a batch. What was written in the file is in the file."""

    class Meta:
        model = Claim
        fields = [
            "id",
            "batch",
            "trip",
            "invoice",
            "state",
            "amount_cents",
            "paid_cents",
            "denial_code",
            "denial_note",
            "answered_at",
        ]


class SubmitSerializer(StrictSerializer):
    """The payer's own word for the batch, where it gave one."""

    reference = serializers.CharField(max_length=64, allow_blank=True, default="")


class LeaveOutSerializer(StrictSerializer):
    trip = serializers.IntegerField(min_value=1, max_value=2**62)


class AnswerSerializer(StrictSerializer):
    """A rejection has a code, a payment its amount, and nothing else has either."""

    claim = serializers.IntegerField(min_value=1, max_value=2**62)
    state = serializers.ChoiceField(
        [one.value for one in ClaimState if one is not ClaimState.PENDING]
    )
    denial_code = serializers.CharField(max_length=16, required=False)
    denial_note = serializers.CharField(max_length=250, allow_blank=True, required=False)
    paid_cents = serializers.IntegerField(min_value=0, max_value=10**9, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs["state"] == ClaimState.REJECTED) is not ("denial_code" in attrs):
            raise serializers.ValidationError({"denial_code": "With a rejection, and only then."})
        if (attrs["state"] == ClaimState.PAID) is not ("paid_cents" in attrs):
            raise serializers.ValidationError({"paid_cents": "With a payment, and only then."})
        return attrs


class AnswersSerializer(StrictSerializer):
    answers = AnswerSerializer(many=True, allow_empty=False)

    def validate_answers(self, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len(given) > MOST_ANSWERS:
            raise serializers.ValidationError(f"At most {MOST_ANSWERS} at once.")
        if len({one["claim"] for one in given}) < len(given):
            raise serializers.ValidationError("One answer for each claim.")
        return given


def answers_of(parsed: dict[str, Any]) -> list[Answer]:
    """The validated data of AnswersSerializer, as the service takes it."""
    return [
        Answer(
            claim_id=one["claim"],
            state=ClaimState(one["state"]),
            denial_code=one.get("denial_code", ""),
            denial_note=one.get("denial_note", ""),
            paid_cents=one.get("paid_cents"),
        )
        for one in parsed["answers"]
    ]


# --- authorizations


class AuthorizationSerializer(serializers.ModelSerializer[Authorization]):
    """Units are trips or miles; days are included."""

    patient = serializers.PrimaryKeyRelatedField(queryset=Patient.objects.all())
    payer = serializers.PrimaryKeyRelatedField(queryset=Payer.objects.all())
    levels = serializers.ListField(
        child=serializers.ChoiceField(Trip.Mobility.choices), max_length=8, required=False
    )
    codes = serializers.ListField(
        child=serializers.ChoiceField(CODES), max_length=16, required=False
    )

    class Meta:
        model = Authorization
        fields = [
            "id",
            "patient",
            "payer",
            "number",
            "levels",
            "codes",
            "valid_from",
            "valid_to",
            "unit",
            "units",
            "created_by",
            "created_at",
        ]
        read_only_fields = ["created_by", "created_at"]
        #: The view answers 409 for a number that is there.
        validators: list[Any] = []

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self.fields))):
            raise serializers.ValidationError({str(name): "Unknown field." for name in unknown})
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        days: list[date] = []
        for name in ("valid_from", "valid_to"):
            days.append(attrs.get(name) or getattr(self.instance, name))
        if not EARLIEST <= days[0] <= days[1] <= LATEST:
            raise serializers.ValidationError({"valid_to": "Not before valid_from."})
        return attrs

    def validate_units(self, units: Any) -> Any:
        if units <= 0:
            raise serializers.ValidationError("More than 0.")
        return units


class AuthorizationChangeSerializer(AuthorizationSerializer):
    """What a payer changes of an authorization: its days, units and what it covers."""

    class Meta(AuthorizationSerializer.Meta):
        read_only_fields = ["patient", "payer", "number", "unit", "created_by", "created_at"]

    patient = serializers.PrimaryKeyRelatedField(read_only=True)
    payer = serializers.PrimaryKeyRelatedField(read_only=True)

    def to_internal_value(self, data: Any) -> Any:
        fixed = sorted(
            set(self.Meta.read_only_fields) & set(data if isinstance(data, dict) else ())
        )
        if fixed:
            raise serializers.ValidationError(dict.fromkeys(fixed, "It cannot be changed."))
        return super().to_internal_value(data)


class BeyondSerializer(serializers.Serializer[Any]):
    """A trip that the authorization does not cover."""

    trip = serializers.IntegerField(source="trip_id")
    reason = serializers.CharField()


class BalanceSerializer(serializers.Serializer[Any]):
    """`used` by completed trips, `booked` by those ahead; `left` may be below 0."""

    unit = serializers.SerializerMethodField()
    units = serializers.DecimalField(9, 1)
    used = serializers.DecimalField(12, 1)
    booked = serializers.DecimalField(12, 1)
    left = serializers.DecimalField(12, 1)
    beyond = BeyondSerializer(many=True)

    @extend_schema_field(serializers.ChoiceField(Authorization.Unit.choices))
    def get_unit(self, balance: Any) -> str:
        return str(self.context["unit"])
