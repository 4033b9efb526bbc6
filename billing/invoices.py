"""Issuing invoices: one per trip, kind and revision, numbered without gaps, never edited.

Whatever changes a price leads here: the invoices that stand are compared with what the trip
costs by now, and what differs is taken back by a credit note and issued again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils import timezone

from billing import unpriced
from billing.drafts import CannotPrice, Draft, company_tax, drafts_of
from billing.issuing import Why, credit, issue, rows_of
from billing.models import Invoice, InvoiceLine
from billing.taxes import Tax
from trips.deadlocks import tried_again
from trips.events.log import Recording, recording
from trips.models import Company, Trip, TripEvent
from trips.queries import company_day
from trips.services import TripNotFound, locked
from users.models import User

Kind, State, Cause = Invoice.Kind, Invoice.State, Invoice.Cause
#: Events after which what was billed may have become wrong; the others begin a charge.
REVISING = frozenset({"trip.remeasured", "trip.changed", "trip.undone"})


class NotBillable(LookupError):
    """There is no such trip, nothing is owed for it, or it cannot be priced."""


class NotVoidable(Exception):
    """A credit note, or an invoice that was taken back already; the text says which."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What stands for a trip, how many documents are new, and why it could not be priced."""

    standing: list[Invoice]
    new: int = 0
    problem: str = ""


# --- what leads here


def follow_trip(event_id: int) -> str:
    """Handler of all that begins, changes or ends what a trip costs. May run twice."""
    event = TripEvent.objects.get(pk=event_id)
    cause = Cause.CORRECTION if event.event in REVISING else Cause.RIDE
    settled = settle(event.trip_id, Why(cause=cause))
    numbers = ", ".join(invoice.number for invoice in settled.standing)
    return f"trip {event.trip_id}: {numbers or settled.problem or 'nothing is owed'}"


def issue_invoice(trip_id: int, *, again: bool = False, by: User | None = None) -> Invoice:
    """The invoice of a trip, issued now unless it was before; or NotBillable.

    `again`: also where a person took it back. Where the patient alone pays, it is the co-pay's.
    """
    try:
        settled = settle(trip_id, Why(by=by), again=again)
    except TripNotFound:
        raise NotBillable(f"there is no trip {trip_id}") from None
    if not settled.standing:
        raise NotBillable(settled.problem or f"nothing is owed for trip {trip_id}")
    return settled.standing[0]


@tried_again
def settle(trip_id: int, why: Why, *, again: bool = False) -> Settled:
    """Bring a trip's invoices in line with what it costs by now; TripNotFound.

    The trip's row is locked meanwhile, so two workers issue one. For a ride alone, what stands is
    left as it is: a repeated message prices nothing anew. What a person took back stays so,
    unless `again`.
    """
    with recording() as log:
        trip = locked(trip_id, None)
        known = list(trip.invoices.select_related("credited_by").order_by("pk"))
        standing = {one.kind: one for one in known if _stands(one)}
        closed = (
            set() if again else {one.kind for one in known if _is_taken_back(one)} - set(standing)
        )
        if why.cause is Cause.RIDE and (standing or closed):
            return Settled(_in_order(standing))
        company = Company.get()
        try:
            drafts = drafts_of(trip, tax_for(standing.values(), company))
        except CannotPrice as exc:
            unpriced.note(trip, str(exc))
            return Settled(_in_order(standing), problem=str(exc))
        unpriced.solve(trip)
        wanted = {draft.kind: draft for draft in drafts if draft.kind not in closed}
        if not known:  # the first one corrects nothing
            why = replace(why, cause=Cause.RIDE)
        return _bring_in_line(log, trip, known, standing, wanted, why)


def _bring_in_line(
    log: Recording,
    trip: Trip,
    known: list[Invoice],
    standing: dict[str, Invoice],
    wanted: dict[Invoice.Kind, Draft],
    why: Why,
) -> Settled:
    new = 0
    for kind in (Kind.TRIP, Kind.COPAY):
        old, draft = standing.get(kind), wanted.get(kind)
        if old and draft and is_same(old, draft):
            continue
        if old:
            credit(log, old, why)
            del standing[kind]
            new += 1
        if draft:
            revision = sum(one.kind == kind for one in known)
            standing[kind] = issue(log, trip, draft, revision, why)
            new += 1
    return Settled(_in_order(standing), new)


def _stands(invoice: Invoice) -> bool:
    return invoice.kind != Kind.CREDIT and invoice.state != State.VOID


def _is_taken_back(invoice: Invoice) -> bool:
    """Whether a person took it back for good (a later revision may stand all the same)."""
    credit: Invoice | None = getattr(invoice, "credited_by", None)
    return credit is not None and credit.cause == Cause.VOID


def _in_order(standing: dict[str, Invoice]) -> list[Invoice]:
    return [standing[kind] for kind in (Kind.TRIP, Kind.COPAY) if kind in standing]


def tax_for(standing: Iterable[Invoice], company: Company) -> Tax:
    """A revision is taxed as what it stands for was: the ride took place then."""
    tax = company_tax(company)
    for invoice in standing:
        return Tax(invoice.tax_name, invoice.tax_percent, tax.by_line)
    return tax


def is_same(invoice: Invoice, draft: Draft) -> bool:
    """Whether `invoice` says what `draft` would: the same debtor owes the same, line by line."""
    before = [_numbers(line) for line in invoice.lines.all()]
    now = [_numbers(line) for line in rows_of(draft)]
    return invoice.debtor == draft.debtor and before == now


def _numbers(line: InvoiceLine) -> tuple[object, ...]:
    return line.code, line.modifiers, round(line.quantity, 2), line.unit_cents, line.amount_cents


# --- writing


def void(*, invoice_id: int, by: User, reason: str) -> Invoice:
    """Take an invoice back for good; its credit note. NotVoidable, Invoice.DoesNotExist."""
    with recording() as log:
        trip_id = Invoice.objects.values_list("trip_id", flat=True).get(pk=invoice_id)
        locked(trip_id, None)
        invoice = Invoice.objects.get(pk=invoice_id)
        if invoice.kind == Kind.CREDIT:
            raise NotVoidable("A credit note cannot be taken back: issue the invoice again.")
        if invoice.state == State.VOID:
            raise NotVoidable("It was taken back already.")
        return credit(log, invoice, Why(cause=Cause.VOID, reason=reason, by=by))


def mark_overdue() -> int:
    """Mark what was sent and is past its due day as overdue; how many are new."""
    today = company_day(timezone.now())
    waiting = [state for state in Invoice.OPEN if state != State.OVERDUE]
    with transaction.atomic():
        owed = Invoice.objects.exclude(kind=Kind.CREDIT).filter(state__in=waiting)
        late = owed.filter(due_on__lt=today).order_by("pk").select_for_update(no_key=True)
        # Locked in the order in which payments lock them.
        pks = list(late.values_list("pk", flat=True))
        return Invoice.objects.filter(pk__in=pks).update(state=State.OVERDUE)
