"""`/api/shifts/…`: a driver's own, and a dispatcher's view of everybody's."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import exceptions, serializers
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.filters import Filters
from config.problems import Conflict, Unprocessable
from trips import once, queries, shifts
from trips.list_api import ListViewSet
from trips.models import Driver, Shift, ShiftBreak
from trips.taps import ReusedClientEventId
from users.api import StrictSerializer
from users.models import User
from users.roles import Permission

#: A phone without coverage tells later that a shift began or ended, but not days later.
OLDEST = timedelta(hours=24)
#: A plan reaches so far.
FARTHEST = timedelta(days=366)
#: Days that one list reaches over.
MOST_DAYS = 31


class BreakSerializer(serializers.ModelSerializer[ShiftBreak]):
    class Meta:
        model = ShiftBreak
        fields = ["starts_at", "ends_at"]


class ShiftSerializer(serializers.ModelSerializer[Shift]):
    """A shift; `state` is planned, on_duty, on_break or ended. Odometers in miles."""

    state = serializers.SerializerMethodField()
    driver_name = serializers.CharField(source="driver.user.display_name")
    vehicle_name = serializers.CharField(source="vehicle.name")
    odometer_start = serializers.DecimalField(9, 1, source="odometer_start_mi", allow_null=True)
    odometer_end = serializers.DecimalField(9, 1, source="odometer_end_mi", allow_null=True)
    breaks = BreakSerializer(many=True)

    class Meta:
        model = Shift
        fields = [
            "id",
            "state",
            "driver",
            "driver_name",
            "vehicle",
            "vehicle_name",
            "starts_at",
            "ends_at",
            "planned_ends_at",
            "odometer_start",
            "odometer_end",
            "reason",
            "breaks",
        ]

    @extend_schema_field({"type": "string", "enum": ["planned", "on_duty", "on_break", "ended"]})
    def get_state(self, shift: Any) -> str:
        if shift.planned:
            return "planned"
        if shift.ends_at is not None and shift.ends_at <= timezone.now():
            return "ended"
        return "on_break" if any(not one.ends_at for one in shift.breaks.all()) else "on_duty"


def _not_ahead(at: datetime | None) -> datetime:
    """`at`, or now: a clock that is a little fast must not put anybody on duty later."""
    now = timezone.now()
    if at is not None and at < now - OLDEST:
        raise serializers.ValidationError("That is more than 24 hours ago.")
    return min(at or now, now)


class MomentSerializer(StrictSerializer):
    """What every change of a shift may carry."""

    client_event_id = serializers.CharField(max_length=64, required=False)
    reason = serializers.CharField(max_length=250, required=False, allow_blank=True)


class PauseSerializer(MomentSerializer):
    """The beginning or the end of a break."""

    occurred_at = serializers.DateTimeField(required=False)


class EndSerializer(MomentSerializer):
    """The end of a shift; a dispatcher says why."""

    ended_at = serializers.DateTimeField(required=False)
    odometer = serializers.DecimalField(9, 1, min_value=0, required=False, allow_null=True)


class BeginSerializer(MomentSerializer):
    """The beginning of a shift now, or (`starts_at`, `ends_at`; dispatch only) a plan."""

    vehicle_id = serializers.IntegerField(min_value=1, max_value=2**62)
    driver_id = serializers.IntegerField(min_value=1, max_value=2**62, required=False)
    odometer = serializers.DecimalField(9, 1, min_value=0, required=False, allow_null=True)
    started_at = serializers.DateTimeField(required=False)
    handover = serializers.BooleanField(default=False)
    starts_at = serializers.DateTimeField(required=False)
    ends_at = serializers.DateTimeField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("starts_at" in attrs) != ("ends_at" in attrs):
            raise serializers.ValidationError("`starts_at` and `ends_at` come together.")
        if "starts_at" in attrs:
            self._check_plan(attrs["starts_at"], attrs["ends_at"])
        return attrs

    def _check_plan(self, starts_at: datetime, ends_at: datetime) -> None:
        now = timezone.now()
        if not now < starts_at < now + FARTHEST:
            raise serializers.ValidationError({"starts_at": "A plan is for the year to come."})
        if not timedelta() < ends_at - starts_at <= shifts.LONGEST:
            raise serializers.ValidationError({"ends_at": "A shift has at most 24 hours."})


class ShiftFilter(Filters):
    """`?driver=<id>&vehicle=<id>&date=YYYY-MM-DD&days=7&open=true&planned=false`"""

    open = django_filters.BooleanFilter(field_name="ends_at", lookup_expr="isnull")
    date = django_filters.DateFilter(method="on_days")
    days = django_filters.NumberFilter(
        min_value=1, max_value=MOST_DAYS, decimal_places=0, method="unchanged"
    )

    class Meta:
        model = Shift
        fields = ["driver", "vehicle", "planned"]

    def unchanged(self, found: QuerySet[Shift], name: str, value: Any) -> QuerySet[Shift]:
        return found

    def on_days(self, found: QuerySet[Shift], name: str, value: Any) -> QuerySet[Shift]:
        """Those that touch a day, or so many `days`, of the company's calendar."""
        more = timedelta(days=int(self.form.cleaned_data.get("days") or 1) - 1)
        try:
            begin, end = queries.day_bounds(value)[0], queries.day_bounds(value + more)[1]
        except OverflowError:
            return found.none()
        return found.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=begin), starts_at__lt=end)


class DrivesOrDispatches(BasePermission):
    """403 for everybody else."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        user = request.user
        return isinstance(user, User) and (
            user.may(Permission.DRIVE) or user.may(Permission.DISPATCH_TRIPS)
        )


@extend_schema(responses=ShiftSerializer)
class ShiftViewSet(ListViewSet):
    """Shifts, newest first: a driver's own, or everybody's for dispatch."""

    queryset = Shift.objects.none()
    serializer_class = ShiftSerializer
    filterset_class = ShiftFilter
    permission_classes = [DrivesOrDispatches]

    def get_queryset(self) -> QuerySet[Shift]:
        user = self._user
        found = Shift.objects.select_related("driver__user", "vehicle").prefetch_related("breaks")
        if not user.may(Permission.DISPATCH_TRIPS):
            found = found.filter(driver__user=user)
        return found.order_by("-starts_at", "-pk")

    @property
    def _user(self) -> User:
        if not isinstance(self.request.user, User):
            raise exceptions.NotAuthenticated
        return self.request.user

    @property
    def _dispatches(self) -> bool:
        return self._user.may(Permission.DISPATCH_TRIPS)

    @extend_schema(request=BeginSerializer, responses={201: ShiftSerializer})
    def create(self, request: Request) -> Response:
        """Begin a shift, or plan one. 409 says why not; the same again gets the same answer."""
        fields = self._fields(BeginSerializer)
        driver_id = self._driver_id(fields)
        if "starts_at" in fields:
            if not self._dispatches:
                raise exceptions.PermissionDenied
            return Response(self._answer(fields, lambda: self._plan(driver_id, fields)), 201)
        self._demand_reason(fields)
        begin = shifts.Begin(
            driver_id=driver_id,
            vehicle_id=fields["vehicle_id"],
            at=_not_ahead(fields.get("started_at")),
            odometer_mi=fields.get("odometer"),
            handover=fields["handover"],
            reason=fields.get("reason", ""),
        )
        make = lambda: shifts.begin_shift(user=self._user, begin=begin)  # noqa: E731
        return Response(self._answer(fields, make), 201)

    def _plan(self, driver_id: int, fields: dict[str, Any]) -> Shift:
        names = ("vehicle_id", "starts_at", "ends_at")
        plan = {name: fields[name] for name in names}
        return shifts.plan_shift(driver_id=driver_id, reason=fields.get("reason", ""), **plan)

    def _driver_id(self, fields: dict[str, Any]) -> int:
        own = Driver.objects.filter(user=self._user).values_list("pk", flat=True).first()
        asked: int | None = fields.get("driver_id")
        if self._dispatches:
            if asked is None:
                raise exceptions.ValidationError({"driver_id": ["This field is required."]})
            return asked
        if own is None or (asked is not None and asked != own):
            raise exceptions.ValidationError({"driver_id": ["There is no such driver."]})
        return own

    def _demand_reason(self, fields: dict[str, Any]) -> None:
        if self._dispatches and not fields.get("reason"):
            raise exceptions.ValidationError({"reason": ["Say why you do it for the driver."]})

    def destroy(self, request: Request, pk: str) -> Response:
        """Drop a plan (dispatch); 409 once the shift has begun."""
        if not self._dispatches:
            raise exceptions.PermissionDenied
        try:
            shifts.drop_plan(shift=self.get_object())
        except shifts.ShiftConflict as exc:
            raise Conflict(str(exc)) from None
        return Response(status=204)

    @extend_schema(request=EndSerializer)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """End a shift; 409 while a trip is under way."""
        shift, fields = self.get_object(), self._fields(EndSerializer)
        self._demand_reason(fields)
        ended = {
            "at": _not_ahead(fields.get("ended_at")),
            "odometer_mi": fields.get("odometer"),
            "reason": fields.get("reason", ""),
        }
        make = lambda: shifts.end_shift(user=self._user, shift=shift, **ended)  # noqa: E731
        return Response(self._answer({**fields, "end": shift.pk}, make))

    @extend_schema(request=PauseSerializer)
    @action(detail=True, methods=["post"], url_path="break")
    def pause(self, request: Request, pk: str) -> Response:
        """Begin a break; 409 while a trip is under way."""
        return self._pause("break", shifts.begin_break)

    @extend_schema(request=PauseSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """End the break."""
        return self._pause("resume", shifts.end_break)

    def _pause(self, name: str, change: Callable[..., Shift]) -> Response:
        shift, fields = self.get_object(), self._fields(PauseSerializer)
        at = _not_ahead(fields.get("occurred_at"))
        body = self._answer({**fields, name: shift.pk}, lambda: change(shift=shift, at=at))
        return Response(body)

    def _fields(self, kind: type[MomentSerializer]) -> dict[str, Any]:
        given = kind(data=self.request.data)
        given.is_valid(raise_exception=True)
        fields: dict[str, Any] = given.validated_data
        return fields

    def _answer(self, fields: dict[str, Any], make: Callable[[], Shift]) -> Any:
        def rendered() -> Any:
            return self.get_serializer(self.get_queryset().get(pk=make().pk)).data

        try:
            return once.answer_once(
                user=self._user,
                client_event_id=fields.get("client_event_id", ""),
                request=fields,
                make=rendered,
            )
        except shifts.ShiftConflict as exc:
            raise Conflict(str(exc)) from None
        except shifts.InvalidShift as exc:
            raise exceptions.ValidationError({exc.field: [str(exc)]}) from None
        except ReusedClientEventId:
            raise Unprocessable("This client_event_id came before with another body.") from None
