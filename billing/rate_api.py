"""`/api/rates/` and `/api/holidays/`: what trips cost, for billers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django_filters
from django.core.exceptions import ValidationError as ModelInvalid
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import exceptions, mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from billing.models import Rate
from billing.rate_book import COLUMNS, RateConflict, add_rate, csv_rows, withdraw
from billing.rates.cards import WEEKDAYS
from config.problems import Conflict
from trips.list_api import needs
from trips.models import Holiday
from trips.report_api import CsvRenderer
from trips.reports.csv_files import csv_answer
from users.api import StrictSerializer
from users.models import User
from users.roles import Permission

_BAND = {
    "type": "object",
    "required": ["from_mile", "cents"],
    "properties": {"from_mile": {"type": "string"}, "cents": {"type": "integer"}},
}
_WINDOW = {
    "type": "object",
    "required": ["from", "to"],
    "properties": {
        "days": {"type": "array", "items": {"type": "string", "enum": list(WEEKDAYS)}},
        "holidays": {"type": "boolean"},
        "from": {"type": "string", "example": "18:00"},
        "to": {"type": "string", "example": "06:00"},
        "flat_cents": {"type": "integer"},
        "percent": {"type": "string"},
    },
}


@extend_schema_field({"type": "array", "items": _BAND})
class BandsField(serializers.JSONField):
    """Mile bands; judged by the model."""


@extend_schema_field({"type": "array", "items": _WINDOW})
class WindowsField(serializers.JSONField):
    """Hours that cost more; judged by the model."""


class RateView(serializers.ModelSerializer[Rate]):
    mile_bands = BandsField(required=False)
    after_hours = WindowsField(required=False)

    class Meta:
        model = Rate
        exclude = ["created_by"]
        read_only_fields = ["version", "used_at", "created_at"]
        #: `billing.rate_book` says better what stands in the way.
        validators: list[Any] = []


class NewRateSerializer(RateView):
    """A rate, or with `corrects` the new version of one that begins on the same day."""

    corrects = serializers.IntegerField(required=False, min_value=1)

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        known = {field.field_name for field in self._writable_fields}
        if isinstance(data, dict) and (unknown := sorted(set(data) - known)):
            raise serializers.ValidationError({str(name): "Unknown field." for name in unknown})
        return value


class WithdrawSerializer(StrictSerializer):
    reason = serializers.CharField(max_length=250)


class RateFilter(django_filters.FilterSet):  # type: ignore[misc]
    """`?payer=<id>&default=true&mobility=…`"""

    default = django_filters.BooleanFilter("payer", lookup_expr="isnull")

    class Meta:
        model = Rate
        fields = ["payer", "mobility"]


@contextmanager
def _answered() -> Iterator[None]:
    """What the rate book raises, as problems."""
    try:
        yield
    except ModelInvalid as exc:
        raise serializers.ValidationError(serializers.as_serializer_error(exc)) from None
    except RateConflict as exc:
        more = {"rate": RateView(exc.rate).data} if exc.rate else {}
        raise Conflict(str(exc), **more) from None


class RateViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Any]):
    """Rates, those that begin last first. None is ever overwritten."""

    queryset = Rate.objects.order_by("-valid_from", "-version", "pk")
    serializer_class = RateView
    filterset_class = RateFilter
    permission_classes = [needs(Permission.SEE_INVOICES)]
    lookup_value_regex = r"\d{1,18}"

    def get_renderers(self) -> list[Any]:
        return [JSONRenderer(), CsvRenderer()] if self.action == "list" else [JSONRenderer()]

    @extend_schema(
        parameters=[OpenApiParameter("format", enum=["json", "csv"])],
        responses={
            (200, "application/json"): RateView(many=True),
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """A page of rates; `?format=csv`: all of them as a file."""
        if request.accepted_renderer.format == CsvRenderer.format:
            rates: QuerySet[Rate] = self.filter_queryset(self.get_queryset())
            return self._file(request, rates)
        return super().list(request, *args, **kwargs)

    def _file(self, request: Request, rates: QuerySet[Rate]) -> HttpResponseBase:
        return csv_answer(request._request, COLUMNS, csv_rows(rates), "rates.csv")

    @extend_schema(request=NewRateSerializer, responses={201: RateView})
    def create(self, request: Request) -> Response:
        """Add a rate, or correct one: 409 where another one stands in the way."""
        parsed = NewRateSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        with _answered():
            rate = add_rate(by=_user(request), **parsed.validated_data)
        return Response(RateView(rate).data, status=201)

    @extend_schema(request=WithdrawSerializer, responses={201: RateView})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take a rate back from its first day on; what it priced stays as it is."""
        rate = self.get_object()
        parsed = WithdrawSerializer(data=request.data)
        parsed.is_valid(raise_exception=True)
        with _answered():
            gone = withdraw(by=_user(request), rate=rate, reason=parsed.validated_data["reason"])
        return Response(RateView(gone).data, status=201)


class HolidayView(serializers.ModelSerializer[Holiday]):
    class Meta:
        model = Holiday
        fields = ["id", "day", "name"]


class HolidayViewSet(
    mixins.ListModelMixin,
    mixins.CreateModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet[Any],
):
    """Holidays of the company: surcharges and standing orders ask for them."""

    queryset = Holiday.objects.order_by("day")
    serializer_class = HolidayView
    permission_classes = [needs(Permission.SEE_INVOICES)]
    lookup_value_regex = r"\d{1,18}"

    def perform_create(self, serializer: Any) -> None:
        try:
            serializer.save()
        except IntegrityError:
            raise Conflict("Somebody has just added this day.") from None


def _user(request: Request) -> User:
    if not isinstance(request.user, User):
        raise exceptions.NotAuthenticated
    return request.user
