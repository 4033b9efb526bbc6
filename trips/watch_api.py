"""`/api/alerts/` and `/api/quarantine/`: what a dispatcher watches beside the trips."""

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import exceptions, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from trips import alerts
from trips.list_api import ListViewSet, needs
from trips.models import Alert, QuarantinedFix
from users.models import User
from users.roles import Permission


class AlertSerializer(serializers.ModelSerializer[Alert]):
    """An alarm; `source_name` is the vehicle, or the driver where no vehicle is known."""

    source_name = serializers.SerializerMethodField()

    class Meta:
        model = Alert
        fields = [
            "id",
            "kind",
            "source_name",
            "device",
            "vehicle",
            "driver",
            "trip",
            "latitude",
            "longitude",
            "raised_at",
            "received_at",
            "acknowledged_by",
            "acknowledged_at",
        ]

    def get_source_name(self, alert: Any) -> str:
        return str(alert.vehicle or alert.driver or alert.device)


class AlertFilter(django_filters.FilterSet):  # type: ignore[misc]
    """`?open=true&vehicle=<id>&driver=<id>&trip=<id>`"""

    open = django_filters.BooleanFilter(field_name="acknowledged_at", lookup_expr="isnull")

    class Meta:
        model = Alert
        fields = ["vehicle", "driver", "trip"]


class AlertViewSet(ListViewSet):
    """Alarms from phones, newest first."""

    queryset = Alert.objects.select_related("vehicle", "driver__user", "device").order_by(
        "-raised_at", "-pk"
    )
    serializer_class = AlertSerializer
    filterset_class = AlertFilter
    permission_classes = [needs(Permission.DISPATCH_TRIPS)]

    @extend_schema(request=None, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str) -> Response:
        """Say that you see to it; the first one who does stays noted."""
        if not isinstance(request.user, User):
            raise exceptions.NotAuthenticated
        alert = alerts.acknowledge(alert=self.get_object(), user=request.user)
        return Response(self.get_serializer(alert).data)


class QuarantineSerializer(serializers.ModelSerializer[QuarantinedFix]):
    """A fix that was not believed; `raw` is the report as text, with � for other bytes."""

    raw = serializers.SerializerMethodField()

    class Meta:
        model = QuarantinedFix
        fields = ["id", "device", "trip", "reason", "raw", "received_at"]

    @extend_schema_field(str)
    def get_raw(self, fix: Any) -> str:
        return bytes(fix.raw).decode("utf-8", "replace")


class QuarantineViewSet(ListViewSet):
    """Fixes that were answered 2xx and not believed, newest first. `?device=&reason=&trip=`"""

    queryset = QuarantinedFix.objects.order_by("-received_at", "-pk")
    serializer_class = QuarantineSerializer
    filterset_fields = ["device", "reason", "trip"]
    permission_classes = [needs(Permission.SEE_FLEET)]
