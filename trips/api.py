"""`/api/trips/…` and the lists around it: parse, call, answer."""

from typing import Any

import django_filters
from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from trips import access, change_api, queries, services, tap_api
from trips.answers import check_times, trip_json
from trips.change_api import ChangeSerializer, PlaceSerializer
from trips.lifecycle import OPEN, Status
from trips.models import Facility, Patient, Payer, Trip, TripEta
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
    wait_and_return = serializers.BooleanField(default=False)
    will_call = serializers.BooleanField(
        default=False, help_text="Park a return leg without a time. Dispatchers only."
    )

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
        if attrs.pop("will_call"):
            attrs["status"] = self._parked(attrs, user)
        check_times(attrs.get("scheduled_at"), attrs.get("appointment_at"))
        return attrs

    def _parked(self, attrs: dict[str, Any], user: User) -> str:
        if not access.is_dispatcher(user):
            raise exceptions.PermissionDenied
        if attrs.get("return_of") is None:
            raise serializers.ValidationError({"return_of": ["A will-call is a return leg."]})
        if attrs.get("scheduled_at") is not None:
            raise serializers.ValidationError({"scheduled_at": ["A will-call has no time yet."]})
        return Status.WILL_CALL.value


class StatusIn(django_filters.BaseInFilter, django_filters.ChoiceFilter):  # type: ignore[misc]
    """`?status=a,b`, `?risk=a,b`"""


class TripFilter(django_filters.FilterSet):  # type: ignore[misc]
    """`?status=a,b&driver=<id|me>&vehicle=<id>&date=YYYY-MM-DD` (the company's day)."""

    status = StatusIn(choices=Trip.StatusChoice.choices)
    risk = StatusIn(choices=TripEta.Risk.choices, method="at_risk")
    driver = django_filters.CharFilter(method="by_driver")
    vehicle = django_filters.NumberFilter(field_name="vehicle_id")
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
        booking = self.get_serializer(data=request.data)
        booking.is_valid(raise_exception=True)
        trip = services.book_trip(user=self._user, fields=booking.validated_data)
        return Response(trip_json(trip, self._user), status=201)

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
