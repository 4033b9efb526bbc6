"""`/api/vehicles/`, `/api/expiries/`: the fleet that dispatch keeps."""

from datetime import timedelta
from typing import Any

import django_filters
from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import exceptions, serializers
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from trips import fleet, shifts
from trips.dispatch.seats import PLACES
from trips.lifecycle import Status
from trips.list_api import ListViewSet, needs
from trips.models import ExpiryWarning, Trip, Vehicle
from trips.queries import company_day, day_bounds
from users.api import StrictSerializer
from users.roles import Permission

#: Kinds of seat; no vehicle has more of one.
SEATS = {name for places in PLACES.values() for name in places}
MOST_SEATS = 60
#: How far ahead papers can be asked for.
MOST_DAYS = 366
#: A trip that nobody drives any more is nobody's work.
CALLED_OFF = (Status.CANCELLED, Status.REJECTED)


def trips_today(whose: str) -> Coalesce:
    """How many trips of the company's day each vehicle or driver has."""
    begin, end = day_bounds(company_day(timezone.now()))
    todays = Trip.objects.filter(scheduled_at__gte=begin, scheduled_at__lt=end)
    theirs = todays.exclude(status__in=CALLED_OFF).filter(**{whose: OuterRef("pk")})
    counted = theirs.order_by().values(whose).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


NAMED = {
    "type": ["object", "null"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
    "required": ["id", "name"],
}


class VehicleSerializer(serializers.ModelSerializer[Vehicle]):
    """A vehicle; `driver` is the one on duty with it now, `trips_today` those of today."""

    latitude = serializers.FloatField(source="position.latitude", default=None, allow_null=True)
    longitude = serializers.FloatField(source="position.longitude", default=None, allow_null=True)
    recorded_at = serializers.DateTimeField(
        source="position.recorded_at", default=None, allow_null=True
    )
    driver = serializers.SerializerMethodField()
    trips_today = serializers.IntegerField()

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
            "driver",
            "trips_today",
        ]

    @extend_schema_field(NAMED)
    def get_driver(self, vehicle: Any) -> dict[str, Any] | None:
        driver = next((shift.driver for shift in vehicle.running), None)
        return {"id": driver.pk, "name": str(driver)} if driver else None


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


class VehicleFilter(django_filters.FilterSet):  # type: ignore[misc]
    """`?state=&q=`: part of a name or a plate."""

    q = django_filters.CharFilter(method="by_words", max_length=64)

    class Meta:
        model = Vehicle
        fields = ["state"]

    def by_words(self, found: QuerySet[Vehicle], name: str, value: str) -> QuerySet[Vehicle]:
        return found.filter(Q(name__icontains=value) | Q(plate__icontains=value))


class VehicleViewSet(ListViewSet):
    """Vehicles by name. `?state=&q=`"""

    queryset = Vehicle.objects.none()
    serializer_class = VehicleSerializer
    filterset_class = VehicleFilter
    permission_classes = [Kept]

    def get_queryset(self) -> QuerySet[Vehicle]:
        running = shifts.running(timezone.now()).select_related("driver__user")
        found = Vehicle.objects.select_related("position").prefetch_related(
            Prefetch("shifts", running.order_by("-starts_at"), to_attr="running")
        )
        return found.annotate(trips_today=trips_today("vehicle")).order_by("name")

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
