"""`/api/statements/`: monthly statements of payers and facilities."""

from datetime import date
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from billing import pdf
from billing.api import MANAGES, pdf_answer
from billing.invoice_serializers import TASK
from billing.models import Statement
from billing.statements import last_month
from config.filters import Filters
from trips.task_api import EARLIEST, begin_task
from users.api import StrictSerializer
from users.models import User
from users.roles import Permission, Role


class StatementSerializer(serializers.ModelSerializer[Statement]):
    """`month` is its first day; `invoices` counts credit notes as well."""

    invoices = serializers.IntegerField(source="collected", read_only=True)

    class Meta:
        model = Statement
        fields = [
            "id",
            "number",
            "payer",
            "facility",
            "month",
            "currency",
            "total_cents",
            "invoices",
            "issued_at",
            "sent_at",
        ]


class MonthSerializer(StrictSerializer):
    """A month that is over, by the company's calendar: any of its days, or `2026-10`."""

    month = serializers.DateField(input_formats=["%Y-%m", "iso-8601"])

    def validate_month(self, day: date) -> date:
        month = day.replace(day=1)
        if not EARLIEST <= month <= last_month(timezone.now()):
            raise serializers.ValidationError("This month is not over yet, or too long ago.")
        return month


class StatementFilter(Filters):
    """`?month=YYYY-MM-01&payer=<id>&facility=<id>`"""

    class Meta:
        model = Statement
        fields = ["month", "payer", "facility"]


class StatementViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Any]
):
    """All for billers; a facility reads its own."""

    queryset = Statement.objects.none()
    serializer_class = StatementSerializer
    filterset_class = StatementFilter
    lookup_value_regex = r"\d{1,18}"

    def get_permissions(self) -> Any:
        return [one() for one in MANAGES] if self.action == "create" else super().get_permissions()

    def get_queryset(self) -> QuerySet[Any]:
        user = self.request.user
        statements = Statement.objects.select_related("payer", "facility")
        rows = statements.annotate(collected=Count("items")).order_by("-pk")
        if not isinstance(user, User) or not user.is_active:
            return rows.none()
        if user.may(Permission.SEE_INVOICES):
            return rows
        if user.role == Role.FACILITY:
            return rows.filter(facility__in=user.facilities.all())
        return rows.none()

    @extend_schema(request=MonthSerializer, responses={202: TASK})
    def create(self, request: Request) -> Response:
        """Bill what the month still owes, then collect it: statements that are missing."""
        asked = MonthSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        month = asked.validated_data["month"].isoformat()
        return begin_task(request, "billing.tasks.close_month", {"month": month})

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    @action(detail=True)
    def pdf(self, request: Request, pk: str) -> HttpResponse:
        """The document as it was or will be sent."""
        statement = self.get_object()
        return pdf_answer(pdf.statement_document_of(statement), statement.number)
