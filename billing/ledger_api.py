"""`/api/invoices/aging/` and `/api/invoices/<id>/ledger/`: what is owed, and how it came about."""

from collections.abc import Iterator
from typing import Any

from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
    inline_serializer,
)
from rest_framework import exceptions, serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import aging
from billing.balances import with_balance
from billing.invoice_queries import visible_invoices
from billing.invoice_serializers import LineSerializer
from billing.models import Invoice
from billing.payment_api import MayKnowMoney, user_of, visible_payments
from trips.queries import company_day
from trips.report_api import CsvRenderer
from trips.reports.csv_files import csv_answer

Fields = dict[str, serializers.Field[Any, Any, Any, Any]]


def _amounts() -> Fields:
    return {name: serializers.IntegerField() for name in aging.AMOUNTS}


def _aging_answer() -> Any:
    who: Fields = {
        "debtor_kind": serializers.ChoiceField(["payer", "facility", "patient"]),
        "debtor": serializers.IntegerField(),
        "name": serializers.CharField(),
        "currency": serializers.CharField(),
    }
    total: Fields = {"currency": serializers.CharField(), **_amounts()}
    return inline_serializer(
        "Aging",
        {
            "on": serializers.DateField(),
            "rows": inline_serializer("AgingRow", who | _amounts(), many=True),
            "totals": inline_serializer("AgingTotal", total, many=True),
        },
    )


class AgingView(APIView):
    """What each debtor owes by days past the due day; facilities and patients see themselves."""

    permission_classes = [MayKnowMoney]
    renderer_classes = [JSONRenderer, CsvRenderer]

    @extend_schema(
        parameters=[OpenApiParameter("format", enum=["json", "csv"])],
        responses={
            (200, "application/json"): _aging_answer(),
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request) -> HttpResponseBase:
        user, today = user_of(request), company_day(timezone.now())
        rows = aging.aging(visible_invoices(user), visible_payments(user), today)
        if request.accepted_renderer.format == CsvRenderer.format:
            name = f"aging-{today}.csv"
            return csv_answer(request._request, aging.COLUMNS, aging.csv_rows(rows), name)
        return Response({"on": today, "rows": rows, "totals": aging.totals(rows)})


class LedgerEntrySerializer(serializers.Serializer[Any]):
    """One movement; `amount_cents` above 0 makes the invoice owe more."""

    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(
        ["invoice", "credit_note", "payment", "refund", "reversal", "release", "credit"]
    )
    amount_cents = serializers.IntegerField()
    balance_cents = serializers.IntegerField(help_text="After it.")
    payment = serializers.IntegerField(allow_null=True)
    credit_note = serializers.IntegerField(allow_null=True)
    method = serializers.CharField()
    reference = serializers.CharField()


class LedgerSerializer(serializers.ModelSerializer[Invoice]):
    """An invoice with its lines, and each movement since."""

    lines = LineSerializer(many=True)
    paid_cents = serializers.IntegerField()
    credited_cents = serializers.IntegerField()
    balance_cents = serializers.IntegerField()
    entries = serializers.SerializerMethodField()

    class Meta:
        model = Invoice
        fields = [
            "id",
            "number",
            "state",
            "currency",
            "due_on",
            "total_cents",
            "paid_cents",
            "credited_cents",
            "balance_cents",
            "lines",
            "entries",
        ]

    @extend_schema_field(LedgerEntrySerializer(many=True))
    def get_entries(self, invoice: Invoice) -> list[dict[str, Any]]:
        balance = 0
        found: list[dict[str, Any]] = []
        for entry in sorted(_movements(invoice), key=lambda one: one["at"]):
            # A credit note counts against the invoice that it corrects: it owes nothing itself.
            balance += 0 if invoice.kind == Invoice.Kind.CREDIT else entry["amount_cents"]
            found.append(LedgerEntrySerializer(entry | {"balance_cents": balance}).data)
        return found


_NOTHING = {"payment": None, "credit_note": None, "method": "", "reference": ""}


def _movements(invoice: Invoice) -> Iterator[dict[str, Any]]:
    yield _NOTHING | {
        "at": invoice.issued_at,
        "kind": "invoice",
        "amount_cents": invoice.total_cents,
    }
    for note in Invoice.objects.filter(corrects=invoice):
        yield _NOTHING | {
            "at": note.issued_at,
            "kind": "credit_note",
            "amount_cents": note.total_cents,
            "credit_note": note.pk,
            "reference": note.number,
        }
    for row in invoice.allocations.select_related("payment").order_by("pk"):
        yield _NOTHING | {
            "at": row.recorded_at,
            "kind": row.reason,
            "amount_cents": -row.amount_cents,
            "payment": row.payment_id,
            "method": row.payment.method,
            "reference": row.payment.reference,
        }


class LedgerView(APIView):
    """An invoice's lines, payments and balance, movement by movement."""

    permission_classes = [MayKnowMoney]

    @extend_schema(responses=LedgerSerializer)
    def get(self, request: Request, pk: int) -> Response:
        found = with_balance(visible_invoices(user_of(request)).filter(pk=min(pk, 2**62)))
        invoice = found.prefetch_related("lines").first()
        if invoice is None:
            raise exceptions.NotFound
        return Response(LedgerSerializer(invoice).data)
