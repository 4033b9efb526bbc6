"""A corrected rate: what it would change, and changing it, by credit notes and revisions.

Two long jobs: the dry run writes nothing; the other does what a dry run has shown. Each trip is
a transaction of its own, so a crash half-way costs a second look at what is done already.
"""

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from billing.drafts import CannotPrice, drafts_of
from billing.invoices import Cause, Kind, State, is_same, settle, tax_for
from billing.issuing import Why
from billing.models import Invoice
from billing.pricing import price_trip
from trips.models import Company, TaskRun, Trip
from trips.task_runs import Outcome, Report
from users.models import User

DRY_RUN, APPLY = "billing.tasks.preview_reprice", "billing.tasks.reprice"
#: Trips in one job; a longer period is two.
MOST_TRIPS = 50_000
#: Changes that a dry run lists one by one; all of them are in its sums.
MOST_LISTED = 500
#: So long what a dry run has shown may be done.
GOOD_FOR = timedelta(hours=24)


class NotShown(LookupError):
    """There is no such dry run of this person, or it is too old, under way or done already."""


@dataclass(frozen=True, slots=True)
class Change:
    """One trip whose invoices would change; amounts in the smallest unit."""

    trip: int
    old_cents: int
    new_cents: int


def affected(parameters: dict[str, Any]) -> QuerySet[Trip]:
    """The billed trips of a period (days of service, both included), narrowed where asked."""
    standing = Invoice.objects.exclude(kind=Kind.CREDIT).exclude(state=State.VOID)
    days = (date.fromisoformat(parameters["first_day"]), date.fromisoformat(parameters["last_day"]))
    standing = standing.filter(served_on__range=days)
    trips = Trip.objects.filter(pk__in=standing.values("trip"))
    narrowed = {"payer_id": parameters.get("payer_id"), "mobility": parameters.get("mobility")}
    return trips.filter(**{name: value for name, value in narrowed.items() if value})


def preview(run: TaskRun, report: Report) -> Outcome:
    """The work of the dry run: `{trips, changed, difference_cents, unpriced, changes}`."""
    trips = list(affected(run.parameters).order_by("pk").values_list("pk", flat=True))
    changes, unpriced = [], 0
    report(0, len(trips))
    for done, trip_id in enumerate(trips, start=1):
        try:
            changes += _change(trip_id)
        except CannotPrice:
            unpriced += 1
        report(done, len(trips))
    difference = sum(change.new_cents - change.old_cents for change in changes)
    result = {
        "trips": len(trips),
        "changed": len(changes),
        "difference_cents": difference,
        "unpriced": unpriced,
        "changes": [asdict(change) for change in changes[:MOST_LISTED]],
    }
    return Outcome(result)


def _change(trip_id: int) -> list[Change]:
    with transaction.atomic():
        related = ("patient", "payer", "facility")
        trip = Trip.objects.select_related(*related).get(pk=trip_id)
        known = trip.invoices.exclude(kind=Kind.CREDIT).prefetch_related("lines")
        standing = {one.kind: one for one in known if one.state != State.VOID}
        drafts = drafts_of(trip, tax_for(standing.values(), Company.get()), price_trip)
        wanted = {draft.kind: draft for draft in drafts}
        if standing.keys() == wanted.keys() and all(
            is_same(standing[kind], draft) for kind, draft in wanted.items()
        ):
            return []
        old = sum(invoice.total_cents for invoice in standing.values())
        return [Change(trip_id, old, sum(draft.total_cents for draft in drafts))]


def parameters_shown(owner: User, run_id: UUID) -> dict[str, Any]:
    """What the job is to do that a finished dry run of `owner` has shown; or NotShown."""
    mine = TaskRun.objects.filter(owner=owner)
    shown = mine.filter(pk=run_id, task=DRY_RUN, state=TaskRun.State.SUCCESS)
    run = shown.filter(finished_at__gte=timezone.now() - GOOD_FOR).first()
    applied = mine.filter(task=APPLY, parameters__dry_run=str(run_id))
    if run is None or applied.exclude(state__in=("FAILURE", "REVOKED")).exists():
        raise NotShown
    return {**run.parameters, "dry_run": str(run_id)}


def reprice(run: TaskRun, report: Report) -> Outcome:
    """The work of the job: `{trips, changed, documents, unpriced}`."""
    trips = list(affected(run.parameters).order_by("pk").values_list("pk", flat=True))
    why = Why(cause=Cause.RATE, reason=run.parameters["reason"], by=run.owner)
    changed = documents = unpriced = 0
    report(0, len(trips))
    for done, trip_id in enumerate(trips, start=1):
        settled = settle(trip_id, why)
        changed += bool(settled.new)
        documents += settled.new
        unpriced += bool(settled.problem)
        report(done, len(trips))
    return Outcome(
        {"trips": len(trips), "changed": changed, "documents": documents, "unpriced": unpriced}
    )
