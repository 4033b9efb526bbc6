"""`/api/notifications/`: what one was told in the app, and that one has read it."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from users import notices
from users.models import Notification

UNREAD = inline_serializer("Unread", {"unread": serializers.IntegerField()})


class NotificationSerializer(serializers.ModelSerializer[Notification]):
    """A notice, as in the frame `notification`."""

    at = serializers.DateTimeField(source="created_at")

    class Meta:
        model = Notification
        fields = ["id", "kind", "message", "trip_id", "at", "read_at"]


class NotificationFilter(django_filters.FilterSet):  # type: ignore[misc]
    """`?unread=true&kind=message`"""

    unread = django_filters.BooleanFilter(field_name="read_at", lookup_expr="isnull")

    class Meta:
        model = Notification
        fields = ["kind"]


class NotificationViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Any]
):
    """One's own notices, newest first; another's is as absent."""

    queryset = Notification.objects.none()
    serializer_class = NotificationSerializer
    filterset_class = NotificationFilter
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Notification]:
        return notices.of(self.request.user.pk or 0).order_by("-pk")

    @extend_schema(request=None, responses=UNREAD)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: str) -> Response:
        """Mark one as read; one's other screens see it too."""
        notices.mark_read(request.user.pk or 0, only=self.get_object().pk)
        return self._unread()

    @extend_schema(request=None, responses=UNREAD)
    @action(detail=False, methods=["post"], url_path="read-all")
    def read_all(self, request: Request) -> Response:
        """Mark all as read."""
        notices.mark_read(request.user.pk or 0)
        return self._unread()

    def _unread(self) -> Response:
        return Response({"unread": self.get_queryset().filter(read_at__isnull=True).count()})
