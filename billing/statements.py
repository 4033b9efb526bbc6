"""Monthly statements: each payer's and facility's invoices of a month, collected once.

Celery's chord does it: its group prices what a month still owes, one task for each debtor, its
callback collects. Nothing hangs on the chord alone: a month that is not closed is begun again,
by the sweeper where a person asked for it, else by the next hourly run; both steps find what is
done already.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from billing.invoices import settle
from billing.issuing import Why
from billing.models import Invoice, Statement, StatementCounter, StatementItem, UnpricedTrip
from billing.numbers import next_number
from trips.events.log import recording
from trips.lifecycle import Status
from trips.models import Facility, Payer, Trip
from trips.queries import company_day, day_bounds
from users.models import Notification
from users.notifications import mail

logger = logging.getLogger(__name__)

KIND = "statement"


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """Who gets a statement: exactly one of the two is set."""

    payer_id: int | None = None
    facility_id: int | None = None

    @property
    def columns(self) -> dict[str, int | None]:
        """As columns of an invoice or a statement."""
        return {"payer_id": self.payer_id, "facility_id": self.facility_id}


def first_of(day: date) -> date:
    """The first day of the month that `day` is in."""
    return day.replace(day=1)


def last_month(now: datetime) -> date:
    """The first day of the month before this one, by the company's calendar."""
    return first_of(first_of(company_day(now)) - timedelta(days=1))


def _next_month(month: date) -> date:
    return first_of(month + timedelta(days=31))


def pending(month: date) -> QuerySet[Invoice]:
    """What payers and facilities were billed for trips up to the month's end, on no statement."""
    billed = Invoice.objects.filter(served_on__lt=_next_month(month), patient__isnull=True)
    return billed.filter(statement_item__isnull=True)


def accounts(month: date) -> list[Account]:
    """Who may need a statement of `month`: something is pending, or unbilled trips were driven."""
    found = {Account(*pair) for pair in _pairs(pending(month))}
    for trip in _unbilled(month).only("bill_to", "payer", "facility"):
        found |= {account} if (account := _account_of(trip)) else set()
    had = {Account(*pair) for pair in _pairs(Statement.objects.filter(month=month))}
    return sorted(found - had, key=lambda one: (one.payer_id or 0, one.facility_id or 0))


def _pairs(rows: QuerySet[Any]) -> Iterable[tuple[int | None, int | None]]:
    return rows.order_by().values_list("payer_id", "facility_id").distinct()


def _unbilled(month: date) -> QuerySet[Trip]:
    """Trips completed in the month that were never billed, and not for want of a price."""
    begin = day_bounds(month)[0]
    end = day_bounds(_next_month(month))[0]
    waiting = UnpricedTrip.objects.filter(trip=OuterRef("pk"), solved_at__isnull=True)
    billed = Invoice.objects.filter(trip=OuterRef("pk"))
    completed = Trip.objects.filter(status=Status.COMPLETED, scheduled_at__range=(begin, end))
    return completed.exclude(scheduled_at=end).exclude(Exists(billed)).exclude(Exists(waiting))


def _account_of(trip: Trip) -> Account | None:
    if trip.bill_to == Trip.BillTo.FACILITY:
        return Account(facility_id=trip.facility_id) if trip.facility_id else None
    if trip.bill_to == Trip.BillTo.PATIENT or trip.payer_id is None:
        return None
    return Account(payer_id=trip.payer_id)


# --- the two steps


def price(account: Account, month: date) -> int:
    """Bill what the month still owes to one account; how many trips were."""
    theirs = Q(payer=account.payer_id) if account.payer_id else Q(facility=account.facility_id)
    trips = _unbilled(month).filter(theirs).order_by("pk")
    return sum(_bill(trip.pk) for trip in trips if _account_of(trip) == account)


def _bill(trip_id: int) -> bool:
    try:
        return bool(settle(trip_id, Why()).new)
    except Exception:
        # The others do not wait for it: its own delivery is tried again, and seen when it dies.
        logger.exception("trip %d could not be billed for its month", trip_id)
        return False


def try_to_close(account: Account, month: date) -> int | None:
    """`close`, for many accounts; how many statements, None where it failed."""
    try:
        return len(close(account, month))
    except Exception:
        logger.exception("a statement of %s could not be made", month)
        return None


def close(account: Account, month: date) -> list[Statement]:
    """The account's new statements of `month`, one for each currency; none where it has them.

    The account's row is locked meanwhile: two who close a month at once make one statement.
    """
    with recording() as log:
        if account.payer_id is not None:
            Payer.objects.select_for_update(no_key=True).get(pk=account.payer_id)
        else:
            Facility.objects.select_for_update(no_key=True).get(pk=account.facility_id or 0)
        if Statement.objects.filter(month=month, **account.columns).exists():
            return []
        theirs = pending(month).filter(**account.columns).order_by("currency")
        currencies = theirs.values_list("currency", flat=True).distinct()
        made = [_close(account, month, currency) for currency in list(currencies)]
        for statement in made:
            log.fact("statement.issued", statement.pk)
    return made


def _close(account: Account, month: date, currency: str) -> Statement:
    now = timezone.now()
    rows = list(pending(month).filter(currency=currency, **account.columns).order_by("pk"))
    statement = Statement.objects.create(
        number=next_number(StatementCounter, company_day(now).year, "S"),
        **account.columns,
        month=month,
        currency=currency,
        total_cents=sum(invoice.total_cents for invoice in rows),
        issued_at=now,
    )
    StatementItem.objects.bulk_create(
        StatementItem(statement=statement, invoice=invoice) for invoice in rows
    )
    return statement


# --- the mail


def queue_statement(statement_id: int) -> str:
    """Handler of `statement.issued`: mail it to who owes, once."""
    statement = Statement.objects.select_related("payer", "facility").get(pk=statement_id)
    if not statement.debtor.email:
        return f"statement {statement.number}: its debtor has no address"
    mail(kind=KIND, key=f"statement:{statement_id}", address=statement.debtor.email)
    return f"statement {statement.number} queued"


def mark_sent(row: Notification) -> None:
    """The mail server took the statement's mail."""
    pk = int(row.key.partition(":")[2])
    Statement.objects.filter(pk=pk, sent_at__isnull=True).update(sent_at=timezone.now())
