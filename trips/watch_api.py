"""`/api/alerts/` and `/api/quarantine/`: what a dispatcher watches beside the trips."""

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import exceptions, serializers
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from config.problems import Unprocessable
from trips import alerts, once
from trips.list_api import ListViewSet, needs
from trips.models import Alert, Driver, QuarantinedFix
from trips.taps import ReusedClientEventId
from users.api import StrictSerializer
from users.models import User
from users.roles import Permission


class AlertSerializer(serializers.ModelSerializer[Alert]):
    """An alarm; `source_name` is the vehicle, or the driver where no vehicle is known.

    The system's own have a `message` to show instead.
    """

    source_name = serializers.SerializerMethodField()

    class Meta:
        model = Alert
        fields = [
            "id",
            "kind",
            "message",
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
            "escalated_at",
        ]

    def get_source_name(self, alert: Any) -> str:
        return str(alert.vehicle or alert.driver or alert.device or "the system")


class SosSerializer(StrictSerializer):
    """A call for help. A position or a trip that does not fit is left out, never refused."""

    kind = serializers.ChoiceField(choices=[alerts.SOS])
    latitude = serializers.FloatField(min_value=-90, max_value=90, required=False)
    longitude = serializers.FloatField(min_value=-180, max_value=180, required=False)
    trip_id = serializers.IntegerField(min_value=1, max_value=2**62, required=False)
    client_event_id = serializers.CharField(max_length=64, required=False)


class AlertFilter(django_filters.FilterSet):  # type: ignore[misc]
    """`?open=true&vehicle=<id>&driver=<id>&trip=<id>`"""

    open = django_filters.BooleanFilter(field_name="acknowledged_at", lookup_expr="isnull")

    class Meta:
        model = Alert
        fields = ["vehicle", "driver", "trip"]


class AlertViewSet(ListViewSet):
    """Alarms, newest first. Drivers press; dispatch sees and acknowledges them."""

    queryset = Alert.objects.select_related("vehicle", "driver__user", "device").order_by(
        "-raised_at", "-pk"
    )
    serializer_class = AlertSerializer
    filterset_class = AlertFilter

    def get_permissions(self) -> list[BasePermission]:
        wanted = Permission.DRIVE if self.action == "create" else Permission.DISPATCH_TRIPS
        return [needs(wanted)()]

    @extend_schema(request=SosSerializer, responses={201: AlertSerializer})
    def create(self, request: Request) -> Response:
        """A driver's call for help. Pressed again within two minutes it is the same alarm."""
        given = SosSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        fields: dict[str, Any] = given.validated_data
        user = request.user
        driver = Driver.objects.filter(user_id=user.pk or 0).first()
        if not isinstance(user, User) or driver is None:
            raise exceptions.PermissionDenied
        try:
            body = once.answer_once(
                user=user,
                client_event_id=fields.get("client_event_id", ""),
                request=fields,
                make=lambda: self._pressed(driver, fields),
            )
        except ReusedClientEventId:
            raise Unprocessable("This client_event_id came before with another body.") from None
        return Response(body, status=201)

    def _pressed(self, driver: Driver, fields: dict[str, Any]) -> Any:
        alert = alerts.press_sos(
            driver=driver,
            latitude=fields.get("latitude"),
            longitude=fields.get("longitude"),
            trip_id=fields.get("trip_id"),
        )
        return self.get_serializer(alert).data

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
