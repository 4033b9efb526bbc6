"""`/api/failures/` and `/api/system/`: what failed for good, and whether the system keeps up.

Ids, names of tasks and types of exceptions; a person's data is in none of them.
"""

from typing import Any

import redis
from drf_spectacular.utils import extend_schema, inline_serializer
from kombu.exceptions import OperationalError
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.api import Pages
from trips.list_api import needs
from trips.operations import failures, overview
from users.api import StrictSerializer
from users.roles import Permission

#: Failures that one list reaches back over, and that one request tries again.
MOST = 1_000


class BrokerAway(exceptions.APIException):
    """503: a task can only be sent while the broker answers."""

    status_code = 503
    default_detail = "The broker is away: try again when it is back."


class FailureSerializer(StrictSerializer):
    """One failure; `key` names it to `retry`. `kind` is the subscriber or the task."""

    key = serializers.CharField()
    kind = serializers.CharField()
    about = serializers.CharField()
    error = serializers.CharField()
    attempts = serializers.IntegerField()
    since = serializers.DateTimeField()
    may_retry = serializers.BooleanField()


class AskedSerializer(StrictSerializer):
    """`?kind=` of one kind only."""

    kind = serializers.CharField(max_length=128, required=False, allow_blank=True, default="")
    page = serializers.IntegerField(min_value=1, required=False)
    page_size = serializers.IntegerField(min_value=1, required=False)


class FailuresView(APIView):
    """Buried deliveries and failed tasks that nobody has tried again, newest first."""

    permission_classes = [needs(Permission.DISPATCH_TRIPS)]

    @extend_schema(
        parameters=[AskedSerializer],
        responses=inline_serializer(
            "FailurePage",
            {
                "count": serializers.IntegerField(),
                "next": serializers.URLField(allow_null=True),
                "previous": serializers.URLField(allow_null=True),
                "results": FailureSerializer(many=True),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        given = AskedSerializer(data=request.query_params.dict())
        given.is_valid(raise_exception=True)
        found = failures.find(kind=given.validated_data["kind"], limit=MOST)
        pages = Pages()
        shown: Any = pages.paginate_queryset(found, request, self)
        return pages.get_paginated_response(FailureSerializer(shown, many=True).data)


class RetrySerializer(StrictSerializer):
    """`keys` of failures, or `all` of them, or all of one `kind`: exactly one is said."""

    keys = serializers.ListField(
        child=serializers.CharField(max_length=64), max_length=MOST, min_length=1, required=False
    )
    kind = serializers.CharField(max_length=128, required=False)
    all = serializers.BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1 or attrs.get("all") is False:
            raise serializers.ValidationError("Say `keys`, `kind` or `all`, and only one of them.")
        return attrs


class RetryView(APIView):
    """Queue failures again: `{retried}` is how many were; others are left as they are."""

    permission_classes = [needs(Permission.DISPATCH_TRIPS)]

    @extend_schema(
        request=RetrySerializer,
        responses=inline_serializer("Retried", {"retried": serializers.IntegerField()}),
    )
    def post(self, request: Request) -> Response:
        given = RetrySerializer(data=request.data)
        given.is_valid(raise_exception=True)
        fields: dict[str, Any] = given.validated_data
        keys = fields.get("keys")
        if keys is None:
            found = failures.find(kind=fields.get("kind", ""), limit=MOST)
            keys = [one.key for one in found if one.may_retry]
        try:
            return Response({"retried": failures.retry(keys)})
        except failures.UnknownKey as exc:
            raise exceptions.ValidationError({"keys": [f"There is no failure {exc}."]}) from None
        except OperationalError:
            raise BrokerAway from None


class QueueSerializer(StrictSerializer):
    """A queue: messages that wait, that workers hold, the age of the oldest, its workers."""

    name = serializers.CharField()
    waiting = serializers.IntegerField()
    held = serializers.IntegerField()
    oldest_s = serializers.FloatField(allow_null=True)
    workers = serializers.ListField(child=serializers.CharField())


class SystemSerializer(StrictSerializer):
    """`queues` null: the broker is away. `owed` counts rows by part and state."""

    queues = QueueSerializer(many=True, allow_null=True)
    owed = serializers.DictField(child=serializers.DictField(child=serializers.IntegerField()))
    beat_silent_s = serializers.FloatField(allow_null=True)
    beat_is_well = serializers.BooleanField()


class SystemView(APIView):
    """Queues, what is owed, and whether the clock runs."""

    permission_classes = [needs(Permission.DISPATCH_TRIPS)]

    @extend_schema(responses=SystemSerializer)
    def get(self, request: Request) -> Response:
        silent_s = overview.beat_silent_s()
        try:
            queues: Any = overview.queue_states()
        except redis.RedisError:
            queues = None
        found = {
            "queues": queues,
            "owed": overview.owed(),
            "beat_silent_s": silent_s,
            "beat_is_well": silent_s is not None and silent_s < overview.BEAT_SILENT_S,
        }
        return Response(SystemSerializer(found).data)
