"""`/api/alerts/` and `/api/quarantine/`: what a dispatcher watches beside the trips."""

from typing import Any

import django_filters
from django.db.models import Count, Max, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import exceptions, serializers
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from config.filters import Filters
from config.problems import Unprocessable
from trips import alerts, once
from trips.list_api import ListViewSet, needs
from trips.models import Alert, Device, Driver, QuarantinedFix
from trips.taps import ReusedClientEventId
from users.api import StrictSerializer
from users.models import User
from users.roles import Permission

#: State and what is true of its alarms.
STATES: list[tuple[str, dict[str, bool]]] = [
    ("open", {"acknowledged_at__isnull": True}),
    ("acknowledged", {"acknowledged_at__isnull": False, "resolved_at__isnull": True}),
    ("resolved", {"resolved_at__isnull": False}),
]


class AlertSerializer(serializers.ModelSerializer[Alert]):
    """An alarm; `source_name` is the vehicle, or the driver where no vehicle is known.

    The system's own have a `message` to show instead. `open`, then `acknowledged` (somebody
    sees to it), then `resolved` (it is over).
    """

    source_name = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField()
    acknowledged_by_name = serializers.CharField(
        source="acknowledged_by.display_name", default=None, allow_null=True
    )
    resolved_by_name = serializers.CharField(
        source="resolved_by.display_name", default=None, allow_null=True
    )

    class Meta:
        model = Alert
        fields = [
            "id",
            "kind",
            "state",
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
            "acknowledged_by_name",
            "acknowledged_at",
            "escalated_at",
            "resolved_by",
            "resolved_by_name",
            "resolved_at",
            "resolution",
        ]

    @extend_schema_field({"type": "string", "enum": [name for name, _ in STATES]})
    def get_state(self, alert: Any) -> str:
        if alert.resolved_at:
            return "resolved"
        return "acknowledged" if alert.acknowledged_at else "open"

    def get_source_name(self, alert: Any) -> str:
        return str(alert.vehicle or alert.driver or alert.device or "the system")


#: Rows of a summary.
MOST_SUMS = 200


class SosSerializer(StrictSerializer):
    """A call for help. A position or a trip that does not fit is left out, never refused."""

    kind = serializers.ChoiceField(choices=[alerts.SOS])
    latitude = serializers.FloatField(min_value=-90, max_value=90, required=False)
    longitude = serializers.FloatField(min_value=-180, max_value=180, required=False)
    trip_id = serializers.IntegerField(min_value=1, max_value=2**62, required=False)
    client_event_id = serializers.CharField(max_length=64, required=False)


class AlertFilter(django_filters.FilterSet):  # type: ignore[misc]
    """`?open=true&state=acknowledged&kind=sos&vehicle=<id>&driver=<id>&trip=<id>`"""

    open = django_filters.BooleanFilter(field_name="acknowledged_at", lookup_expr="isnull")
    state = django_filters.ChoiceFilter(
        choices=[(name, name) for name, _ in STATES], method="in_state"
    )

    class Meta:
        model = Alert
        fields = ["kind", "vehicle", "driver", "trip"]

    def in_state(self, found: QuerySet[Alert], name: str, value: str) -> QuerySet[Alert]:
        return found.filter(**dict(STATES)[value])


class ResolutionSerializer(StrictSerializer):
    """What came of an alarm: nothing about a patient."""

    resolution = serializers.CharField(max_length=250)


class AlertViewSet(ListViewSet):
    """Alarms, newest first. Drivers press; dispatch sees, acknowledges and resolves them."""

    queryset = Alert.objects.select_related(
        "vehicle", "driver__user", "device", "acknowledged_by", "resolved_by"
    ).order_by("-raised_at", "-pk")
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

    @extend_schema(request=ResolutionSerializer, responses=AlertSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        """Say that it is over and what came of it; the first one who does stays noted."""
        if not isinstance(request.user, User):
            raise exceptions.NotAuthenticated
        alert = self.get_object()
        given = ResolutionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        alert = alerts.resolve(alert=alert, user=request.user, **given.validated_data)
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


class QuarantineFilter(Filters):
    """`?device=<id>&reason=&trip=<id>`"""

    class Meta:
        model = QuarantinedFix
        fields = ["device", "reason", "trip"]


class QuarantineSumSerializer(StrictSerializer):
    """How many fixes of one device were not believed for one reason; `name` is whose it is."""

    device = serializers.IntegerField()
    name = serializers.CharField()
    reason = serializers.CharField()
    fixes = serializers.IntegerField()
    last_at = serializers.DateTimeField()


class QuarantineViewSet(ListViewSet):
    """Fixes that were answered 2xx and not believed, newest first. `?device=&reason=&trip=`"""

    queryset = QuarantinedFix.objects.order_by("-received_at", "-pk")
    serializer_class = QuarantineSerializer
    filterset_class = QuarantineFilter
    permission_classes = [needs(Permission.SEE_FLEET)]

    @extend_schema(responses=QuarantineSumSerializer(many=True), filters=True)
    @action(detail=False, pagination_class=None)
    def summary(self, request: Request) -> Response:
        """Counts per device and reason, the one that happened last first; 200 at most."""
        found = self.filter_queryset(self.get_queryset()).order_by()
        counted = found.values("device", "reason").annotate(
            fixes=Count("pk"), last=Max("received_at")
        )
        rows = list(counted.order_by("-last", "device", "reason")[:MOST_SUMS])
        devices = Device.objects.select_related("vehicle", "driver__user")
        named = devices.in_bulk({row["device"] for row in rows})
        return Response([_sum(row, named[row["device"]]) for row in rows])


def _sum(row: dict[str, Any], device: Device) -> dict[str, Any]:
    sums = {
        "device": device.pk,
        "name": str(device.vehicle or device.driver),
        "reason": row["reason"],
        "fixes": row["fixes"],
        "last_at": row["last"],
    }
    return dict(QuarantineSumSerializer(sums).data)
