"""`POST /api/webhooks/mail/`: bounces and complaints, as the mail service reports them."""

import time
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import exceptions, serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.limits import HookThrottle
from users import signatures
from users.api import StrictSerializer
from users.models import SuppressedAddress

MOST_EVENTS = 1_000


class MailEventSerializer(StrictSerializer):
    """One report. A bounce that is not `permanent` (a full mailbox) changes nothing."""

    type = serializers.ChoiceField(choices=SuppressedAddress.Reason.choices)
    address = serializers.CharField(max_length=254)
    permanent = serializers.BooleanField(default=True)
    code = serializers.CharField(max_length=16, required=False, allow_blank=True)

    def validate_address(self, value: str) -> str:
        try:
            validate_email(value)
        except ValidationError:
            # Not Django's text, which would repeat the address.
            raise serializers.ValidationError("This is no e-mail address.") from None
        return value.lower()


class MailHookSerializer(StrictSerializer):
    events = serializers.ListField(child=MailEventSerializer(), max_length=MOST_EVENTS)


class MailHookView(APIView):
    """The mail service reports what became of our mails; signed with `ATW_MAIL_HOOK_SECRET`."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (HookThrottle,)

    @extend_schema(
        request=MailHookSerializer,
        responses=inline_serializer("Suppressed", {"suppressed": serializers.IntegerField()}),
        parameters=[
            OpenApiParameter(
                "ATW-Signature",
                location="header",
                required=True,
                description="`t=<unix seconds>,v1=<hex>`: HMAC-SHA256 of `<t>.<body>`.",
            )
        ],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        if not settings.MAIL_HOOK_SECRET:
            raise Http404
        header, body = request.headers.get("ATW-Signature", ""), request.body
        if not signatures.is_valid(header, settings.MAIL_HOOK_SECRET, body, time.time()):
            raise exceptions.AuthenticationFailed("The signature is not valid.")
        report = MailHookSerializer(data=request.data)
        report.is_valid(raise_exception=True)
        return Response({"suppressed": suppress(report.validated_data["events"])})

    def get_authenticate_header(self, request: Request) -> str:
        return "ATW-Signature"


def suppress(events: list[dict[str, Any]]) -> int:
    """Mark the addresses of permanent bounces and of complaints; how many were new."""
    rows = {
        event["address"]: SuppressedAddress(
            address=event["address"], reason=event["type"], code=event.get("code", "")
        )
        for event in events
        if event["type"] == SuppressedAddress.Reason.COMPLAINT or event["permanent"]
    }
    known = set(
        SuppressedAddress.objects.filter(address__in=rows).values_list("address", flat=True)
    )
    new = [rows[address] for address in sorted(rows.keys() - known)]
    SuppressedAddress.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)
