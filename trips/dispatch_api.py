"""Who could take a trip, and automatic assignment of a trip or a day. Dispatchers only."""

import datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.problems import Conflict
from trips.answers import refusals_json
from trips.dispatch import assign
from trips.dispatch.candidates import Candidate, candidates
from trips.lifecycle import OPEN, Status
from trips.list_api import needs
from trips.models import Trip
from trips.realtime.messages import iso_s
from trips.task_api import EARLIEST, LATEST, begin_task
from users.api import StrictSerializer
from users.roles import Permission

#: Vehicles in one answer, unless `?limit=` says otherwise.
SHOWN, MOST_SHOWN = 50, 1_000


class LimitSerializer(StrictSerializer):
    limit = serializers.IntegerField(min_value=1, max_value=MOST_SHOWN, default=SHOWN)


class RefusalSerializer(serializers.Serializer[Any]):
    """Why not."""

    code = serializers.CharField()
    text = serializers.CharField()


class NamedIdSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class CandidateSerializer(serializers.Serializer[Any]):
    """A vehicle for the trip. Lateness in seconds, to this trip and to others on board its plan."""

    vehicle = NamedIdSerializer()
    driver = NamedIdSerializer(allow_null=True)
    distance_m = serializers.IntegerField(allow_null=True)
    eta = serializers.DateTimeField(allow_null=True)
    lateness_s = serializers.IntegerField(allow_null=True)
    others_lateness_s = serializers.IntegerField(allow_null=True)
    free = serializers.DictField(child=serializers.IntegerField(), allow_null=True)
    refusals = RefusalSerializer(many=True)


class CandidatesSerializer(serializers.Serializer[Any]):
    """`count` vehicles, `feasible` of which may take the trip; the best of them."""

    trip_id = serializers.IntegerField()
    count = serializers.IntegerField()
    feasible = serializers.IntegerField()
    results = CandidateSerializer(many=True)


class DryRunSerializer(StrictSerializer):
    """`dry_run`: answer the plan and assign nothing."""

    dry_run = serializers.BooleanField(default=False)


class AutoAssignSerializer(DryRunSerializer):
    """A day of the company's calendar."""

    date = serializers.DateField()

    def validate_date(self, day: datetime.date) -> datetime.date:
        if not EARLIEST <= day <= LATEST:
            raise serializers.ValidationError(f"A day from {EARLIEST} to {LATEST}.")
        return day


def the_trip(pk: int) -> Trip:
    """Dispatchers see every trip; 404 for what is none."""
    trip = Trip.objects.filter(pk=pk).first()
    if trip is None:
        raise exceptions.NotFound
    return trip


class CandidatesView(APIView):
    """`GET /api/trips/{id}/candidates/`: vehicles ranked, with what speaks against each."""

    permission_classes = [needs(Permission.DISPATCH_TRIPS)]

    @extend_schema(
        responses=CandidatesSerializer,
        parameters=[OpenApiParameter("limit", OpenApiTypes.INT, description="Default 50.")],
    )
    def get(self, request: Request, pk: int) -> Response:
        asked = LimitSerializer(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        trip = the_trip(pk)
        if Status(trip.status) not in OPEN:
            raise Conflict(f"The trip has ended: it is {trip.status}.")
        found = candidates(trip)
        shown = found[: asked.validated_data["limit"]]
        feasible = sum(1 for one in found if one.insertion is not None)
        answer = {"trip_id": trip.pk, "count": len(found), "feasible": feasible}
        return Response({**answer, "results": [_json(one) for one in shown]})


def _json(one: Candidate) -> dict[str, Any]:
    crew, at = one.crew, one.insertion
    return {
        "vehicle": {"id": crew.vehicle.id, "name": crew.vehicle.name},
        "driver": {"id": crew.driver.id, "name": crew.driver.name} if crew.driver else None,
        "distance_m": None if one.distance_m is None else round(one.distance_m),
        "eta": iso_s(at.arrival_s) if at and one.distance_m is not None else None,
        "lateness_s": None if one.lateness_s is None else round(one.lateness_s),
        "others_lateness_s": round(at.others_lateness_s) if at else None,
        "free": one.free_places(),
        "refusals": refusals_json(one.refusals),
    }


class AutoAssignTripView(APIView):
    """`POST /api/trips/{id}/auto-assign/` -> `202 {task_id}`: the best crew for one trip."""

    permission_classes = [needs(Permission.DISPATCH_TRIPS)]

    @extend_schema(request=DryRunSerializer, responses={202: OpenApiTypes.OBJECT})
    def post(self, request: Request, pk: int) -> Response:
        asked = DryRunSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        trip = the_trip(pk)
        try:
            assign.check_free(trip)
        except assign.NothingToAssign as why:
            raise Conflict(str(why)) from None
        parameters = {"trip_id": trip.pk, **_fields(asked)}
        return begin_task(request, "trips.tasks.auto_assign_trip", parameters)


class AutoAssignDayView(APIView):
    """`POST /api/dispatch/auto-assign/ {date}` -> `202 {task_id}`: all that waits on a day.

    Trips that a dispatcher pinned, or that were dispatched, stay where they are.
    """

    permission_classes = [needs(Permission.DISPATCH_TRIPS)]

    @extend_schema(request=AutoAssignSerializer, responses={202: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        asked = AutoAssignSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        fields = _fields(asked)
        day: datetime.date = fields.pop("date")
        if Trip.objects.filter(assign.waiting(day)).count() > assign.MOST_TRIPS:
            raise Conflict(f"More than {assign.MOST_TRIPS} trips wait on that day.")
        parameters = {"day": day.isoformat(), **fields}
        return begin_task(request, "trips.tasks.auto_assign_day", parameters)


def _fields(asked: StrictSerializer) -> dict[str, Any]:
    fields: dict[str, Any] = asked.validated_data
    return dict(fields)
