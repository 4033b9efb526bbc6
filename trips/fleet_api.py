"""`/api/vehicles/`, `/api/drivers/`, `/api/expiries/`: the fleet that dispatch keeps."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from trips import fleet, queries
from trips.dispatch.seats import PLACES
from trips.list_api import ListViewSet, needs
from trips.models import Driver, ExpiryWarning, Vehicle
from trips.queries import company_day
from users.api import StrictSerializer
from users.roles import Permission

#: Kinds of seat; no vehicle has more of one.
SEATS = {name for places in PLACES.values() for name in places}
MOST_SEATS = 60
#: How far ahead papers can be asked for.
MOST_DAYS = 366


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
            "out_of_service_reason",
            "has_lift",
            "inspection_due",
            "lift_inspection_due",
            "insurance_expires",
            "latitude",
            "longitude",
            "recorded_at",
        ]


class VehicleChangeSerializer(StrictSerializer):
    """What dispatch may change; `out_of_service` needs `out_of_service_reason`."""

    plate = serializers.CharField(max_length=16, required=False, allow_blank=True)
    capacities = serializers.ListField(
        child=serializers.DictField(
            child=serializers.IntegerField(min_value=0, max_value=MOST_SEATS)
        ),
        max_length=16,
        required=False,
    )
    state = serializers.ChoiceField(choices=Vehicle.State.choices, required=False)
    out_of_service_reason = serializers.CharField(max_length=250, required=False, allow_blank=True)
    has_lift = serializers.BooleanField(required=False)
    inspection_due = serializers.DateField(required=False, allow_null=True)
    lift_inspection_due = serializers.DateField(required=False, allow_null=True)
    insurance_expires = serializers.DateField(required=False, allow_null=True)

    def validate_capacities(self, value: list[dict[str, int]]) -> list[dict[str, int]]:
        if any(name not in SEATS for seating in value for name in seating):
            raise serializers.ValidationError(f"Kinds of seat: {', '.join(sorted(SEATS))}.")
        return value


class Kept(BasePermission):
    """403 for roles that may look but not change."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        wanted = (
            Permission.SEE_FLEET if request.method in SAFE_METHODS else Permission.DISPATCH_TRIPS
        )
        return needs(wanted)().has_permission(request, view)


class VehicleViewSet(ListViewSet):
    """Vehicles by name. `?state=`"""

    queryset = Vehicle.objects.select_related("position").order_by("name")
    serializer_class = VehicleSerializer
    filterset_fields = ["state"]
    permission_classes = [Kept]

    @extend_schema(request=VehicleChangeSerializer, responses=VehicleSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a vehicle; out of service, its trips that nobody has set out for are freed."""
        vehicle = self.get_object()
        changes = VehicleChangeSerializer(data=request.data)
        changes.is_valid(raise_exception=True)
        try:
            fleet.update_vehicle(vehicle_id=vehicle.pk, changes=changes.validated_data)
        except fleet.ReasonMissing:
            raise exceptions.ValidationError(
                {"out_of_service_reason": ["Say why it is out of service."]}
            ) from None
        return Response(self.get_serializer(self.get_queryset().get(pk=vehicle.pk)).data)


class DriverSerializer(serializers.ModelSerializer[Driver]):
    """A driver; `vehicle` is the one of the running shift, null off duty."""

    username = serializers.CharField(source="user.username")
    name = serializers.CharField(source="user.display_name")
    phone = serializers.CharField(source="user.phone")
    vehicle = serializers.SerializerMethodField()

    class Meta:
        model = Driver
        fields = [
            "id",
            "user_id",
            "username",
            "name",
            "phone",
            "qualifications",
            "licence",
            "licence_expires",
            "medical_expires",
            "vehicle",
        ]

    def get_vehicle(self, driver: Any) -> dict[str, Any] | None:
        if driver.shift_vehicle_id is None:
            return None
        return {"id": driver.shift_vehicle_id, "name": driver.shift_vehicle_name}


class DriverChangeSerializer(StrictSerializer):
    """What dispatch may change of a driver."""

    qualifications = serializers.ListField(
        child=serializers.CharField(max_length=32), max_length=16, required=False
    )
    licence = serializers.CharField(max_length=64, required=False, allow_blank=True)
    licence_expires = serializers.DateField(required=False, allow_null=True)
    medical_expires = serializers.DateField(required=False, allow_null=True)


class DriverViewSet(ListViewSet):
    """Drivers by name."""

    serializer_class = DriverSerializer
    permission_classes = [Kept]
    queryset = Driver.objects.none()

    def get_queryset(self) -> QuerySet[Driver]:
        return queries.drivers()

    @extend_schema(request=DriverChangeSerializer, responses=DriverSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a driver's qualifications and papers."""
        driver = self.get_object()
        changes = DriverChangeSerializer(data=request.data)
        changes.is_valid(raise_exception=True)
        fleet.update_driver(driver_id=driver.pk, changes=changes.validated_data)
        return Response(self.get_serializer(self.get_queryset().get(pk=driver.pk)).data)


class ExpirySerializer(StrictSerializer):
    """A paper that runs out; exactly one of `driver` and `vehicle` is set."""

    paper = serializers.ChoiceField(choices=ExpiryWarning.Paper.choices)
    expires = serializers.DateField()
    days_left = serializers.IntegerField()
    driver = serializers.IntegerField(allow_null=True)
    vehicle = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()


class ExpiryView(APIView):
    """Papers that have run out or will within `?days=` (30), the earliest first."""

    permission_classes = [needs(Permission.DISPATCH_TRIPS)]

    @extend_schema(
        parameters=[OpenApiParameter("days", int)], responses=ExpirySerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        days = serializers.IntegerField(min_value=0, max_value=MOST_DAYS).run_validation(
            request.query_params.get("days", "30")
        )
        today = company_day(timezone.now())
        return Response(
            [
                {
                    "paper": one.paper.value,
                    "expires": one.expires.isoformat(),
                    "days_left": (one.expires - today).days,
                    "driver": one.driver.pk if one.driver else None,
                    "vehicle": one.vehicle.pk if one.vehicle else None,
                    "name": str(one.driver or one.vehicle),
                }
                for one in fleet.expiries(today + timedelta(days=days))
            ]
        )
