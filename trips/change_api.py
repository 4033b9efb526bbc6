"""`PATCH /api/trips/{id}/`: changing what was agreed."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from trips import services
from trips.answers import problems
from trips.models import Payer, Trip
from users.api import StrictSerializer
from users.models import User


@extend_schema_serializer(component_name="BookedPlace")
class PlaceSerializer(StrictSerializer):
    """Where somebody is fetched or brought."""

    address = serializers.CharField(max_length=250)
    latitude = serializers.FloatField(min_value=-90, max_value=90)
    longitude = serializers.FloatField(min_value=-180, max_value=180)


class ChangeSerializer(StrictSerializer):
    """What changes, and the version of the trip that was looked at; else 409."""

    expected_version = serializers.IntegerField(min_value=0)
    pickup = PlaceSerializer(required=False)
    dropoff = PlaceSerializer(required=False)
    mobility = serializers.ChoiceField(choices=Trip.Mobility.choices, required=False)
    needs = serializers.ListField(
        child=serializers.CharField(max_length=32), max_length=16, required=False
    )
    escorts = serializers.IntegerField(min_value=0, max_value=9, required=False)
    notes = serializers.CharField(max_length=2000, allow_blank=True, required=False)
    scheduled_at = serializers.DateTimeField(required=False)
    window_minutes = serializers.IntegerField(min_value=0, max_value=240, required=False)
    appointment_at = serializers.DateTimeField(required=False, allow_null=True)
    wait_and_return = serializers.BooleanField(required=False)
    payer_id = serializers.PrimaryKeyRelatedField(
        source="payer",
        queryset=Payer.objects.filter(is_active=True),
        required=False,
        allow_null=True,
    )
    bill_to = serializers.ChoiceField(choices=Trip.BillTo.choices, allow_blank=True, required=False)
    copay_cents = serializers.IntegerField(min_value=0, max_value=10**8, required=False)
    tolls_cents = serializers.IntegerField(min_value=0, max_value=10**8, required=False)
    authorization_number = serializers.CharField(max_length=64, allow_blank=True, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Model fields: the places flattened."""
        for end in ("pickup", "dropoff"):
            place = attrs.pop(end, {})
            attrs |= {f"{end}_{name}": value for name, value in place.items()}
        return attrs


def change(trip_id: int, user: User, body: object) -> Trip:
    """The trip after the change. Raises what the API answers instead."""
    parsed = ChangeSerializer(data=body)
    parsed.is_valid(raise_exception=True)
    fields: dict[str, Any] = dict(parsed.validated_data)
    version = fields.pop("expected_version")
    with problems(trip_id, user):
        return services.change_trip(
            trip_id=trip_id, user=user, expected_version=version, fields=fields
        )
