"""`/api/payments/…`: money recorded, allocated, given back; remittances from a file."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, mixins, parsers, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import payments, remittances
from billing.allocations import PaymentRefused
from billing.balances import with_unallocated
from billing.models import Payment
from billing.payment_serializers import (
    BillerPaymentSerializer,
    NewPaymentSerializer,
    PaymentSerializer,
    RefundSerializer,
    ReleaseSerializer,
    ReverseSerializer,
    SharesSerializer,
)
from config.filters import number
from config.problems import Unprocessable
from config.uploads import CSV_BODY
from trips import once
from trips.intake.manifest import BadManifest
from trips.intake_api import CsvParser, content_of
from trips.list_api import needs
from trips.queries import company_day
from trips.taps import ReusedClientEventId
from users.api import StrictSerializer
from users.models import User
from users.roles import Permission, Role

LONGEST_KEY = 255
OWN = (Role.FACILITY, Role.PATIENT)
KEY = OpenApiParameter(
    "Idempotency-Key",
    location="header",
    description="The same key with the same body gets the same answer, and is recorded once.",
)


class MayKnowMoney(BasePermission):
    """403 for drivers and dispatchers; facilities and patients read their own."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        if not isinstance(user, User):
            return False
        reads = request.method in ("GET", "HEAD", "OPTIONS")
        return user.may(Permission.SEE_INVOICES) or (reads and user.role in OWN)


def visible_payments(user: User) -> QuerySet[Payment]:
    """All for who manages them; facilities and patients see their own."""
    if user.may(Permission.SEE_INVOICES):
        return Payment.objects.all()
    own = Q(facility__in=user.facilities.all()) if user.role == Role.FACILITY else Q(pk=None)
    return Payment.objects.filter(Q(patient__user=user) if user.role == Role.PATIENT else own)


def user_of(request: Request) -> User:
    """Who asks; 401 where nobody does."""
    if not isinstance(request.user, User):
        raise exceptions.NotAuthenticated
    return request.user


@contextmanager
def answered() -> Iterator[None]:
    """What the services raise, as problems."""
    try:
        yield
    except Payment.DoesNotExist:
        raise exceptions.NotFound from None
    except PaymentRefused as exc:
        raise exceptions.ValidationError({exc.field: [str(exc)]}) from None
    except ReusedClientEventId:
        raise Unprocessable("This Idempotency-Key came before with another request.") from None


class PaymentFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Days are included; `q` is a part of the reference; `unallocated=1`: credit is left."""

    kind = django_filters.MultipleChoiceFilter(choices=Payment.Kind.choices)
    method = django_filters.MultipleChoiceFilter(choices=Payment.Method.choices)
    payer = number("payer_id")
    facility = number("facility_id")
    patient = number("patient_id")
    invoice = number("invoice", method="on_invoice")
    received_from = django_filters.DateFilter(field_name="received_on", lookup_expr="gte")
    received_to = django_filters.DateFilter(field_name="received_on", lookup_expr="lte")
    unallocated = django_filters.BooleanFilter(method="with_credit")
    q = django_filters.CharFilter(field_name="reference", lookup_expr="icontains", max_length=120)

    def on_invoice(self, rows: QuerySet[Payment], name: str, value: int) -> QuerySet[Payment]:
        """That were put on this invoice."""
        return rows.filter(pk__in=rows.filter(allocations__invoice_id=value).values("pk"))

    def with_credit(self, rows: QuerySet[Payment], name: str, yes: bool) -> QuerySet[Payment]:
        """That have credit left, or none."""
        annotated: QuerySet[Any] = rows  # by `with_unallocated`
        return annotated.filter(**{"unallocated_cents__gt" if yes else "unallocated_cents": 0})


class PaymentViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Any]
):
    """Payments, newest first. None is ever edited: what was wrong is released or reversed."""

    queryset = Payment.objects.none()
    serializer_class = PaymentSerializer
    filterset_class = PaymentFilter
    permission_classes = [MayKnowMoney]
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Payment]:
        found = with_unallocated(visible_payments(user_of(self.request)))
        return found.prefetch_related("allocations__invoice").order_by("-pk")

    def get_serializer_class(self) -> type[PaymentSerializer]:
        user = self.request.user
        biller = isinstance(user, User) and user.may(Permission.SEE_INVOICES)
        return BillerPaymentSerializer if biller else PaymentSerializer

    def _read(self, serializer: type[StrictSerializer]) -> Any:
        given = serializer(data=self.request.data)
        given.is_valid(raise_exception=True)
        return given

    def _once(self, given: Any, make: Callable[[], Payment]) -> Response:
        """The answer to one request; to the same one again, the same."""

        def shown() -> Any:
            row = self.get_queryset().get(pk=make().pk)
            return BillerPaymentSerializer(row).data

        asked = {"path": self.request.path, "body": given.validated_data}
        with answered():
            body = once.answer_once(
                user=user_of(self.request),
                client_event_id=idempotency_key(self.request),
                request=asked,
                make=shown,
            )
        return Response(body, status=201)

    @extend_schema(
        parameters=[KEY], request=NewPaymentSerializer, responses={201: BillerPaymentSerializer}
    )
    def create(self, request: Request) -> Response:
        """Record a payment, on `allocations` or on the oldest invoices first."""
        given = self._read(NewPaymentSerializer)
        money, shares, user = given.money(), given.shares(), user_of(request)
        return self._once(given, lambda: payments.record(money, user=user, shares=shares))

    @extend_schema(
        parameters=[KEY], request=SharesSerializer, responses={201: BillerPaymentSerializer}
    )
    @action(detail=True, methods=["post"])
    def allocate(self, request: Request, pk: str) -> Response:
        """Put what is left of a payment on invoices."""
        given = self._read(SharesSerializer)
        shares, user = given.shares(), user_of(request)
        return self._once(given, lambda: payments.allocate(int(pk), user=user, shares=shares))

    @extend_schema(
        parameters=[KEY], request=ReleaseSerializer, responses={201: BillerPaymentSerializer}
    )
    @action(detail=True, methods=["post"])
    def release(self, request: Request, pk: str) -> Response:
        """Take money off an invoice again: it is the debtor's credit."""
        given = self._read(ReleaseSerializer)
        fields, user = given.validated_data, user_of(request)
        where = {"invoice_id": fields["invoice"], "amount_cents": fields.get("amount_cents")}
        return self._once(given, lambda: payments.release(int(pk), user=user, **where))

    @extend_schema(
        parameters=[KEY], request=RefundSerializer, responses={201: BillerPaymentSerializer}
    )
    @action(detail=True, methods=["post"])
    def refund(self, request: Request, pk: str) -> Response:
        """Record money given back: never more than came in. The refund's own row."""
        given = self._read(RefundSerializer)
        fields, user = {**given.validated_data}, user_of(request)
        fields["invoice_id"] = fields.pop("invoice", None)
        fields.setdefault("received_on", company_day(timezone.now()))
        return self._once(given, lambda: payments.refund(int(pk), user=user, **fields))

    @extend_schema(
        parameters=[KEY], request=ReverseSerializer, responses={201: BillerPaymentSerializer}
    )
    @action(detail=True, methods=["post"])
    def reverse(self, request: Request, pk: str) -> Response:
        """The payment never came, e.g. its check bounced: the invoices are owed again."""
        given = self._read(ReverseSerializer)
        fields, user = {**given.validated_data}, user_of(request)
        fields.setdefault("received_on", company_day(timezone.now()))
        return self._once(given, lambda: payments.reverse(int(pk), user=user, **fields))


def idempotency_key(request: Request) -> str:
    """The header's value in the length that is kept; "" where there is none."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > LONGEST_KEY or not key.isprintable():
        raise exceptions.ValidationError(
            {"Idempotency-Key": [f"Up to {LONGEST_KEY} printable characters."]}
        )
    return "payment:" + hashlib.sha256(key.encode()).hexdigest()[:48] if key else ""


class RemittanceOptions(StrictSerializer):
    """`?dry_run=1` only checks."""

    dry_run = serializers.BooleanField(default=False)


class RefusedRemittance(exceptions.APIException):
    """400 with what was found."""

    status_code = 400

    def __init__(self, found: dict[str, Any]) -> None:
        super().__init__("Nothing is recorded: rows are wrong.")
        self.more = {"remittance": found}


class RemittanceView(APIView):
    """A CSV of remittances (docs/PAYMENTS.md): recorded whole, or not at all."""

    parser_classes = [parsers.MultiPartParser, CsvParser]
    permission_classes = [needs(Permission.SEE_INVOICES)]

    @extend_schema(
        parameters=[RemittanceOptions],
        request=CSV_BODY,
        responses={200: OpenApiTypes.OBJECT, 201: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request) -> Response:
        """200 for a dry run, with its errors; 201 recorded; 400 with the errors of the rows."""
        options = RemittanceOptions(data=request.query_params.dict())
        options.is_valid(raise_exception=True)
        dry_run: bool = options.validated_data["dry_run"]
        user = user_of(request)
        try:
            with answered():
                found = remittances.receive(content_of(request), user=user, dry_run=dry_run)
        except BadManifest as bad:
            raise exceptions.ValidationError({"file": [str(bad)]}) from None
        if found.problems and not dry_run:
            raise RefusedRemittance(found.shown())
        return Response(found.shown(), status=200 if dry_run else 201)
