"""`/api/webhooks/payments/…`: providers tell of money; `/api/provider-events/`: what waits."""

import time
from typing import Any

from django.conf import settings
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import exceptions, mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import provider_events
from billing.models import ProviderEvent
from billing.payment_api import answered, user_of
from billing.payment_serializers import ProviderEventSerializer, ResolveSerializer
from billing.providers import PROVIDERS
from billing.providers.base import BadMessage
from config.limits import HookThrottle
from config.problems import Conflict
from config.uploads import TooLarge, raw_parser
from trips.list_api import needs
from users.roles import Permission

MOST_BYTES = 65_536
#: As it came, which is what was signed.
BytesParser = raw_parser("application/json", lambda: MOST_BYTES)


class PaymentHookView(APIView):
    """A payment provider's webhook; its secrets are settings, and without one it is not there."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (HookThrottle,)
    parser_classes = (BytesParser,)

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        responses=inline_serializer(
            "PaymentHook",
            {"outcome": serializers.ChoiceField(["recorded", "kept", "known", "ignored"])},
        ),
        parameters=[
            OpenApiParameter(
                "Stripe-Signature",
                location="header",
                description="`t=<unix seconds>,v1=<hex>`: HMAC-SHA256 of `<t>.<body>`.",
            )
        ],
        auth=[],
    )
    def post(self, request: Request, provider: str) -> Response:
        """2xx: kept, or of no interest. Sent again: `known`, and nothing happens."""
        adapter, secrets = PROVIDERS.get(provider), settings.PAYMENT_HOOK_SECRETS.get(provider)
        if adapter is None or not secrets:
            raise Http404
        body = _body(request)
        header = request.headers.get(adapter.header, "")
        if not adapter.is_signed(header, secrets, body, time.time()):
            raise exceptions.AuthenticationFailed("The signature is not valid.")
        try:
            money = adapter.read(body)
        except BadMessage as bad:
            raise exceptions.ParseError(str(bad)) from None
        outcome = provider_events.receive(provider, money) if money else "ignored"
        return Response({"outcome": outcome})

    def get_authenticate_header(self, request: Request) -> str:
        return "Signature"


def _body(request: Request) -> bytes:
    given = request.data
    body: bytes = given.get("file", b"") if isinstance(given, dict) else b""
    if len(body) > MOST_BYTES:
        raise TooLarge(f"The body may have {MOST_BYTES} bytes.")
    return body


class ProviderEventViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Any]
):
    """What providers told of, newest first; `?state=open` waits for a biller."""

    queryset = ProviderEvent.objects.order_by("-pk")
    serializer_class = ProviderEventSerializer
    filterset_fields = ["provider", "state"]
    permission_classes = [needs(Permission.SEE_INVOICES)]
    lookup_value_regex = r"\d{1,18}"

    @extend_schema(request=ResolveSerializer, responses=ProviderEventSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        """Whose payment it is, or (nobody named) that there is nothing to record; 409 if done."""
        given = ResolveSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            with answered():
                event = provider_events.resolve(
                    int(pk),
                    user=user_of(request),
                    debtor=given.debtor(),
                    shares=given.shares(),
                    resolution=given.validated_data["resolution"],
                )
        except ProviderEvent.DoesNotExist:
            raise exceptions.NotFound from None
        except provider_events.NotOpen:
            raise Conflict("This message has been dealt with.") from None
        return Response(ProviderEventSerializer(event).data)
