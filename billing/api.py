"""`/api/invoices/`: for billers, and for facilities, patients and their own."""

from typing import Any

from django.db.models import Q, QuerySet
from rest_framework import mixins, serializers, viewsets

from billing.models import Invoice, InvoiceLine
from users.models import User
from users.roles import Permission, Role


class LineSerializer(serializers.ModelSerializer[InvoiceLine]):
    class Meta:
        model = InvoiceLine
        fields = ["code", "description", "quantity", "unit", "unit_cents", "amount_cents", "rule"]


class InvoiceSerializer(serializers.ModelSerializer[Invoice]):
    lines = LineSerializer(many=True)

    class Meta:
        model = Invoice
        fields = [
            "id",
            "number",
            "trip",
            "kind",
            "revision",
            "state",
            "payer",
            "facility",
            "patient",
            "currency",
            "total_cents",
            "issued_at",
            "due_on",
            "sent_at",
            "lines",
        ]


class InvoiceViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Any]
):
    """`?trip=&state=&payer=`"""

    queryset = Invoice.objects.none()
    serializer_class = InvoiceSerializer
    filterset_fields = ["trip", "state", "payer"]
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Invoice]:
        invoices = Invoice.objects.prefetch_related("lines").order_by("-pk")
        user = self.request.user
        if not isinstance(user, User):
            return invoices.none()
        if user.may(Permission.SEE_INVOICES):
            return invoices
        if user.role in (Role.FACILITY, Role.PATIENT):
            return invoices.filter(Q(facility__members=user) | Q(patient__user=user)).distinct()
        return invoices.none()
