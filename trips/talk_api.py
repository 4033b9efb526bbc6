"""`/api/messages/`: dispatch and drivers talk."""

from collections.abc import Sequence
from typing import Any

import django_filters
from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import exceptions, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from config.limits import Throttle
from config.problems import Unprocessable
from trips import once, talk
from trips.list_api import ListViewSet
from trips.models import Driver, Message
from trips.realtime.messages import iso
from trips.shift_api import DrivesOrDispatches
from trips.taps import ReusedClientEventId
from users.api import StrictSerializer
from users.models import User
from users.roles import Permission

To = Message.To


class MessageThrottle(Throttle):
    """Messages per account; ATW_MESSAGE_RATE."""

    scope = "message"

    def limit(self) -> str:
        return str(settings.MESSAGE_RATE)

    def about(self, request: Request) -> str:
        return str(request.user.pk)


class ReaderSerializer(StrictSerializer):
    user_id = serializers.IntegerField()
    name = serializers.CharField()
    read_at = serializers.DateTimeField(allow_null=True)


class MessageSerializer(serializers.ModelSerializer[Message]):
    """A message; `to` is a driver's id, "drivers", "on_shift" or "dispatch".

    `readers` are all recipients for who sent it and for dispatch, else oneself. `notice` is
    one's own notice of it, to be marked as read; null for who was not told (yet).
    """

    sender_name = serializers.CharField(source="sender.display_name")
    to = serializers.SerializerMethodField()
    readers = serializers.SerializerMethodField()
    notice = serializers.SerializerMethodField()

    class Meta:
        model = Message
        fields = ["id", "sender", "sender_name", "to", "body", "sent_at", "readers", "notice"]

    def get_notice(self, message: Any) -> int | None:
        found: int | None = self.context["notices"].get(message.pk)
        return found

    @extend_schema_field({"type": ["integer", "string", "null"]})
    def get_to(self, message: Any) -> int | str | None:
        return message.driver_id if message.to == To.DRIVER else str(message.to)

    @extend_schema_field(ReaderSerializer(many=True))
    def get_readers(self, message: Any) -> list[dict[str, Any]]:
        asker: User = self.context["request"].user
        marks = self.context["marks"].get(message.pk, {})
        everybody = message.sender_id == asker.pk or asker.may(Permission.DISPATCH_TRIPS)
        return [
            {
                "user_id": user.pk,
                "name": user.display_name,
                "read_at": iso(marks[user.pk]) if user.pk in marks else None,
            }
            for user in message.recipients.all()
            if everybody or user.pk == asker.pk
        ]


class ThreadSerializer(StrictSerializer):
    """What dispatch and one driver say to each other: the newest of it, and what is unread.

    Messages to many are in the thread of each, and do not move it.
    """

    driver = serializers.IntegerField()
    name = serializers.CharField()
    last = serializers.SerializerMethodField()
    unread = serializers.IntegerField()

    @extend_schema_field(MessageSerializer)
    def get_last(self, thread: Any) -> Any:
        return thread["last"]


class SendSerializer(StrictSerializer):
    """A new message; `to` as in the answer."""

    to = serializers.JSONField()
    body = serializers.CharField(max_length=1000)
    client_message_id = serializers.CharField(max_length=64, required=False)

    def validate_to(self, value: object) -> int | str:
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**62:
            return value
        if value in (To.DRIVERS, To.ON_SHIFT, To.DISPATCH):
            return str(value)
        raise serializers.ValidationError('A driver\'s id, "drivers", "on_shift" or "dispatch".')


class ToIn(django_filters.BaseInFilter, django_filters.ChoiceFilter):  # type: ignore[misc]
    """`?to=drivers,on_shift`"""


class MessageFilter(django_filters.FilterSet):  # type: ignore[misc]
    """`?with=<driver>`: the thread of one driver. `?to=drivers,on_shift`: what went to many."""

    to = ToIn(choices=To.choices)

    def filter_queryset(self, queryset: QuerySet[Message]) -> QuerySet[Message]:
        found: QuerySet[Message] = super().filter_queryset(queryset)
        given = self.data.get("with", "")
        if not given:
            return found
        if not given.isdecimal() or len(given) > 18:
            raise exceptions.ValidationError({"with": ["A driver's id."]})
        driver = Driver.objects.filter(pk=int(given)).first()
        return found.filter(talk.of(driver.user_id)) if driver else found.none()


class MessageViewSet(ListViewSet):
    """Messages, newest first: all for dispatch, a driver's own for the driver."""

    queryset = Message.objects.none()
    serializer_class = MessageSerializer
    filterset_class = MessageFilter
    permission_classes = [DrivesOrDispatches]

    def get_queryset(self) -> QuerySet[Message]:
        return talk.visible_messages(self._user, dispatches=self._dispatches)

    def get_throttles(self) -> list[Any]:
        return [MessageThrottle()] if self.request.method == "POST" else []

    @property
    def _user(self) -> User:
        if not isinstance(self.request.user, User):
            raise exceptions.NotAuthenticated
        return self.request.user

    @property
    def _dispatches(self) -> bool:
        return self._user.may(Permission.DISPATCH_TRIPS)

    @extend_schema(parameters=[OpenApiParameter("with", OpenApiTypes.INT)])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(self._shown(page))

    @extend_schema(responses=ThreadSerializer(many=True))
    @action(detail=False, filterset_class=None)
    def threads(self, request: Request) -> Response:
        """For dispatch: every active driver, who was talked to last first."""
        if not self._dispatches:
            raise exceptions.PermissionDenied
        page: list[Any] = self.paginate_queryset(talk.threads(self._user)) or []
        newest = self.get_queryset().filter(pk__in=[one.last_id for one in page])
        shown = {one["id"]: one for one in self._shown(list(newest))}
        rows = [
            {
                "driver": one.pk,
                "name": str(one),
                "last": shown.get(one.last_id),
                "unread": one.unread,
            }
            for one in page
        ]
        return self.get_paginated_response(ThreadSerializer(rows, many=True).data)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self._shown([self.get_object()])[0])

    def _shown(self, messages: Sequence[Message]) -> Any:
        context = {
            **self.get_serializer_context(),
            "marks": talk.read_marks(messages),
            "notices": talk.notices(messages, self._user),
        }
        return MessageSerializer(messages, many=True, context=context).data

    @extend_schema(request=SendSerializer, responses={201: MessageSerializer})
    def create(self, request: Request) -> Response:
        """Send a message; the same `client_message_id` again: the same answer, sent once."""
        given = SendSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        fields: dict[str, Any] = given.validated_data
        try:
            body = once.answer_once(
                user=self._user,
                client_event_id=fields.get("client_message_id", ""),
                request=fields,
                make=lambda: self._shown([self._send(fields)])[0],
            )
        except talk.NobodyThere as exc:
            raise exceptions.ValidationError({"to": [str(exc)]}) from None
        except ReusedClientEventId:
            raise Unprocessable("This client_message_id came before with another body.") from None
        return Response(body, status=201)

    def _send(self, fields: dict[str, Any]) -> Message:
        to, body = fields["to"], fields["body"]
        if (to == To.DISPATCH) == self._dispatches:
            raise exceptions.PermissionDenied
        if not isinstance(to, int):
            return talk.send(sender=self._user, to=To(to), body=body)
        driver = Driver.objects.filter(pk=to).first()
        if driver is None:
            raise exceptions.ValidationError({"to": ["There is no such driver."]})
        return talk.send(sender=self._user, to=To.DRIVER, body=body, driver=driver)
