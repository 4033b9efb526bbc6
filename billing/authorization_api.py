"""`/api/authorizations/`: what payers authorised, and what is left of it. For billers."""

from typing import Any

import django_filters
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from billing.authorizations import balance_of
from billing.claim_serializers import (
    AuthorizationChangeSerializer,
    AuthorizationSerializer,
    BalanceSerializer,
)
from billing.models import Authorization
from config.problems import Conflict
from trips.list_api import needs
from users.roles import Permission


class AuthorizationFilter(django_filters.FilterSet):  # type: ignore[misc]
    """`?patient=&payer=&number=&on=<day that it covers>`"""

    on = django_filters.DateFilter(method="covering")

    class Meta:
        model = Authorization
        fields = ["patient", "payer", "number"]

    def covering(
        self, authorizations: QuerySet[Authorization], name: str, value: Any
    ) -> QuerySet[Authorization]:
        return authorizations.filter(valid_from__lte=value, valid_to__gte=value)


class AuthorizationViewSet(
    mixins.ListModelMixin,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    viewsets.GenericViewSet[Any],
):
    """A number is a payer's own, and never changes its patient."""

    queryset = Authorization.objects.order_by("-valid_to", "-pk")
    permission_classes = [needs(Permission.SEE_INVOICES)]
    filterset_class = AuthorizationFilter
    lookup_value_regex = r"\d{1,18}"
    http_method_names = ["get", "post", "patch", "head", "options"]

    def get_serializer_class(self) -> Any:
        changes = self.action == "partial_update"
        return AuthorizationChangeSerializer if changes else AuthorizationSerializer

    def perform_create(self, serializer: Any) -> None:
        try:
            with transaction.atomic():
                serializer.save(created_by=self.request.user)
        except IntegrityError:
            raise Conflict("The payer has an authorization with this number.") from None

    @extend_schema(responses=BalanceSerializer)
    @action(detail=True, pagination_class=None, filterset_class=None)
    def balance(self, request: Request, pk: str) -> Response:
        """What is used, booked and left, and the trips that it does not cover."""
        authorization = self.get_object()
        context = {"unit": authorization.unit}
        return Response(BalanceSerializer(balance_of(authorization), context=context).data)
