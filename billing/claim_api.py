"""`/api/claims/…`: checking a payer's trips, mending them, and batches. For billers."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django_filters
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import exceptions, mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from billing import claims, findings
from billing.claim_serializers import (
    SUMMARY,
    AnswersSerializer,
    AskedFindingsSerializer,
    AskedSummarySerializer,
    ClaimBatchSerializer,
    ClaimFindingSerializer,
    ClaimPeriodSerializer,
    ClaimSerializer,
    LeaveOutSerializer,
    MendSerializer,
    SubmitSerializer,
    WaiverSerializer,
    answers_of,
)
from billing.claim_states import ClaimState
from billing.models import Claim, ClaimBatch, ClaimFinding
from config.problems import Conflict
from trips.answers import problems
from trips.list_api import needs
from trips.task_api import begin_task
from users.models import User
from users.roles import Permission

MANAGES = [needs(Permission.SEE_INVOICES)]
TASK = inline_serializer("ClaimTask", {"task_id": serializers.UUIDField()})
Fields = dict[str, Any]


@contextmanager
def _answered() -> Iterator[None]:
    """What the services raise, as problems."""
    try:
        yield
    except (ClaimBatch.DoesNotExist, ClaimFinding.DoesNotExist):
        raise exceptions.NotFound from None
    except claims.NoSuchClaim:
        raise exceptions.ValidationError("The batch has no such claim.") from None
    except (claims.WrongState, findings.NotWaivable) as exc:
        raise Conflict(str(exc)) from None
    except claims.NothingToClaim:
        raise Conflict("No trip of these days is free to be claimed.") from None


def _read(serializer: type[BaseSerializer[Any]], data: object) -> Fields:
    parsed = serializer(data=data)
    parsed.is_valid(raise_exception=True)
    fields: Fields = parsed.validated_data
    return fields


def _user(request: Request) -> User:
    if not isinstance(request.user, User):
        raise exceptions.NotAuthenticated
    return request.user


class ClaimCheckView(APIView):
    permission_classes = MANAGES

    @extend_schema(request=ClaimPeriodSerializer, responses={202: TASK})
    def post(self, request: Request) -> Response:
        """Look at all of a payer's completed trips of these days; the findings are kept."""
        asked = _read(ClaimPeriodSerializer, request.data)
        days = {name: asked[name].isoformat() for name in ("first_day", "last_day")}
        return begin_task(
            request, "billing.tasks.check_claims", {"payer": asked["payer"].pk, **days}
        )


class ClaimFindingViewSet(viewsets.GenericViewSet[ClaimFinding]):
    """What is wrong with trips now, as far as they were checked."""

    queryset = ClaimFinding.objects.none()
    serializer_class = ClaimFindingSerializer
    permission_classes = MANAGES
    filter_backends: list[Any] = []
    lookup_value_regex = r"\d{1,18}"

    @extend_schema(
        parameters=[AskedFindingsSerializer], responses=ClaimFindingSerializer(many=True)
    )
    def list(self, request: Request) -> Response:
        """A page of findings, the oldest trip's first."""
        asked = _read(AskedFindingsSerializer, request.query_params)
        found = findings.in_period(asked["payer"].pk, asked["from"], asked["to"])
        narrowed: Fields = {n: asked[n] for n in ("severity", "code", "trip") if n in asked}
        if asked["state"] != "all":
            narrowed["waived_at__isnull"] = asked["state"] == "open"
        rows = found.filter(**narrowed).select_related("trip").order_by("trip_id", "pk")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(parameters=[AskedSummarySerializer], responses=SUMMARY)
    @action(detail=False, pagination_class=None)
    def summary(self, request: Request) -> Response:
        """How many trips there are, how many are blocked, and by which rules."""
        asked = _read(AskedSummarySerializer, request.query_params)
        return Response(findings.summary(asked["payer"].pk, asked["from"], asked["to"]))

    @extend_schema(request=WaiverSerializer, responses=ClaimFindingSerializer)
    @action(detail=True, methods=["post"])
    def waive(self, request: Request, pk: str) -> Response:
        """Claim the trip all the same; the reason is kept. 409 where that is not possible."""
        reason = _read(WaiverSerializer, request.data)["reason"]
        with _answered():
            found = findings.waive(finding_id=int(pk), user=_user(request), reason=reason)
        return Response(self.get_serializer(found).data)

    @extend_schema(request=None, responses=ClaimFindingSerializer)
    @action(detail=True, methods=["post"])
    def unwaive(self, request: Request, pk: str) -> Response:
        """Take a waiver back: the finding stands again under a number of its own."""
        with _answered():
            found = findings.take_back_waiver(finding_id=int(pk))
        return Response(self.get_serializer(found).data)


class ClaimTripView(APIView):
    permission_classes = MANAGES

    @extend_schema(request=MendSerializer, responses=ClaimFindingSerializer(many=True))
    def patch(self, request: Request, pk: int) -> Response:
        """Complete what the payer asks for; what is still wrong with the trip."""
        fields, user = _read(MendSerializer, request.data), _user(request)
        version = fields.pop("expected_version")
        with problems(pk, user):
            findings.mend(trip_id=pk, user=user, expected_version=version, fields=fields)
        left = ClaimFinding.objects.filter(findings.PRESENT, trip=pk).select_related("trip")
        return Response(ClaimFindingSerializer(left.order_by("pk"), many=True).data)


class ClaimFilter(django_filters.FilterSet):  # type: ignore[misc]
    """`?batch=&trip=&state=`"""

    class Meta:
        model = Claim
        fields = ["batch", "trip", "state"]


class ClaimViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Any]):
    """Claims and what the payer says to them."""

    queryset = Claim.objects.defer("content", "lines").order_by("pk")
    serializer_class = ClaimSerializer
    permission_classes = MANAGES
    filterset_class = ClaimFilter
    lookup_value_regex = r"\d{1,18}"


class ClaimBatchViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Any]
):
    """draft -> ready -> submitted -> accepted, partly_rejected or rejected -> paid"""

    queryset = ClaimBatch.objects.none()
    serializer_class = ClaimBatchSerializer
    permission_classes = MANAGES
    filterset_fields = ["payer", "state"]
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Any]:
        counted = ClaimBatch.objects.defer("file").annotate(
            claim_count=Count("claims"),
            pending_count=Count("claims", filter=Q(claims__state=ClaimState.PENDING)),
            rejected_count=Count("claims", filter=Q(claims__state=ClaimState.REJECTED)),
            amount_cents=Sum("claims__amount_cents", default=0),
            paid_cents=Sum("claims__paid_cents", default=0),
        )
        return counted.order_by("-pk")

    def _shown(self, pk: int, status: int = 200) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=pk)).data, status)

    @extend_schema(request=ClaimPeriodSerializer, responses={201: ClaimBatchSerializer})
    def create(self, request: Request) -> Response:
        """Draft a batch of the trips that are free and not blocked; 409 where there is none."""
        asked = _read(ClaimPeriodSerializer, request.data)
        payer = asked.pop("payer")
        with _answered():
            batch = claims.draft(payer_id=payer.pk, user=_user(request), **asked)
        return self._shown(batch.pk, 201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Throw a draft away; 409 for anything else."""
        with _answered():
            claims.discard(int(pk))
        return Response(status=204)

    @extend_schema(request=LeaveOutSerializer, responses=ClaimBatchSerializer)
    @action(detail=True, methods=["post"], url_path="leave-out")
    def leave_out(self, request: Request, pk: str) -> Response:
        """Take one trip out of a draft."""
        trip_id = _read(LeaveOutSerializer, request.data)["trip"]
        with _answered():
            claims.leave_out(int(pk), trip_id)
        return self._shown(int(pk))

    @extend_schema(request=None, responses={202: TASK})
    @action(detail=True, methods=["post"])
    def ready(self, request: Request, pk: str) -> Response:
        """Check all trips again, leave out what is blocked, and write the file."""
        batch = self.get_object()
        if batch.state != ClaimBatch.State.DRAFT:
            raise Conflict(f"The batch is {batch.state}.")
        return begin_task(request, "billing.tasks.ready_claims", {"batch": batch.pk})

    @extend_schema(request=None, responses=ClaimBatchSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """Make a ready batch a draft again."""
        with _answered():
            claims.reopen(int(pk))
        return self._shown(int(pk))

    @extend_schema(request=SubmitSerializer, responses=ClaimBatchSerializer)
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, pk: str) -> Response:
        """Note that the file was sent; it never changes from here on."""
        reference = _read(SubmitSerializer, request.data)["reference"]
        with _answered():
            claims.submit(batch_id=int(pk), user=_user(request), reference=reference)
        return self._shown(int(pk))

    @extend_schema(request=AnswersSerializer, responses=ClaimBatchSerializer)
    @action(detail=True, methods=["post"])
    def answers(self, request: Request, pk: str) -> Response:
        """Note what the payer says, all of it or nothing; the same again changes nothing."""
        given = answers_of(_read(AnswersSerializer, request.data))
        with _answered():
            claims.answer(batch_id=int(pk), answers=given)
        return self._shown(int(pk))

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    @action(detail=True)
    def file(self, request: Request, pk: str) -> HttpResponse:
        """The file as it is sent; 404 for a draft."""
        batch = ClaimBatch.objects.filter(pk=int(pk), file__isnull=False).first()
        if batch is None or batch.file is None:
            raise exceptions.NotFound
        answer = HttpResponse(gzip.decompress(batch.file), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="claims-{batch.pk}.csv"'
        answer["Cache-Control"] = "no-store"
        return answer
