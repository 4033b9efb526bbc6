"""`/api/devices/`: what reports positions, and taking its token away."""

from typing import Any

import django_filters
from django.db.models import F
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from config.filters import Filters
from trips.fleet_api import Kept
from trips.list_api import ListViewSet
from trips.models import Device


class DeviceSerializer(serializers.ModelSerializer[Device]):
    """A vehicle's tracker or a driver's phone; `is_paired`: it has a token of its own.

    A driver's phone without one reports as the driver who is signed in on it.
    """

    name = serializers.CharField(source="__str__")
    is_paired = serializers.SerializerMethodField()

    class Meta:
        model = Device
        fields = ["id", "name", "vehicle", "driver", "is_paired", "is_active", "last_seen_at"]

    def get_is_paired(self, device: Any) -> bool:
        return device.token_digest is not None


class DeviceFilter(Filters):
    """`?vehicle=<id>&driver=<id>&active=true`"""

    active = django_filters.BooleanFilter(field_name="is_active")

    class Meta:
        model = Device
        fields = ["vehicle", "driver"]


class DeviceViewSet(ListViewSet):
    """Devices, the one heard last first; tokens are made at `/dispatch/setup/`."""

    queryset = Device.objects.order_by(F("last_seen_at").desc(nulls_last=True), "pk")
    serializer_class = DeviceSerializer
    filterset_class = DeviceFilter
    permission_classes = [Kept]

    @extend_schema(request=None, responses=DeviceSerializer)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str) -> Response:
        """End its token: within a second it is not listened to any more."""
        device = self.get_object()
        Device.objects.filter(pk=device.pk).update(token_digest=None)
        device.refresh_from_db()
        return Response(self.get_serializer(device).data)
