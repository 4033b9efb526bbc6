"""`/api/drivers/`: who drives, with which papers, and whether the account is open."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from config.problems import Conflict
from trips import fleet, queries
from trips.fleet_api import NAMED, Kept, trips_today
from trips.list_api import ListViewSet
from trips.models import Driver
from users.api import StrictSerializer


class DriverSerializer(serializers.ModelSerializer[Driver]):
    """A driver; `vehicle` is the one of the running shift, null off duty.

    `is_active` false: the account is disabled.
    """

    username = serializers.CharField(source="user.username")
    name = serializers.CharField(source="user.display_name")
    phone = serializers.CharField(source="user.phone")
    is_active = serializers.BooleanField(source="user.is_active")
    vehicle = serializers.SerializerMethodField()
    trips_today = serializers.IntegerField()

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
            "is_active",
            "vehicle",
            "trips_today",
        ]

    @extend_schema_field(NAMED)
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


class DriverFilter(django_filters.FilterSet):  # type: ignore[misc]
    """`?active=true&on_duty=true&q=`: part of a name."""

    active = django_filters.BooleanFilter(field_name="user__is_active")
    on_duty = django_filters.BooleanFilter(field_name="shift_vehicle_id", method="by_duty")
    q = django_filters.CharFilter(method="by_words", max_length=64)

    class Meta:
        model = Driver
        fields: list[str] = []

    def by_duty(self, found: QuerySet[Driver], name: str, value: bool) -> QuerySet[Driver]:
        return found.filter(Q(("shift_vehicle_id__isnull", not value)))

    def by_words(self, found: QuerySet[Driver], name: str, value: str) -> QuerySet[Driver]:
        for word in value.split():
            names = ("user__first_name", "user__last_name", "user__username")
            found = found.filter(
                Q(*((f"{one}__icontains", word) for one in names), _connector=Q.OR)
            )
        return found


class DriverViewSet(ListViewSet):
    """Drivers by name. `?active=&on_duty=&q=`"""

    serializer_class = DriverSerializer
    filterset_class = DriverFilter
    permission_classes = [Kept]
    queryset = Driver.objects.none()

    def get_queryset(self) -> QuerySet[Driver]:
        return queries.drivers().annotate(trips_today=trips_today("driver"))

    @extend_schema(request=DriverChangeSerializer, responses=DriverSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a driver's qualifications and papers."""
        driver = self.get_object()
        changes = DriverChangeSerializer(data=request.data)
        changes.is_valid(raise_exception=True)
        fleet.update_driver(driver_id=driver.pk, changes=changes.validated_data)
        return self._shown(driver.pk)

    @extend_schema(request=None, responses=DriverSerializer)
    @action(detail=True, methods=["post"])
    def disable(self, request: Request, pk: str) -> Response:
        """Close the account: phones and sessions end at once. 409 while on duty or with trips."""
        driver = self.get_object()
        try:
            fleet.disable_driver(driver_id=driver.pk)
        except fleet.StillAtWork as exc:
            raise Conflict(str(exc)) from None
        return self._shown(driver.pk)

    @extend_schema(request=None, responses=DriverSerializer)
    @action(detail=True, methods=["post"])
    def enable(self, request: Request, pk: str) -> Response:
        """Open the account again; phones have to be signed in anew."""
        driver = self.get_object()
        fleet.enable_driver(driver_id=driver.pk)
        return self._shown(driver.pk)

    def _shown(self, pk: int) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=pk)).data)
