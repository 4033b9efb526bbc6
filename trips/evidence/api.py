"""`/api/trips/{id}/evidence/`: what happened on a trip, where, when, and what proves it."""

from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from trips.evidence.verify import verify
from trips.list_api import needs
from trips.models import Trip, TripEvent, TripMeasurement
from users.models import User
from users.roles import Permission


class EvidenceEventSerializer(serializers.ModelSerializer[TripEvent]):
    """One event. `occurred_at` is the device's clock, `recorded_at` ours."""

    actor_id = serializers.IntegerField(allow_null=True, read_only=True)
    actor_name = serializers.SerializerMethodField()

    class Meta:
        model = TripEvent
        fields = [
            "version",
            "event",
            "status",
            "previous_status",
            "inferred",
            "source",
            "actor_id",
            "actor_name",
            "occurred_at",
            "recorded_at",
            "latitude",
            "longitude",
            "position_source",
            "position_age_s",
            "stop_distance_m",
            "message",
            "hash",
        ]

    def get_actor_name(self, event: TripEvent) -> str | None:
        """For dispatchers; what leaves the house names nobody."""
        return event.actor.display_name if self.context.get("names") and event.actor else None


class MeasurementSerializer(serializers.ModelSerializer[TripMeasurement]):
    """Three mileages side by side, and how well the GPS one is covered."""

    class Meta:
        model = TripMeasurement
        fields = [
            "revision",
            "source",
            "loaded_distance_m",
            "planned_distance_m",
            "odometer_distance_m",
            "variance",
            "unloaded_distance_m",
            "wait_s",
            "fixes",
            "coverage",
            "longest_gap_s",
            "computed_at",
        ]


class GapSerializer(serializers.Serializer[Any]):
    """A time without a believed position between pick-up and drop-off."""

    begins_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class FaultSerializer(serializers.Serializer[Any]):
    """What is wrong at one version of the log."""

    version = serializers.IntegerField()
    fault = serializers.CharField()


class EvidenceSerializer(serializers.Serializer[Any]):
    """All that proves a trip; `chain_faults` is empty where the log is what was written."""

    trip_id = serializers.IntegerField(source="pk")
    version = serializers.IntegerField()
    events = serializers.SerializerMethodField()
    measurement = serializers.SerializerMethodField()
    gaps = serializers.SerializerMethodField()
    chain_faults = serializers.SerializerMethodField()

    @extend_schema_field(EvidenceEventSerializer(many=True))
    def get_events(self, trip: Trip) -> Any:
        events = trip.events.select_related("actor").order_by("version")
        return EvidenceEventSerializer(events, many=True, context=self.context).data

    @extend_schema_field(MeasurementSerializer(allow_null=True))
    def get_measurement(self, trip: Trip) -> Any:
        measured = _measurement(trip)
        return None if measured is None else MeasurementSerializer(measured).data

    @extend_schema_field(GapSerializer(many=True))
    def get_gaps(self, trip: Trip) -> Any:
        measured = _measurement(trip)
        gaps = measured.gaps if measured else []
        rows = [{"begins_at": _time(begin), "ends_at": _time(end)} for begin, end in gaps]
        return GapSerializer(rows, many=True).data

    @extend_schema_field(FaultSerializer(many=True))
    def get_chain_faults(self, trip: Trip) -> Any:
        return FaultSerializer(list(verify(trip.pk)), many=True).data


def _measurement(trip: Trip) -> TripMeasurement | None:
    measured: TripMeasurement | None = getattr(trip, "measurement", None)
    return measured


def _time(unix_s: float) -> datetime:
    return datetime.fromtimestamp(unix_s, UTC)


class EvidenceView(APIView):
    """For those who see every trip: it holds what drivers did, and where."""

    permission_classes = [needs(Permission.SEE_ALL_TRIPS)]

    @extend_schema(responses=EvidenceSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """The events, the measurement with its gaps, and whether the log is intact."""
        trip = Trip.objects.select_related("measurement").filter(pk=pk).first()
        if trip is None:
            raise exceptions.NotFound
        names = isinstance(request.user, User) and request.user.may(Permission.DISPATCH_TRIPS)
        return Response(EvidenceSerializer(trip, context={"names": names}).data)
