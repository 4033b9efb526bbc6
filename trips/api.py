"""`/api/trips/…` and the lists around it: parse, call, answer."""

from collections.abc import Mapping
from typing import Any

import django_filters
import msgspec
from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import exceptions, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from config.problems import Conflict
from trips import access, queries, services
from trips.lifecycle import Action
from trips.models import Facility, Patient, Payer, Trip
from trips.realtime.projections import trip_for
from users.api import StrictSerializer
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


def trip_json(trip: Trip, user: User) -> dict[str, Any]:
    """A trip as the API answers it to `user`."""
    answer: dict[str, Any] = msgspec.to_builtins(trip_for(trip, user))
    return answer


@extend_schema_serializer(component_name="BookedPlace")
class PlaceSerializer(StrictSerializer):
    address = serializers.CharField(max_length=250)
    latitude = serializers.FloatField(min_value=-90, max_value=90)
    longitude = serializers.FloatField(min_value=-180, max_value=180)


class BookingSerializer(StrictSerializer):
    """A new trip."""

    patient_id = serializers.PrimaryKeyRelatedField(
        source="patient", queryset=Patient.objects.none()
    )
    facility_id = serializers.PrimaryKeyRelatedField(
        source="facility", queryset=Facility.objects.none(), required=False, allow_null=True
    )
    payer_id = serializers.PrimaryKeyRelatedField(
        source="payer",
        queryset=Payer.objects.filter(is_active=True),
        required=False,
        allow_null=True,
    )
    return_of = serializers.PrimaryKeyRelatedField(
        queryset=Trip.objects.none(), required=False, allow_null=True
    )
    mobility = serializers.ChoiceField(choices=Trip.Mobility.choices, default="ambulatory")
    needs = serializers.ListField(
        child=serializers.CharField(max_length=32), max_length=16, default=list
    )
    escorts = serializers.IntegerField(min_value=0, max_value=9, default=0)
    notes = serializers.CharField(max_length=2000, allow_blank=True, default="")
    pickup = PlaceSerializer()
    dropoff = PlaceSerializer()
    scheduled_at = serializers.DateTimeField(required=False, allow_null=True)
    window_minutes = serializers.IntegerField(min_value=0, max_value=240, default=30)
    appointment_at = serializers.DateTimeField(required=False, allow_null=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        user = self.context["request"].user
        if not isinstance(user, User):  # the schema is made for nobody
            return fields
        everything = user.may(Permission.SEE_ALL_TRIPS)
        mine = {
            "patient_id": access.visible_patients(user),
            "facility_id": Facility.objects.all() if everything else user.facilities.all(),
            "return_of": access.visible_trips(user),
        }
        for name, queryset in mine.items():
            fields[name].queryset = queryset  # type: ignore[attr-defined]
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Model fields: the places flattened."""
        for end in ("pickup", "dropoff"):
            attrs |= {f"{end}_{name}": value for name, value in attrs.pop(end).items()}
        user: User = self.context["request"].user
        if not attrs.get("facility") and (ids := access.facility_ids(user)):
            attrs["facility"] = Facility.objects.get(pk=min(ids))
        return attrs


class TapSerializer(StrictSerializer):
    """One tap, as in WIRE §1."""

    action = serializers.ChoiceField(choices=[action.value for action in Action])
    client_event_id = serializers.CharField(max_length=64, required=False)
    occurred_at = serializers.DateTimeField(required=False)
    expected_version = serializers.IntegerField(min_value=0, required=False)
    latitude = serializers.FloatField(min_value=-90, max_value=90, required=False)
    longitude = serializers.FloatField(min_value=-180, max_value=180, required=False)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)
    odometer = serializers.DecimalField(max_digits=9, decimal_places=1, min_value=0, required=False)
    driver_id = serializers.IntegerField(min_value=1, max_value=2**62, required=False)
    vehicle_id = serializers.IntegerField(min_value=1, max_value=2**62, required=False)
    scheduled_at = serializers.DateTimeField(required=False)
    kind = serializers.CharField(max_length=16, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("latitude" in attrs) != ("longitude" in attrs):
            raise serializers.ValidationError("`latitude` and `longitude` come together.")
        return attrs


class StatusIn(django_filters.BaseInFilter, django_filters.ChoiceFilter):  # type: ignore[misc]
    """`?status=a,b`"""


class TripFilter(django_filters.FilterSet):  # type: ignore[misc]
    """`?status=a,b&driver=<id|me>&vehicle=<id>&date=YYYY-MM-DD` (the company's day)."""

    status = StatusIn(choices=Trip.StatusChoice.choices)
    driver = django_filters.CharFilter(method="by_driver")
    vehicle = django_filters.NumberFilter(field_name="vehicle_id")
    date = django_filters.DateFilter(method="on_day")

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

    @extend_schema(responses={200: TRIP_PAGE_SCHEMA})
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([trip_json(trip, self._user) for trip in page or ()])

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(trip_json(self.get_object(), self._user))

    def create(self, request: Request) -> Response:
        if not self._user.may(Permission.BOOK_TRIPS):
            raise exceptions.PermissionDenied
        booking = self.get_serializer(data=request.data)
        booking.is_valid(raise_exception=True)
        trip = services.book_trip(user=self._user, fields=booking.validated_data)
        return Response(trip_json(trip, self._user), status=201)

    @extend_schema(request=TapSerializer)
    @action(detail=True, methods=["post"])
    def status(self, request: Request, pk: str) -> Response:
        """One tap, or a list of at most 100, answered one by one as {status, body}."""
        if not isinstance(request.data, list):
            return Response(self._tap(int(pk), request.data))
        if len(request.data) > settings.MAX_TAPS:
            raise exceptions.ValidationError(f"At most {settings.MAX_TAPS} taps at once.")
        return Response([self._answered(int(pk), item) for item in request.data])

    def _answered(self, trip_id: int, item: object) -> dict[str, Any]:
        try:
            return {"status": 200, "body": self._tap(trip_id, item)}
        except exceptions.APIException as exc:
            response = self.get_exception_handler()(exc, self.get_exception_handler_context())
            if response is None:
                raise
            return {"status": response.status_code, "body": response.data}

    def _tap(self, trip_id: int, item: object) -> dict[str, Any]:
        parsed = TapSerializer(data=item)
        parsed.is_valid(raise_exception=True)
        fields: Mapping[str, Any] = parsed.validated_data
        tap = services.Tap(**{**fields, "action": Action(fields["action"])})
        user = self._user
        try:
            answer: dict[str, Any] = services.answer_tap(
                trip_id=trip_id, user=user, tap=tap, render=lambda trip: trip_json(trip, user)
            )
        except services.TripNotFound:
            raise exceptions.NotFound from None
        except services.Forbidden:
            raise exceptions.PermissionDenied from None
        except services.InvalidTap as exc:
            raise exceptions.ValidationError({exc.field: [str(exc)]}) from None
        except services.ReusedClientEventId:
            raise Unprocessable("This client_event_id came before with another body.") from None
        except services.Refused as exc:
            current = queries.with_related(Trip.objects.filter(pk=trip_id)).get()
            raise Conflict(str(exc), trip=trip_json(current, user)) from None
        return answer


class Unprocessable(exceptions.APIException):
    status_code = 422
