"""`/api/invoices/`: for billers, and for facilities, patients and their own."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from billing import invoices, mail, repricing
from billing.balances import with_balance
from billing.invoice_queries import COLUMNS, InvoiceFilter, csv_rows, totals, visible_invoices
from billing.invoice_serializers import (
    TASK,
    InvoiceSerializer,
    ReasonSerializer,
    RepriceSerializer,
    TotalsSerializer,
    TripSerializer,
    UnpricedSerializer,
)
from billing.models import Invoice, UnpricedTrip
from billing.pdf import document_of
from config.problems import Conflict
from trips.list_api import needs
from trips.queries import company_day
from trips.reports.csv_files import csv_answer
from trips.task_api import begin_task
from users.models import User
from users.roles import Permission

MANAGES = [needs(Permission.SEE_INVOICES)]


class InvoiceViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Any]
):
    """Invoices, co-pays and credit notes; balances and sums are computed by the database."""

    queryset = Invoice.objects.none()
    serializer_class = InvoiceSerializer
    filterset_class = InvoiceFilter
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Any]:
        user = self.request.user
        if not isinstance(user, User):
            return Invoice.objects.none()
        related = ("payer", "facility", "patient", "credited_by")
        rows = with_balance(visible_invoices(user)).select_related(*related)
        return rows.prefetch_related("lines").order_by("-pk")

    def _chosen(self) -> QuerySet[Invoice]:
        """What the filters leave of what the asker may see, without its lines."""
        user = self.request.user
        visible = visible_invoices(user) if isinstance(user, User) else Invoice.objects.none()
        return self.filter_queryset(visible)

    @extend_schema(responses=TotalsSerializer(many=True), filters=True)
    @action(detail=False, pagination_class=None)
    def totals(self, request: Request) -> Response:
        """The sums of what the filters leave."""
        return Response(TotalsSerializer(totals(self._chosen()), many=True).data)

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR}, filters=True)
    @action(detail=False, pagination_class=None)
    def export(self, request: Request) -> HttpResponseBase:
        """What the filters leave as a CSV file; amounts with the currency's decimals."""
        name = f"invoices-{company_day(timezone.now())}.csv"
        return csv_answer(request._request, COLUMNS, csv_rows(self._chosen()), name)

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    @action(detail=True)
    def pdf(self, request: Request, pk: str) -> HttpResponse:
        """The document as it was or will be sent."""
        invoice = self.get_object()
        return pdf_answer(document_of(invoice), invoice.number)

    @extend_schema(request=ReasonSerializer, responses=InvoiceSerializer)
    @action(detail=True, methods=["post"], permission_classes=MANAGES)
    def void(self, request: Request, pk: str) -> Response:
        """Take an invoice back for good; the credit note. 409 where that was done."""
        asked = ReasonSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        invoice = self.get_object()
        try:
            credit = invoices.void(
                invoice_id=invoice.pk, by=user_of(request), reason=asked.validated_data["reason"]
            )
        except invoices.NotVoidable as exc:
            raise Conflict(str(exc)) from None
        return self._answer(credit)

    @extend_schema(request=None, responses=InvoiceSerializer)
    @action(detail=True, methods=["post"], permission_classes=MANAGES)
    def resend(self, request: Request, pk: str) -> Response:
        """Mail it once more. 409 where it is on its way, or nobody's address is known."""
        invoice = self.get_object()
        try:
            mail.queue_again(invoice.pk)
        except mail.NotMailable as exc:
            raise Conflict(str(exc)) from None
        return self._answer(invoice)

    @extend_schema(request=TripSerializer, responses=InvoiceSerializer)
    @action(detail=False, methods=["post"], permission_classes=MANAGES)
    def issue(self, request: Request) -> Response:
        """Issue a trip's invoice, also one that was taken back; the one that stands, if any."""
        asked = TripSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        trip_id: int = asked.validated_data["trip_id"]
        try:
            invoice = invoices.issue_invoice(trip_id, again=True, by=user_of(request))
        except invoices.NotBillable as exc:
            raise Conflict(str(exc)) from None
        return self._answer(invoice)

    @extend_schema(responses=UnpricedSerializer(many=True), filters=False)
    @action(detail=False, permission_classes=MANAGES, filterset_class=None)
    def unpriced(self, request: Request) -> Response:
        """Trips that should have been charged and could not be, and why; oldest first."""
        waiting = UnpricedTrip.objects.filter(solved_at__isnull=True).select_related("trip")
        page = self.paginate_queryset(waiting.order_by("since", "pk"))
        return self.get_paginated_response(UnpricedSerializer(page, many=True).data)

    @extend_schema(request=RepriceSerializer, responses={202: TASK})
    @action(detail=False, methods=["post"], permission_classes=MANAGES)
    def reprice(self, request: Request) -> Response:
        """A dry run: what today's rates would change. Its result is that of the task."""
        asked = RepriceSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        parameters: dict[str, Any] = dict(asked.validated_data)
        if repricing.affected(parameters).count() > repricing.MOST_TRIPS:
            raise exceptions.ValidationError(f"More than {repricing.MOST_TRIPS} trips.")
        return begin_task(request, repricing.DRY_RUN, parameters)

    @extend_schema(request=None, responses={202: TASK})
    @action(
        detail=False,
        methods=["post"],
        permission_classes=MANAGES,
        url_path="reprice/(?P<task_id>[0-9a-f-]{36})/apply",
    )
    def apply(self, request: Request, task_id: str) -> Response:
        """Do what one's own dry run of the last day has shown, once."""
        with transaction.atomic():
            # Two at once: the second waits, and finds that it is done.
            user = User.objects.select_for_update().get(pk=user_of(request).pk)
            try:
                parameters = repricing.parameters_shown(user, UUID(task_id))
            except (repricing.NotShown, ValueError):
                raise exceptions.NotFound from None
            return begin_task(request, repricing.APPLY, parameters)

    def _answer(self, invoice: Invoice) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=invoice.pk)).data)


def user_of(request: Request) -> User:
    """The account that asks; the permission class has seen to it that there is one."""
    if not isinstance(request.user, User):
        raise exceptions.NotAuthenticated
    return request.user


def pdf_answer(content: bytes, number: str) -> HttpResponse:
    """A document for who may read it, and for no cache."""
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{number}.pdf"'
    answer["Cache-Control"] = "private, no-store"
    return answer
