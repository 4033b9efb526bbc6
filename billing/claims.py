"""Batches of claims: drafted, frozen with their file, submitted, answered."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from billing import findings
from billing.claim_facts import claimable, served
from billing.claim_files import PAGE, file_of, write_down
from billing.claim_states import ANSWERS, AWAY, BatchState, ClaimState, state_of_batch
from billing.models import Claim, ClaimBatch, ClaimFinding, Invoice
from trips.models import Payer, TaskRun, Trip
from trips.task_runs import Outcome, Report, show
from users.models import User

#: Claims in one batch; a longer period is several.
MOST_CLAIMS = 20_000
#: So many trips that were left out are named.
MOST_NAMED = 100


class NothingToClaim(Exception):
    """No trip of the period is free to be claimed."""


class WrongState(Exception):
    """The batch or claim is in a state where this is not possible; the text says which."""


class NoSuchClaim(LookupError):
    """The batch has no such claim."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the payer says to one claim."""

    claim_id: int
    state: ClaimState
    denial_code: str = ""
    denial_note: str = ""
    paid_cents: int | None = None


# --- ours: drafting


@transaction.atomic
def draft(*, payer_id: int, first_day: date, last_day: date, user: User) -> ClaimBatch:
    """A batch of the period's trips that nothing is known against and no other batch has.

    NothingToClaim where there is none.
    """
    # Two at once for one payer: the second finds what the first took.
    Payer.objects.select_for_update(no_key=True).get(pk=payer_id)
    trips = _free(served(claimable(payer_id), first_day, last_day))
    ids = list(trips.order_by("picked_up_at", "pk").values_list("pk", flat=True)[:MOST_CLAIMS])
    if not ids:
        raise NothingToClaim
    batch = ClaimBatch.objects.create(
        payer_id=payer_id, first_day=first_day, last_day=last_day, created_by=user
    )
    Claim.objects.bulk_create((Claim(batch=batch, trip_id=pk) for pk in ids), batch_size=PAGE)
    return batch


def _free(trips: QuerySet[Trip]) -> QuerySet[Trip]:
    claimed = Claim.objects.filter(trip=OuterRef("pk")).exclude(state=ClaimState.REJECTED)
    against = ClaimFinding.objects.filter(findings.BLOCKING, trip=OuterRef("pk"))
    return trips.filter(~Exists(claimed), ~Exists(against))


@transaction.atomic
def discard(batch_id: int) -> None:
    """Throw a draft away; its trips are free again."""
    batch = _locked(batch_id, BatchState.DRAFT)
    batch.delete()


@transaction.atomic
def leave_out(batch_id: int, trip_id: int) -> None:
    """Take one trip out of a draft."""
    batch = _locked(batch_id, BatchState.DRAFT)
    deleted, _ = batch.claims.filter(trip_id=trip_id).delete()
    if not deleted:
        raise NoSuchClaim


def _locked(batch_id: int, *states: BatchState) -> ClaimBatch:
    batch = ClaimBatch.objects.select_for_update().defer("file").get(pk=batch_id)
    if batch.state not in states:
        raise WrongState(f"The batch is {batch.state}.")
    return batch


# --- ours: freezing


def make_ready(run: TaskRun, report: Report) -> Outcome:
    """The work of the job behind `POST /api/claims/batches/{id}/ready/`.

    All trips are looked at again; what cannot be claimed is left out of the batch and named in
    the result. What is left is written down, with the file that will be sent.
    """
    batch = ClaimBatch.objects.filter(pk=run.parameters["batch"]).defer("file").first()
    if batch is None:
        return Outcome({"outcome": "gone"})
    trips = claimable(batch.payer_id).filter(claims__batch=batch)
    findings.check(batch.payer_id, trips, report)
    try:
        return Outcome(_freeze(run, batch.pk))
    except WrongState as exc:
        return Outcome({"outcome": "refused", "reason": str(exc)})


@transaction.atomic
def _freeze(run: TaskRun, batch_id: int) -> dict[str, Any]:
    batch = _locked(batch_id, BatchState.DRAFT)
    claims = batch.claims.select_related(None)
    trips = claimable(batch.payer_id).filter(claims__batch=batch)
    stays = set(trips.values_list("pk", flat=True)) - set(
        findings.blocked(trips).values_list("trip_id", flat=True)
    )
    out = sorted(set(claims.values_list("trip_id", flat=True)) - stays)
    named = {"left_out": len(out), "trips_left_out": out[:MOST_NAMED]}
    if not stays:
        return {"outcome": "nothing", "claims": 0, **named}
    claims.filter(trip__in=out).delete()
    ids = list(claims.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), PAGE):
        write_down(batch, ids[start : start + PAGE])
        show(run, min(start + PAGE, len(ids)), len(ids))
    batch.state, batch.ready_at = BatchState.READY, timezone.now()
    batch.file = file_of(batch)
    batch.save(update_fields=["state", "ready_at", "file"])
    return {"outcome": "ready", "batch": batch.pk, "claims": len(ids), **named}


@transaction.atomic
def reopen(batch_id: int) -> ClaimBatch:
    """Make a ready batch a draft again."""
    batch = _locked(batch_id, BatchState.READY)
    batch.claims.update(invoice=None, amount_cents=0, content={}, lines=[])
    batch.state, batch.ready_at, batch.file = BatchState.DRAFT, None, None
    batch.save(update_fields=["state", "ready_at", "file"])
    return batch


# --- the payer's


@transaction.atomic
def submit(*, batch_id: int, user: User, reference: str) -> ClaimBatch:
    """Note that the file was sent; from here on the database refuses every change of it.

    WrongState where something changed since the batch got ready.
    """
    batch = _locked(batch_id, BatchState.READY)
    trips = batch.claims.values_list("trip_id", flat=True)
    stale = set(trips) - set(
        claimable(batch.payer_id).filter(pk__in=trips).values_list("pk", flat=True)
    )
    void = batch.claims.filter(invoice__state=Invoice.State.VOID)
    stale |= set(void.values_list("trip_id", flat=True))
    stale |= set(findings.blocked(trips).values_list("trip_id", flat=True))
    if stale:
        some = ", ".join(map(str, sorted(stale)[:10]))
        raise WrongState(f"Make it a draft again: {len(stale)} trips have changed ({some}).")
    batch.state, batch.submitted_at = BatchState.SUBMITTED, timezone.now()
    batch.submitted_by, batch.reference = user, reference
    batch.save(update_fields=["state", "submitted_at", "submitted_by", "reference"])
    return batch


@transaction.atomic
def answer(*, batch_id: int, answers: Iterable[Answer]) -> ClaimBatch:
    """Note what the payer says to claims of a submitted batch: all of it or nothing.

    The same answer again changes nothing. Raises NoSuchClaim and WrongState.
    """
    batch = _locked(batch_id, *AWAY)
    given = {one.claim_id: one for one in answers}
    locked = batch.claims.select_for_update().filter(pk__in=given)
    claims = {claim.pk: claim for claim in locked.order_by("pk")}
    if len(claims) < len(given):
        raise NoSuchClaim
    now = timezone.now()
    changed = [claims[pk] for pk, one in given.items() if _answered(claims[pk], one, now)]
    Claim.objects.bulk_update(
        changed, ["state", "denial_code", "denial_note", "paid_cents", "answered_at"], PAGE
    )
    if changed:
        states = batch.claims.order_by().values_list("state", flat=True).distinct()
        batch.state, batch.answered_at = state_of_batch(map(ClaimState, states)), now
        batch.save(update_fields=["state", "answered_at"])
    return batch


def _answered(claim: Claim, said: Answer, now: datetime) -> bool:
    """Note the answer on `claim` (unsaved); False where it is known."""
    new = {
        "state": said.state.value,
        "denial_code": said.denial_code,
        "denial_note": said.denial_note,
        "paid_cents": said.paid_cents,
    }
    if all(getattr(claim, name) == value for name, value in new.items()):
        return False
    if said.state not in ANSWERS[ClaimState(claim.state)]:
        raise WrongState(f"Claim {claim.pk} is {claim.state}.")
    for name, value in new.items():
        setattr(claim, name, value)
    claim.answered_at = now
    return True
