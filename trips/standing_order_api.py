"""`/api/standing-orders/…`: agreements on trips that come again and again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from config.filters import Filters
from config.problems import Conflict
from trips import access
from trips.models import StandingOrder
from trips.standing_order_json import (
    OrderEventSerializer,
    OrderOutcomeSerializer,
    OrderPreviewSerializer,
    OrderView,
    draft,
    outcome_json,
    preview_json,
)
from trips.standing_order_serializers import (
    OrderChangeSerializer,
    OrderCountSerializer,
    OrderDaySerializer,
    OrderFromSerializer,
    OrderPauseSerializer,
    OrderSerializer,
    OrderSkipSerializer,
    OrderVersionSerializer,
)
from trips.standing_orders import services
from trips.standing_orders.plans import Reach, State, in_state
from users.models import User
from users.roles import Permission

Fields = dict[str, Any]
MOST_SHOWN = 200


class MayKnowOrders(BasePermission):
    """403 for drivers: an order names a patient for every day to come."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        wanted = (Permission.SEE_ALL_TRIPS, Permission.BOOK_TRIPS)
        return isinstance(user, User) and any(map(user.may, wanted))


class OrderFilter(Filters):
    """`?patient=<id>&facility=<id>&state=requested|active|paused|ended`"""

    state = django_filters.ChoiceFilter(
        choices=[(state.value, state.value) for state in State], method="by_state"
    )

    class Meta:
        model = StandingOrder
        fields = ["patient", "facility"]

    def by_state(
        self, orders: QuerySet[StandingOrder], name: str, value: str
    ) -> QuerySet[StandingOrder]:
        return in_state(orders, State(value), Reach.of(timezone.now()).today)


@contextmanager
def _answered() -> Iterator[None]:
    """What the services raise, as problems."""
    try:
        yield
    except services.OrderNotFound:
        raise exceptions.NotFound from None
    except services.Forbidden:
        raise exceptions.PermissionDenied from None
    except services.InvalidOrder as exc:
        raise exceptions.ValidationError({exc.field: [str(exc)]}) from None
    except services.Refused as exc:
        raise Conflict(str(exc), order=OrderView(exc.order).data) from None


class StandingOrderViewSet(viewsets.GenericViewSet[StandingOrder]):
    """Standing orders that the asker may see.

    Nothing is overwritten or deleted: `change` holds from a day on, and `end` ends.
    """

    queryset = StandingOrder.objects.none()
    serializer_class = OrderView
    filterset_class = OrderFilter
    permission_classes = [MayKnowOrders]
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[StandingOrder]:
        orders = access.visible_standing_orders(self._user).order_by("pk")
        related = orders.select_related("patient", "facility", "payer")
        return related.prefetch_related("skips", "pauses")

    @property
    def _user(self) -> User:
        if not isinstance(self.request.user, User):
            raise exceptions.NotAuthenticated
        return self.request.user

    def _read(self, serializer: type[BaseSerializer[Any]], *, partial: bool = False) -> Fields:
        context = self.get_serializer_context()
        parsed = serializer(data=self.request.data, context=context, partial=partial)
        parsed.is_valid(raise_exception=True)
        fields: Fields = parsed.validated_data
        return fields

    def _changed(
        self, change: Callable[..., services.Outcome], pk: str, takes: type[BaseSerializer[Any]]
    ) -> Response:
        """The answer to one of the services, with the fields that `takes` reads."""
        with _answered():
            services.may_order(self._user, dispatcher=change in services.FOR_DISPATCHERS)
            fields = self._read(takes, partial=takes is OrderChangeSerializer)
            outcome = change(user=self._user, order_id=int(pk), **fields)
        return Response(outcome_json(outcome))

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=OrderSerializer, responses={201: OrderOutcomeSerializer})
    def create(self, request: Request) -> Response:
        """A facility's order is `requested` until a dispatcher approves it."""
        with _answered():
            services.may_order(self._user)
            outcome = services.create(user=self._user, fields=self._read(OrderSerializer))
        return Response(outcome_json(outcome), status=201)

    @extend_schema(request=OrderVersionSerializer, responses=OrderOutcomeSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """A dispatcher agrees to a requested order: its trips are made."""
        return self._changed(services.approve, pk, OrderVersionSerializer)

    @extend_schema(request=OrderChangeSerializer(partial=True), responses=OrderOutcomeSerializer)
    @action(detail=True, methods=["post"])
    def change(self, request: Request, pk: str) -> Response:
        """This and following: from `from` (else today) on it is as the other fields say.

        The answer is the order that holds from then on. `trips.left` are trips that somebody has
        touched: they stay as they are.
        """
        return self._changed(services.change, pk, OrderChangeSerializer)

    @extend_schema(request=OrderPauseSerializer, responses=OrderOutcomeSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """No trips from `from` (else today) to `to`, included (else until resumed)."""
        return self._changed(services.pause, pk, OrderPauseSerializer)

    @extend_schema(request=OrderFromSerializer, responses=OrderOutcomeSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """End each pause that covers `from` (else today) the day before."""
        return self._changed(services.resume, pk, OrderFromSerializer)

    @extend_schema(request=OrderSkipSerializer, responses=OrderOutcomeSerializer)
    @action(detail=True, methods=["post"])
    def skip(self, request: Request, pk: str) -> Response:
        """Leave out one day."""
        return self._changed(services.skip, pk, OrderSkipSerializer)

    @extend_schema(request=OrderDaySerializer, responses=OrderOutcomeSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Drive after all on a day that was left out."""
        return self._changed(services.restore, pk, OrderDaySerializer)

    @extend_schema(request=OrderFromSerializer, responses=OrderOutcomeSerializer)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """No trips from `from` (else today) on; also how a request is turned down."""
        return self._changed(services.end, pk, OrderFromSerializer)

    @extend_schema(parameters=[OrderCountSerializer], responses=OrderPreviewSerializer)
    @action(detail=True)
    def preview(self, request: Request, pk: str) -> Response:
        """The order in words, and its next `?count=` days (10, at most 60)."""
        return Response(preview_json(self.get_object(), self._count()))

    @extend_schema(
        request=OrderSerializer, parameters=[OrderCountSerializer], responses=OrderPreviewSerializer
    )
    @action(detail=False, methods=["post"], url_path="preview", url_name="draft")
    def draft(self, request: Request) -> Response:
        """The same for an order that nobody has made yet."""
        with _answered():
            services.may_order(self._user)
            order = draft(self._read(OrderSerializer))
        return Response(preview_json(order, self._count()))

    def _count(self) -> int:
        asked = OrderCountSerializer(data=self.request.query_params.dict())
        asked.is_valid(raise_exception=True)
        return int(asked.validated_data["count"])

    @extend_schema(responses=OrderEventSerializer(many=True))
    @action(detail=True, filterset_class=None, pagination_class=None)
    def history(self, request: Request, pk: str) -> Response:
        """Who changed what, newest first; the last 200."""
        events = self.get_object().events.select_related("actor").order_by("-version")
        return Response(OrderEventSerializer(events[:MOST_SHOWN], many=True).data)
