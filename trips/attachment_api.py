"""`POST /api/trips/{id}/attachments/` and `/api/attachments/`: signatures and photos of stops."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.filters import Filters
from config.headers import SENT_FILE_POLICY
from config.problems import Unprocessable
from config.uploads import TooLarge, raw_parser
from trips import access, attachments, task_runs
from trips.list_api import ListViewSet, needs
from trips.models import Attachment
from trips.pictures import BadPicture
from trips.taps import OLDEST_TAP, ReusedClientEventId, TripNotFound
from users.api import StrictSerializer
from users.models import User
from users.roles import Permission

PictureParser = raw_parser("image/*", lambda: settings.MAX_BATCH_BYTES)


class SentSerializer(StrictSerializer):
    """What the address says of the picture in the body."""

    kind = serializers.ChoiceField(choices=Attachment.Kind.choices)
    stop = serializers.ChoiceField(choices=Attachment.Stop.choices)
    client_event_id = serializers.CharField(max_length=64)
    occurred_at = serializers.DateTimeField(required=False)

    def validate_occurred_at(self, value: datetime) -> datetime:
        now = timezone.now()
        if now - value > OLDEST_TAP:
            raise serializers.ValidationError(f"That is more than {OLDEST_TAP.days} days ago.")
        return min(value, now)


class AttachmentSerializer(serializers.ModelSerializer[Attachment]):
    """`state`: waiting (its task works on it), ready, or refused with a `reason`."""

    class Meta:
        model = Attachment
        fields = [
            "id",
            "trip",
            "kind",
            "stop",
            "state",
            "reason",
            "task",
            "occurred_at",
            "received_at",
            "width",
            "height",
            "size_bytes",
        ]


class SendView(APIView):
    """A JPEG, PNG or WebP as the body -> `202` with its `task`; the same again is the same."""

    parser_classes = [PictureParser]
    permission_classes = [needs(Permission.DRIVE)]

    @extend_schema(
        parameters=[SentSerializer],
        request={"image/*": {"type": "string", "format": "binary"}},
        responses={202: AttachmentSerializer},
    )
    def post(self, request: Request, pk: int) -> Response:
        if not isinstance(request.user, User):
            raise exceptions.NotAuthenticated
        try:
            trip = attachments.find_trip(pk, request.user)
            sent = _sent(request)
            row = attachments.take(trip=trip, user=request.user, sent=sent)
        except TripNotFound:
            raise exceptions.NotFound from None
        except BadPicture:
            raise exceptions.ValidationError({"body": ["A JPEG, PNG or WebP is needed."]}) from None
        except ReusedClientEventId:
            raise Unprocessable("This client_event_id came before with another picture.") from None
        except task_runs.TooMany:
            raise exceptions.Throttled(5, "Too many pictures are being worked on.") from None
        return Response(AttachmentSerializer(row).data, status=202)


def _sent(request: Request) -> attachments.Sent:
    given = SentSerializer(data=request.query_params.dict())
    given.is_valid(raise_exception=True)
    # Nothing is parsed of an empty body.
    content = request.data.get("file", b"") if isinstance(request.data, dict) else b""
    if len(content) > settings.MAX_BATCH_BYTES:
        raise TooLarge(f"A picture may have {settings.MAX_BATCH_BYTES} bytes.")
    fields: dict[str, Any] = {"occurred_at": timezone.now(), **given.validated_data}
    return attachments.Sent(content=content, **fields)


class AttachmentFilter(Filters):
    """`?trip=&kind=&stop=&state=`"""

    class Meta:
        model = Attachment
        fields = ["trip", "kind", "stop", "state"]


class SeesProof(BasePermission):
    """Who sees all trips, and drivers; 403 for everybody else."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        return isinstance(user, User) and (
            user.may(Permission.SEE_ALL_TRIPS) or user.may(Permission.DRIVE)
        )


class AttachmentViewSet(ListViewSet):
    """Signatures and photos of the trips that one may see, newest first."""

    queryset = Attachment.objects.none()
    serializer_class = AttachmentSerializer
    filterset_class = AttachmentFilter
    permission_classes = [SeesProof]

    def get_queryset(self) -> QuerySet[Attachment]:
        user = self.request.user
        if not isinstance(user, User):
            return Attachment.objects.none()
        return Attachment.objects.filter(trip__in=access.visible_trips(user)).order_by("-pk")

    @extend_schema(responses={(200, "image/jpeg"): OpenApiTypes.BINARY})
    @action(detail=True)
    def file(self, request: Request, pk: str) -> HttpResponse:
        """The picture; 404 until it is ready."""
        return _picture(self.get_object().file)

    @extend_schema(responses={(200, "image/jpeg"): OpenApiTypes.BINARY})
    @action(detail=True)
    def thumbnail(self, request: Request, pk: str) -> HttpResponse:
        """A small one of at most 320 pixels a side."""
        return _picture(self.get_object().thumbnail)


def _picture(name: str) -> HttpResponse:
    if not name:
        raise exceptions.NotFound
    with default_storage.open(name) as file:
        answer = HttpResponse(file.read(), content_type="image/jpeg")
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Disposition"] = 'inline; filename="picture.jpg"'
    answer["Content-Security-Policy"] = SENT_FILE_POLICY
    return answer
