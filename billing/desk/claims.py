"""What the linter found, and batches of claims: drafted, made ready, sent, answered."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from rest_framework import exceptions

from billing import claims, findings
from billing.claim_api import ClaimBatchViewSet
from billing.claim_serializers import (
    AnswersSerializer,
    AskedFindingsSerializer,
    ClaimPeriodSerializer,
    MendSerializer,
    SubmitSerializer,
    WaiverSerializer,
    answers_of,
)
from billing.claim_states import AWAY, ClaimState
from billing.desk.common import (
    asked,
    billers_only,
    job_of,
    page_of,
    read,
    texts_of,
    told,
    user_of,
)
from billing.linter import RULE_OF
from billing.models import Claim, ClaimBatch, ClaimFinding
from trips import task_runs
from trips.answers import problems
from trips.models import Payer
from trips.queries import company_day
from trips.report_api import DEFAULT_DAYS

#: Findings that a biller mends here, and the field that does.
MENDED = {"member_id": "member_id_", "authorization_number": "authorization_"}


@require_safe
@billers_only
def findings_page(request: HttpRequest) -> HttpResponse:
    """What is wrong with a payer's trips of some days, as far as they were checked."""
    payers = Payer.objects.order_by("name")
    given = asked(request)
    given.pop("task", None)
    if "payer" not in given and (first := payers.first()):
        given["payer"] = str(first.pk)
    given.setdefault("state", "open")
    context: dict[str, Any] = {"payers": payers, "job": job_of(request), "asked": given}
    status = 200
    if payers:
        try:
            context |= _found(request, read(AskedFindingsSerializer, given))
        except exceptions.ValidationError as exc:
            context["errors"], status = texts_of(exc.detail), 400
    return render(request, "billing/desk/findings.html", context, status=status)


def _found(request: HttpRequest, wanted: dict[str, Any]) -> dict[str, Any]:
    payer, first, last = wanted["payer"], wanted["from"], wanted["to"]
    rows = findings.in_period(payer.pk, first, last).select_related("trip", "waived_by")
    if wanted["state"] != "all":
        rows = rows.filter(waived_at__isnull=wanted["state"] == "open")
    narrowed = {name: wanted[name] for name in ("severity", "code", "trip") if name in wanted}
    page = page_of(request, rows.filter(**narrowed).order_by("trip_id", "pk"))
    for row in page:
        row.words = findings.words(row.code)
        row.is_waivable = row.code not in RULE_OF or RULE_OF[row.code].waivable
        row.field = next((n for n, code in MENDED.items() if row.code.startswith(code)), "")
    return {
        "payer": payer,
        "first": first,
        "last": last,
        "page": page,
        "summary": findings.summary(payer.pk, first, last),
    }


def _findings_url(request: HttpRequest, **more: str) -> str:
    """Back to where the form stood: the address's query travels as `next`."""
    query = request.POST.get("query", "")
    back = "&".join(part for part in (query[:500], urlencode(more)) if part)
    return f"{reverse('desk:findings')}?{back}"


@require_POST
@billers_only
def check(request: HttpRequest) -> HttpResponse:
    """Look at all of a payer's trips of these days again: a job."""
    with told(request):
        days = {n: v for n, v in request.POST.items() if n in ("payer", "first_day", "last_day")}
        wanted = read(ClaimPeriodSerializer, days)
        run = task_runs.begin(
            owner=user_of(request),
            task="billing.tasks.check_claims",
            parameters=_period(wanted),
        )
        query = {"payer": wanted["payer"].pk, "from": wanted["first_day"]}
        query |= {"to": wanted["last_day"], "task": run.pk}
        return redirect(f"{reverse('desk:findings')}?{urlencode(query)}")
    return redirect("desk:findings")


def _period(wanted: dict[str, Any]) -> dict[str, Any]:
    days = {name: wanted[name].isoformat() for name in ("first_day", "last_day")}
    return {"payer": wanted["payer"].pk, **days}


@require_POST
@billers_only
def waive(request: HttpRequest, pk: int) -> HttpResponse:
    """Claim the trip all the same; the reason stays."""
    get_object_or_404(ClaimFinding, pk=pk)
    with told(request):
        reason = read(WaiverSerializer, {"reason": request.POST.get("reason", "")})["reason"]
        findings.waive(finding_id=pk, user=user_of(request), reason=reason)
        messages.success(request, _("The finding is waived."))
    return redirect(_findings_url(request))


@require_POST
@billers_only
def unwaive(request: HttpRequest, pk: int) -> HttpResponse:
    """The finding stands again."""
    get_object_or_404(ClaimFinding, pk=pk)
    with told(request):
        findings.take_back_waiver(finding_id=pk)
        messages.success(request, _("The finding stands again."))
    return redirect(_findings_url(request))


@require_POST
@billers_only
def mend(request: HttpRequest, pk: int) -> HttpResponse:
    """Complete what the payer asks for, and look at the trip again."""
    trip_id = get_object_or_404(ClaimFinding, pk=pk).trip_id
    with told(request):
        names = ("expected_version", *MENDED)
        given = {name: request.POST[name] for name in names if name in request.POST}
        fields = read(MendSerializer, given)
        version = fields.pop("expected_version")
        user = user_of(request)
        with problems(trip_id, user):
            findings.mend(trip_id=trip_id, user=user, expected_version=version, fields=fields)
        messages.success(request, _("Trip %s was completed and checked again.") % trip_id)
    return redirect(_findings_url(request))


# --- batches


def _batches() -> "QuerySet[Any]":
    return ClaimBatchViewSet().get_queryset().select_related("payer")


@require_safe
@billers_only
def batches(request: HttpRequest) -> HttpResponse:
    """Batches, newest first, and the form that drafts one."""
    today = company_day(timezone.now())
    context = {
        "page": page_of(request, _batches()),
        "payers": Payer.objects.order_by("name"),
        "first": (today - timedelta(days=DEFAULT_DAYS - 1)).isoformat(),
        "last": today.isoformat(),
    }
    return render(request, "billing/desk/batches.html", context)


@require_POST
@billers_only
def draft(request: HttpRequest) -> HttpResponse:
    """A batch of the trips that are free and not blocked."""
    with told(request):
        wanted = read(ClaimPeriodSerializer, request.POST)
        payer = wanted.pop("payer")
        batch = claims.draft(payer_id=payer.pk, user=user_of(request), **wanted)
        return redirect("desk:batch", batch.pk)
    return redirect("desk:batches")


@require_safe
@billers_only
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """A batch with its claims, and what can be done with it now."""
    found = get_object_or_404(_batches(), pk=pk)
    rows = found.claims.defer("content", "lines").select_related("invoice").order_by("pk")
    context = {
        "batch": found,
        "page": page_of(request, rows),
        "job": job_of(request),
        "is_away": found.state in AWAY,
        "currency": next((row.invoice.currency for row in rows[:1] if row.invoice), None),
    }
    return render(request, "billing/desk/batch.html", context)


@require_POST
@billers_only
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """`do` of the form: ready, reopen, submit or discard."""
    get_object_or_404(ClaimBatch.objects.defer("file"), pk=pk)
    do = request.POST.get("do")
    query = ""
    with told(request):
        if do == "ready":
            run = task_runs.begin(
                owner=user_of(request), task="billing.tasks.ready_claims", parameters={"batch": pk}
            )
            query = f"?task={run.pk}"
        elif do == "reopen":
            claims.reopen(pk)
        elif do == "submit":
            given = {"reference": request.POST.get("reference", "")}
            reference = read(SubmitSerializer, given)["reference"]
            claims.submit(batch_id=pk, user=user_of(request), reference=reference)
            messages.success(request, _("Noted as sent. It never changes from here on."))
        elif do == "discard":
            claims.discard(pk)
            messages.success(request, _("The draft was thrown away; its trips are free."))
            return redirect("desk:batches")
    return redirect(reverse("desk:batch", args=[pk]) + query)


@require_POST
@billers_only
def leave_out(request: HttpRequest, pk: int, trip_id: int) -> HttpResponse:
    """Take one trip out of a draft."""
    get_object_or_404(ClaimBatch.objects.defer("file"), pk=pk)
    with told(request):
        claims.leave_out(pk, trip_id)
    return redirect("desk:batch", pk)


@require_POST
@billers_only
def answer(request: HttpRequest, pk: int, claim_id: int) -> HttpResponse:
    """Note what the payer says to one claim; `paid` is for all that was claimed."""
    claim = get_object_or_404(Claim, pk=claim_id, batch=pk)
    names = ("state", "denial_code", "denial_note")
    given: dict[str, object] = {n: request.POST[n] for n in names if request.POST.get(n)}
    if given.get("state") == ClaimState.PAID:
        given["paid_cents"] = claim.amount_cents
    return _answer(request, pk, [{"claim": claim_id, **given}])


@require_POST
@billers_only
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """The payer accepts every claim that it has not answered yet."""
    found = get_object_or_404(ClaimBatch.objects.defer("file"), pk=pk)
    pending = found.claims.filter(state=ClaimState.PENDING).values_list("pk", flat=True)
    return _answer(request, pk, [{"claim": one, "state": "accepted"} for one in pending])


def _answer(request: HttpRequest, pk: int, given: list[dict[str, object]]) -> HttpResponse:
    with told(request):
        fields = read(AnswersSerializer, {"answers": given})
        claims.answer(batch_id=pk, answers=answers_of(fields))
    return redirect("desk:batch", pk)
