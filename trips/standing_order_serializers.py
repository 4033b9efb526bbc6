"""What `/api/standing-orders/…` takes."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from trips.models import StandingOrder, Trip
from trips.ride_serializer import Fields, RideSerializer
from users.api import StrictSerializer


@extend_schema_field(
    {"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$", "examples": ["08:00"]}
)
class ClockField(serializers.TimeField):
    """`HH:MM` by the company's clock."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%H:%M", input_formats=["%H:%M"], **options)


class OrderSerializer(RideSerializer):
    """A new standing order."""

    bill_to = serializers.ChoiceField(choices=Trip.BillTo.choices, allow_blank=True, required=False)
    copay_cents = serializers.IntegerField(min_value=0, max_value=10_000_000, required=False)
    authorization_number = serializers.CharField(max_length=64, allow_blank=True, required=False)
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
