"""`GET /api/trips/{id}/notices/`: what was said about a trip, to whom, and what became of it."""

from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from trips.list_api import needs
from trips.models import Trip
from users.models import Notification
from users.roles import Permission

#: More than a trip has ever caused; the newest are told.
MOST = 200


class TripNoticeSerializer(serializers.ModelSerializer[Notification]):
    """One message, without its address and its text. `to` is a role, or "address"."""

    to = serializers.SerializerMethodField()
    at = serializers.DateTimeField(source="created_at")

    class Meta:
        model = Notification
        fields = ["id", "kind", "channel", "to", "state", "attempts", "at", "sent_at", "read_at"]

    def get_to(self, row: Notification) -> str:
        return row.user.role if row.user else "address"


class TripNoticesView(APIView):
    """For dispatchers, who answer when somebody says that nobody told them."""

    permission_classes = [needs(Permission.DISPATCH_TRIPS)]

    @extend_schema(responses=TripNoticeSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """The newest first."""
        if not Trip.objects.filter(pk=pk).exists():
            raise exceptions.NotFound
        rows = Notification.objects.filter(trip_id=pk).select_related("user").order_by("-pk")
        return Response(TripNoticeSerializer(rows[:MOST], many=True).data)
