"""`/api/undelivered/`: mails, SMS and pushes that did not arrive, and sending them again.

Like all lists of notices for the office: no address, no text, the role instead of the name.
"""

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from trips.list_api import needs
from users import mailer
from users.api import StrictSerializer
from users.kinds import OUTSIDE
from users.models import Notification
from users.roles import Permission

State = Notification.State
#: Failed for good, or nobody knows: both wait for a person.
UNDELIVERED = (State.FAILED, State.UNKNOWN)
#: Messages that one request sends again.
MOST = 1_000


class UndeliveredSerializer(serializers.ModelSerializer[Notification]):
    """A message that did not arrive; `to` is a role, or "address"."""

    to = serializers.SerializerMethodField()
    at = serializers.DateTimeField(source="created_at")

    class Meta:
        model = Notification
        fields = [
            "id",
            "kind",
            "channel",
            "to",
            "key",
            "trip_id",
            "state",
            "error",
            "attempts",
            "at",
        ]

    def get_to(self, row: Notification) -> str:
        return row.user.role if row.user else "address"


class UndeliveredFilter(django_filters.FilterSet):  # type: ignore[misc]
    """`?state=failed&channel=email&kind=invoice`"""

    state = django_filters.ChoiceFilter(choices=[(one.value, one.label) for one in UNDELIVERED])

    class Meta:
        model = Notification
        fields = ["state", "channel", "kind"]


class AgainSerializer(StrictSerializer):
    """`ids` of messages, or `all` that failed; a fate that is unknown is decided one by one."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62), min_length=1, max_length=MOST,
        required=False,
    )  # fmt: skip
    all = serializers.BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1 or attrs.get("all") is False:
            raise serializers.ValidationError("Say `ids` or `all`, and only one of them.")
        return attrs


class UndeliveredViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Any]):
    """Messages that failed, or whose fate is unknown, newest first. `?state=&channel=&kind=`"""

    queryset = Notification.objects.none()
    serializer_class = UndeliveredSerializer
    filterset_class = UndeliveredFilter
    permission_classes = (needs(Permission.DISPATCH_TRIPS),)

    def get_queryset(self) -> QuerySet[Notification]:
        found = Notification.objects.filter(channel__in=OUTSIDE, state__in=UNDELIVERED)
        return found.select_related("user").order_by("-pk")

    @extend_schema(
        request=AgainSerializer,
        responses=inline_serializer("SentAgain", {"queued": serializers.IntegerField()}),
    )
    @action(detail=False, methods=["post"])
    def again(self, request: Request) -> Response:
        """Queue them once more; what is not undelivered any more is left alone."""
        given = AgainSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        ids = given.validated_data.get("ids")
        if ids is None:
            failed = self.get_queryset().filter(state=State.FAILED)
            ids = list(failed.values_list("pk", flat=True)[:MOST])
        return Response({"queued": mailer.send_again(ids)})
