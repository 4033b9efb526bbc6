"""`/api/trips/…` and the lists around it: parse, call, answer."""

from typing import Any

import django_filters
from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from config.filters import number
from trips import access, change_api, queries, tap_api
from trips.answers import trip_json
from trips.booking_api import BookingSerializer, book_once
from trips.change_api import ChangeSerializer
from trips.lifecycle import OPEN
from trips.models import Trip, TripEta
from users.models import User
from users.roles import Permission

#: `config.docs` adds the component itself, from `messages.TripWithActions`.
TRIP_SCHEMA = {"$ref": "#/components/schemas/TripWithActions"}
TRIP_PAGE_SCHEMA = {
    "type": "object",
    "properties": {
        "count": {"type": "integer"},
        "next": {"type": ["string", "null"]},
        "previous": {"type": ["string", "null"]},
        "results": {"type": "array", "items": TRIP_SCHEMA},
    },
}


class StatusIn(django_filters.BaseInFilter, django_filters.ChoiceFilter):  # type: ignore[misc]
    """`?status=a,b`, `?risk=a,b`"""


class TripFilter(django_filters.FilterSet):  # type: ignore[misc]
    """`?status=a,b&driver=<id|me>&vehicle=<id>&patient=<id>&date=YYYY-MM-DD` (company's day)."""

    status = StatusIn(choices=Trip.StatusChoice.choices)
    risk = StatusIn(choices=TripEta.Risk.choices, method="at_risk")
    driver = django_filters.CharFilter(method="by_driver")
    vehicle = django_filters.NumberFilter(field_name="vehicle_id")
    patient = number("patient_id")
    date = django_filters.DateFilter(method="on_day")

    def at_risk(self, trips: QuerySet[Trip], name: str, value: list[str]) -> QuerySet[Trip]:
        return trips.filter(eta__risk__in=value, status__in=OPEN) if value else trips

    def by_driver(self, trips: QuerySet[Trip], name: str, value: str) -> QuerySet[Trip]:
        if value == "me":
            return trips.filter(driver__user=self.request.user)
        return trips.filter(driver_id=int(value)) if value.isdecimal() else trips.none()

    def on_day(self, trips: QuerySet[Trip], name: str, value: Any) -> QuerySet[Trip]:
        try:
            begin, end = queries.day_bounds(value)
        except OverflowError:  # the last day of the calendar
            return trips.none()
        return trips.filter(scheduled_at__gte=begin, scheduled_at__lt=end)


@extend_schema(responses={200: TRIP_SCHEMA, 201: TRIP_SCHEMA})
class TripViewSet(viewsets.GenericViewSet[Trip]):
    """Trips that the asker may see; a foreign one is as absent."""

    queryset = Trip.objects.none()
    serializer_class = BookingSerializer  # type: ignore[assignment]  # reads by `trip_json`
    filterset_class = TripFilter
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Trip]:
        visible = access.visible_trips(self._user)
        return queries.with_related(visible).order_by("scheduled_at", "id")

    @property
    def _user(self) -> User:
        if not isinstance(self.request.user, User):
            raise exceptions.NotAuthenticated
        return self.request.user

    def _allow(self, *permissions: Permission) -> None:
        """403 for a role that holds none of them, before anything is looked for."""
        if not any(map(self._user.may, permissions)):
            raise exceptions.PermissionDenied

    @extend_schema(responses={200: TRIP_PAGE_SCHEMA})
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([trip_json(trip, self._user) for trip in page or ()])

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(trip_json(self.get_object(), self._user))

    def create(self, request: Request) -> Response:
        self._allow(Permission.BOOK_TRIPS)
        booking = BookingSerializer(data=request.data, context=self.get_serializer_context())
        booking.is_valid(raise_exception=True)
        return Response(book_once(self._user, request.data, booking), status=201)

    @extend_schema(request=ChangeSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what was agreed: a dispatcher what is still ahead, who ordered it the details."""
        self._allow(Permission.BOOK_TRIPS)
        trip = change_api.change(int(pk), self._user, request.data)
        return Response(trip_json(trip, self._user))

    @extend_schema(request=tap_api.TapSerializer)
    @action(detail=True, methods=["post"])
    def status(self, request: Request, pk: str) -> Response:
        """One tap, or a list of at most 100, answered one by one as {status, body}."""
        self._allow(Permission.BOOK_TRIPS, Permission.DRIVE)
        if not isinstance(request.data, list):
            return Response(tap_api.tap(int(pk), self._user, request.data))
        if len(request.data) > settings.MAX_TAPS:
            raise exceptions.ValidationError(f"At most {settings.MAX_TAPS} taps at once.")
        return Response(tap_api.taps(int(pk), self._user, request.data, self._problem))

    def _problem(self, exc: exceptions.APIException) -> Response:
        handler = self.get_exception_handler()
        response: Response | None = handler(exc, self.get_exception_handler_context())
        if response is None:
            raise exc
        return response
