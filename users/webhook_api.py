"""`/api/webhook-endpoints/`: where a facility's own system hears of its trips."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from config.problems import Conflict
from trips.list_api import needs
from trips.models import Facility
from users import outbound, webhooks
from users.models import User, WebhookDelivery, WebhookEndpoint
from users.models.webhooks import new_secret
from users.roles import Permission

#: Endpoints of one facility.
MOST_ENDPOINTS = 10


class EndpointSerializer(serializers.ModelSerializer[WebhookEndpoint]):
    """An endpoint. `topics` empty: all of them. The secret is shown once, when it is made."""

    topics = serializers.ListField(
        child=serializers.ChoiceField(choices=[(name, name) for name in webhooks.TOPICS]),
        required=False,
        max_length=len(webhooks.TOPICS),
    )
    url = serializers.CharField(max_length=outbound.MOST_URL)

    class Meta:
        model = WebhookEndpoint
        fields = [
            "id",
            "facility",
            "url",
            "topics",
            "is_active",
            "failures",
            "disabled_at",
            "created_at",
        ]
        read_only_fields = ["failures", "disabled_at", "created_at"]

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self.fields))):
            raise serializers.ValidationError({str(name): "Unknown field." for name in unknown})
        return super().to_internal_value(data)

    def validate_url(self, value: str) -> str:
        private = settings.WEBHOOKS_PRIVATE
        try:
            outbound.resolve(outbound.check_url(value, private=private), private=private)
        except outbound.Forbidden as exc:
            raise serializers.ValidationError(str(exc)) from None
        except outbound.Unreachable:
            raise serializers.ValidationError("There is no such host.") from None
        return value

    def validate_facility(self, value: Facility) -> Facility:
        if not _facilities(self.context["request"].user).filter(pk=value.pk).exists():
            message = serializers.PrimaryKeyRelatedField.default_error_messages["does_not_exist"]
            raise serializers.ValidationError(message.format(pk_value=value.pk), "does_not_exist")
        if self.instance is not None and value != self.instance.facility:
            raise serializers.ValidationError("An endpoint stays with its facility.")
        return value

    def update(self, instance: WebhookEndpoint, validated_data: dict[str, Any]) -> WebhookEndpoint:
        if validated_data.get("is_active"):
            validated_data |= {"failures": 0, "disabled_at": None}
        return super().update(instance, validated_data)


class NewEndpointSerializer(EndpointSerializer):
    """An endpoint with the key that its deliveries are signed with."""

    secret = serializers.CharField(read_only=True)

    class Meta(EndpointSerializer.Meta):
        fields = [*EndpointSerializer.Meta.fields, "secret"]


class DeliverySerializer(serializers.ModelSerializer[WebhookDelivery]):
    """One event told to one endpoint; `response_code` is the last answer's."""

    class Meta:
        model = WebhookDelivery
        fields = [
            "id",
            "topic",
            "payload",
            "state",
            "attempts",
            "response_code",
            "error",
            "created_at",
            "delivered_at",
        ]


class WebhookViewSet(viewsets.ModelViewSet[WebhookEndpoint]):
    """A facility's own endpoints; an administrator sees all. Another's is as absent."""

    queryset = WebhookEndpoint.objects.none()
    serializer_class = EndpointSerializer
    permission_classes = (needs(Permission.RECEIVE_WEBHOOKS),)
    lookup_value_regex = r"\d{1,18}"
    http_method_names = ["get", "post", "patch", "delete"]

    def get_queryset(self) -> QuerySet[WebhookEndpoint]:
        facilities = _facilities(self.request.user)
        return WebhookEndpoint.objects.filter(facility__in=facilities).order_by("pk")

    @extend_schema(responses={201: NewEndpointSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make one; the answer alone has its `secret`."""
        wanted = self.get_serializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        facility = wanted.validated_data["facility"]
        if WebhookEndpoint.objects.filter(facility=facility).count() >= MOST_ENDPOINTS:
            raise Conflict(f"A facility has {MOST_ENDPOINTS} endpoints at most.")
        return Response(NewEndpointSerializer(wanted.save()).data, status=201)

    @extend_schema(request=None, responses=NewEndpointSerializer)
    @action(detail=True, methods=["post"], url_path="new-secret")
    def new_secret(self, request: Request, pk: str) -> Response:
        """Replace the key; the old one signs nothing any more."""
        endpoint = self.get_object()
        endpoint.secret = new_secret()
        endpoint.save(update_fields=["secret"])
        return Response(NewEndpointSerializer(endpoint).data)

    @extend_schema(responses=DeliverySerializer(many=True))
    @action(detail=True)
    def deliveries(self, request: Request, pk: str) -> Response:
        """What was told, newest first, and what was answered."""
        rows: Any = self.get_object().deliveries.order_by("-pk")
        page: Any = self.paginate_queryset(rows)
        return self.get_paginated_response(DeliverySerializer(page, many=True).data)

    @extend_schema(request=None, responses=DeliverySerializer)
    @action(detail=True, methods=["post"], url_path=r"deliveries/(?P<delivery_id>\d{1,18})/again")
    def again(self, request: Request, pk: str, delivery_id: str) -> Response:
        """Send one that was given up once more; 409 for any other."""
        rows = self.get_object().deliveries
        delivery = get_object_or_404(rows, pk=delivery_id)
        if not webhooks.deliver_again([delivery.pk]):
            raise Conflict(f"It is {delivery.state}.")
        return Response(DeliverySerializer(rows.get(pk=delivery.pk)).data)


def _facilities(user: Any) -> QuerySet[Facility]:
    """Those whose endpoints this account may see and change."""
    if not isinstance(user, User):
        return Facility.objects.none()
    if user.may(Permission.MANAGE):
        return Facility.objects.all()
    return Facility.objects.filter(members=user)
