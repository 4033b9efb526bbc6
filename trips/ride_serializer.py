"""What a trip and a standing order are both booked with: who rides, between which doors, how."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from trips import access
from trips.change_api import PlaceSerializer
from trips.models import Facility, Patient, Payer, Trip
from users.api import StrictSerializer
from users.models import User
from users.roles import Permission

Fields = dict[str, serializers.Field[Any, Any, Any, Any]]


class RideSerializer(StrictSerializer):
    """Patients and facilities are those that the user may see; a facility's member books for it."""

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
    mobility = serializers.ChoiceField(choices=Trip.Mobility.choices, default="ambulatory")
    needs = serializers.ListField(
        child=serializers.CharField(max_length=32), max_length=16, default=list
    )
    escorts = serializers.IntegerField(min_value=0, max_value=9, default=0)
    notes = serializers.CharField(max_length=2000, allow_blank=True, default="")
    pickup = PlaceSerializer()
    dropoff = PlaceSerializer()
    window_minutes = serializers.IntegerField(min_value=0, max_value=240, default=30)

    def get_fields(self) -> Fields:
        fields = super().get_fields()
        user = getattr(self.context.get("request"), "user", None)
        if isinstance(user, User):  # the schema is made for nobody
            for name, queryset in self.choices(user).items():
                if name in fields:
                    fields[name].queryset = queryset  # type: ignore[attr-defined]
        return fields

    def choices(self, user: User) -> dict[str, QuerySet[Any]]:
        """{field: what `user` may name in it}."""
        everything = user.may(Permission.SEE_ALL_TRIPS)
        return {
            "patient_id": access.visible_patients(user),
            "facility_id": Facility.objects.all() if everything else user.facilities.all(),
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Model fields: the places flattened, a facility's own filled in where nothing stood."""
        for end in {"pickup", "dropoff"} & attrs.keys():
            attrs |= {f"{end}_{name}": value for name, value in attrs.pop(end).items()}
        user: User = self.context["request"].user
        if not self.partial and not attrs.get("facility") and (ids := access.facility_ids(user)):
            attrs["facility"] = Facility.objects.get(pk=min(ids))
        return attrs
