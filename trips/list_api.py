"""The lists around trips: vehicles, drivers, patients, facilities and payers."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import mixins, serializers, viewsets
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from trips import access, queries
from trips.models import Driver, Facility, Patient, Payer, Vehicle
from users.models import User
from users.roles import Permission


class Needs(BasePermission):
    """403 for roles that may never do it; used as `needs(Permission.X)`."""

    permission: Permission

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, User) and request.user.may(self.permission)


def needs(permission: Permission) -> type[Needs]:
    """A permission class for one entry of the roles' table."""
    return type("Needs", (Needs,), {"permission": permission})


class ListViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Any]):
    """A read-only list."""

    lookup_value_regex = r"\d{1,18}"


class VehicleSerializer(serializers.ModelSerializer[Vehicle]):
    latitude = serializers.FloatField(source="position.latitude", default=None)
    longitude = serializers.FloatField(source="position.longitude", default=None)
    recorded_at = serializers.DateTimeField(source="position.recorded_at", default=None)

    class Meta:
        model = Vehicle
        fields = [
            "id",
            "name",
            "plate",
            "capacities",
            "state",
            "inspection_due",
            "latitude",
            "longitude",
            "recorded_at",
        ]


class VehicleViewSet(ListViewSet):
    queryset = Vehicle.objects.select_related("position").order_by("name")
    serializer_class = VehicleSerializer
    permission_classes = [needs(Permission.SEE_FLEET)]


class DriverSerializer(serializers.ModelSerializer[Driver]):
    """A driver; `vehicle` is the one of the running shift, null off duty."""

    username = serializers.CharField(source="user.username")
    name = serializers.CharField(source="user.display_name")
    phone = serializers.CharField(source="user.phone")
    vehicle = serializers.SerializerMethodField()

    class Meta:
        model = Driver
        fields = ["id", "user_id", "username", "name", "phone", "qualifications", "vehicle"]

    def get_vehicle(self, driver: Any) -> dict[str, Any] | None:
        if driver.shift_vehicle_id is None:
            return None
        return {"id": driver.shift_vehicle_id, "name": driver.shift_vehicle_name}


class DriverViewSet(ListViewSet):
    serializer_class = DriverSerializer
    permission_classes = [needs(Permission.SEE_FLEET)]
    queryset = Driver.objects.none()

    def get_queryset(self) -> QuerySet[Driver]:
        return queries.drivers()


class PatientSerializer(serializers.ModelSerializer[Patient]):
    class Meta:
        model = Patient
        fields = ["id", "name", "email", "phone", "address", "member_id", "payer"]


class PatientViewSet(ListViewSet):
    serializer_class = PatientSerializer
    queryset = Patient.objects.none()

    def get_queryset(self) -> QuerySet[Patient]:
        user = self.request.user
        return (
            access.visible_patients(user).order_by("name", "id")
            if isinstance(user, User)
            else (Patient.objects.none())
        )


class FacilitySerializer(serializers.ModelSerializer[Facility]):
    class Meta:
        model = Facility
        fields = ["id", "name", "phone", "address"]


class FacilityViewSet(ListViewSet):
    queryset = Facility.objects.order_by("name")
    serializer_class = FacilitySerializer
    permission_classes = [needs(Permission.SEE_PATIENTS)]


class PayerSerializer(serializers.ModelSerializer[Payer]):
    class Meta:
        model = Payer
        fields = ["id", "name", "is_active"]


class PayerViewSet(ListViewSet):
    queryset = Payer.objects.order_by("name")
    serializer_class = PayerSerializer
    permission_classes = [needs(Permission.SEE_PATIENTS)]
