"""What `/api/standing-orders/…` takes."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from trips import access
from trips.change_api import PlaceSerializer
from trips.models import Facility, Patient, Payer, StandingOrder, Trip
from users.api import StrictSerializer
from users.models import User
from users.roles import Permission

Fields = dict[str, serializers.Field[Any, Any, Any, Any]]


@extend_schema_field(
    {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$", "examples": ["08:00"]}
)
class ClockField(serializers.TimeField):
    """`HH:MM` by the company's clock."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%H:%M", input_formats=["%H:%M"], **options)


class OrderSerializer(StrictSerializer):
    """A new standing order."""

    patient_id = serializers.PrimaryKeyRelatedField(
        source="patient", queryset=Patient.objects.none()
    )
    facility_id = serializers.PrimaryKeyRelatedField(
        source="facility", queryset=Facility.objects.none(), required=False, allow_null=True
    )
    payer_id = serializers.PrimaryKeyRelatedField(
        source="payer",
        queryset=Payer.objects.filter(is_active=True),
        required=False,
        allow_null=True,
    )
    bill_to = serializers.ChoiceField(choices=Trip.BillTo.choices, allow_blank=True, required=False)
    copay_cents = serializers.IntegerField(min_value=0, max_value=10_000_000, required=False)
    authorization_number = serializers.CharField(max_length=64, allow_blank=True, required=False)
    mobility = serializers.ChoiceField(choices=Trip.Mobility.choices, default="ambulatory")
    needs = serializers.ListField(
        child=serializers.CharField(max_length=32), max_length=16, default=list
    )
    escorts = serializers.IntegerField(min_value=0, max_value=9, default=0)
    notes = serializers.CharField(max_length=2000, allow_blank=True, default="")
    pickup = PlaceSerializer()
    dropoff = PlaceSerializer()
    window_minutes = serializers.IntegerField(min_value=0, max_value=240, default=30)

    rule = serializers.CharField(max_length=200)
    first_day = serializers.DateField()
    last_day = serializers.DateField(required=False, allow_null=True)
    pickup_time = ClockField()
    appointment_time = ClockField(required=False, allow_null=True)
    return_kind = serializers.ChoiceField(
        choices=StandingOrder.ReturnKind.choices, default=StandingOrder.ReturnKind.NONE
    )
    return_time = ClockField(required=False, allow_null=True)
    except_holidays = serializers.BooleanField(default=False)

    def get_fields(self) -> Fields:
        fields = super().get_fields()
        user = getattr(self.context.get("request"), "user", None)
        if not isinstance(user, User):  # the schema is made for nobody
            return fields
        everything = user.may(Permission.SEE_ALL_TRIPS)
        mine = {
            "patient_id": access.visible_patients(user),
            "facility_id": Facility.objects.all() if everything else user.facilities.all(),
        }
        for name in mine.keys() & fields.keys():
            fields[name].queryset = mine[name]  # type: ignore[attr-defined]
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Model fields: the places flattened, a facility's own filled in."""
        for end in {"pickup", "dropoff"} & attrs.keys():
            attrs |= {f"{end}_{name}": value for name, value in attrs.pop(end).items()}
        user: User = self.context["request"].user
        if not self.partial and not attrs.get("facility") and (ids := access.facility_ids(user)):
            attrs["facility"] = Facility.objects.get(pk=min(ids))
        return attrs


class OrderVersionSerializer(StrictSerializer):
    expected_version = serializers.IntegerField(source="version", min_value=0, required=False)


class OrderFromSerializer(OrderVersionSerializer):
    """`from`: the first day of it; today where it is not said."""

    def get_fields(self) -> Fields:
        # A word of Python's own, which no class attribute can be named.
        return super().get_fields() | {
            "from": serializers.DateField(source="first", required=False)
        }


class OrderPauseSerializer(OrderFromSerializer):
    reason = serializers.CharField(max_length=200)

    def get_fields(self) -> Fields:
        until = serializers.DateField(source="last", required=False, allow_null=True)
        return super().get_fields() | {"to": until}


class OrderDaySerializer(OrderVersionSerializer):
    day = serializers.DateField()


class OrderSkipSerializer(OrderDaySerializer):
    reason = serializers.CharField(max_length=200, allow_blank=True, required=False)


class OrderChangeSerializer(OrderSerializer, OrderFromSerializer):
    """Any of an order's fields but whose it is and when it began."""

    patient_id = None  # type: ignore[assignment]  # how DRF takes a field away
    first_day = None  # type: ignore[assignment]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        own: dict[str, Any] = {
            name: attrs.pop(name) for name in ("first", "version") if name in attrs
        }
        if not attrs:
            raise serializers.ValidationError("Say what changes.")
        return {**own, "fields": attrs}


class OrderCountSerializer(StrictSerializer):
    count = serializers.IntegerField(min_value=1, max_value=60, default=10)
