"""`/api/tasks/…`: long jobs, each visible to who asked for it; and those that begin one."""

import gzip
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.problems import Conflict
from trips import task_runs
from trips.exports import MOST_TRIPS, exported_trips
from trips.models import TaskRun, Trip
from trips.realtime.projections import audience_of
from users.api import StrictSerializer
from users.models import User

MOST_DAYS = 366
EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)


class TaskRunSerializer(serializers.ModelSerializer[TaskRun]):
    """State, progress, and in the end a result or an error."""

    ready = serializers.SerializerMethodField()
    percent = serializers.SerializerMethodField()
    result = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()

    class Meta:
        model = TaskRun
        fields = [
            "id",
            "task",
            "state",
            "ready",
            "current",
            "total",
            "percent",
            "result",
            "error",
            "created_at",
            "finished_at",
        ]

    def get_ready(self, run: TaskRun) -> bool:
        return run.state not in TaskRun.UNDER_WAY

    def get_percent(self, run: TaskRun) -> int:
        if run.state == TaskRun.State.SUCCESS:
            return 100
        return 100 * run.current // run.total if run.total else 0

    def get_result(self, run: TaskRun) -> dict[str, Any] | None:
        return run.result if run.state == TaskRun.State.SUCCESS else None

    def get_error(self, run: TaskRun) -> str | None:
        return run.error or None


class TaskViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Any]):
    """One's own jobs; another's is as absent."""

    queryset = TaskRun.objects.none()
    serializer_class = TaskRunSerializer
    lookup_value_regex = "[0-9a-f-]{36}"

    def get_queryset(self) -> QuerySet[TaskRun]:
        mine = TaskRun.objects.filter(owner_id=self.request.user.pk)
        return mine.defer("content").order_by("-created_at")

    @extend_schema(responses={200: TaskRunSerializer})
    def destroy(self, request: Request, pk: str) -> Response:
        """Cancel. 409 where the job has ended otherwise."""
        run = self.get_object()
        if not task_runs.cancel(run) and run.state != TaskRun.State.REVOKED:
            raise Conflict("The task has ended.")
        return Response(self.get_serializer(self.get_queryset().get(pk=run.pk)).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """The same as DELETE."""
        return self.destroy(request, pk)

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    @action(detail=True)
    def file(self, request: Request, pk: str) -> HttpResponse:
        """The file that the job made, as long as the reader's role is the one it was made for."""
        run = self.get_object()
        if not isinstance(request.user, User) or run.content is None:
            raise exceptions.NotFound
        if run.result.get("audience") != audience_of(request.user).value:
            raise exceptions.NotFound
        answer = HttpResponse(gzip.decompress(run.content), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="trips-{run.pk}.csv"'
        answer["Cache-Control"] = "no-store"
        return answer


def begin_task(
    request: Request, task: str, parameters: dict[str, Any], content: bytes | None = None
) -> Response:
    """Begin a long job of the asker's: `202 {task_id}`, or 429 where too many are under way."""
    if not isinstance(request.user, User):
        raise exceptions.NotAuthenticated
    try:
        run = task_runs.begin(owner=request.user, task=task, parameters=parameters, content=content)
    except task_runs.TooMany:
        raise exceptions.Throttled(10, "Too many tasks are under way.") from None
    return Response({"task_id": str(run.pk)}, status=202)


class ExportSerializer(StrictSerializer):
    """Days of the company's calendar, both included; the rest narrows, each on its own."""

    first_day = serializers.DateField()
    last_day = serializers.DateField()
    status = serializers.ListField(
        child=serializers.ChoiceField(Trip.StatusChoice.choices), max_length=20, required=False
    )
    driver_id = serializers.IntegerField(min_value=1, max_value=2**62, required=False)
    vehicle_id = serializers.IntegerField(min_value=1, max_value=2**62, required=False)
    patient_id = serializers.IntegerField(min_value=1, max_value=2**62, required=False)
    facility_id = serializers.IntegerField(min_value=1, max_value=2**62, required=False)
    payer_id = serializers.IntegerField(min_value=1, max_value=2**62, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["first_day"] < EARLIEST or attrs["last_day"] > LATEST:
            raise serializers.ValidationError(f"Days from {EARLIEST} to {LATEST}.")
        length = attrs["last_day"] - attrs["first_day"]
        if not timedelta() <= length < timedelta(days=MOST_DAYS):
            raise serializers.ValidationError(f"The period has 1 to {MOST_DAYS} days.")
        return attrs


class ExportView(APIView):
    """`POST {first_day, last_day, …}` -> `202 {task_id}`: a period's trips as CSV."""

    @extend_schema(request=ExportSerializer, responses={202: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        period = ExportSerializer(data=request.data)
        period.is_valid(raise_exception=True)
        if not isinstance(request.user, User):
            raise exceptions.NotAuthenticated
        wanted: dict[str, Any] = period.validated_data
        if exported_trips(request.user, **wanted).count() > MOST_TRIPS:
            raise exceptions.ValidationError(f"More than {MOST_TRIPS} trips: ask for fewer days.")
        days = {name: wanted[name].isoformat() for name in ("first_day", "last_day")}
        parameters = {**wanted, **days}
        return begin_task(request, "trips.tasks.export_trips", parameters)
