"""The demo's past with its money: what `trips.demo.history` lives through, priced and paid.

All of it is one recording, so that it is there or not, takes its stream numbers in one statement,
and tells nobody: what follows an ended trip (measurement, invoice) is done here by the same
functions, mails and notices about days that never were are not owed to anybody.
"""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from itertools import groupby
from unittest.mock import patch
from zoneinfo import ZoneInfo

from django.utils import timezone

from billing import invoices, payments
from billing.allocations import Debtor
from billing.balances import with_balance
from billing.issuing import Why
from billing.models import Invoice, Payment
from trips import services
from trips.demo.history import Everybody, days_before, is_new, write_agenda
from trips.events.log import recording
from trips.evidence.measurement import measure
from trips.lifecycle import Status
from trips.models import Company, Trip, TripEvent
from trips.queries import company_day
from trips.reports.rollup import roll_up
from trips.simulator.day.clock import Clock
from users.models import User
from users.roles import Role

#: Half of the debtors pay once a week what is older than this, the others let it become overdue.
PAID_AFTER = timedelta(days=5)
PAYDAY = 3


def seed_history(who: Everybody, days: int) -> int:
    """So many days before today of a company without a trip; how many trips."""
    if not is_new():
        return 0
    now = timezone.now()
    past = days_before(now, days)
    company = Company.get()
    zone = ZoneInfo(company.time_zone)
    clock = Clock(datetime.combine(past[0], time(), zone) - timedelta(days=1))
    ended: list[int] = []
    with recording() as log:
        # Asked a thousand times, and nobody changes it meanwhile.
        with clock.ticking(), patch.object(Company, "get", lambda: company):
            write_agenda(clock, who, past, lambda trip_id: ended.append(_bill(trip_id)))
            for day in past:
                clock.at(datetime.combine(day, time(20), zone), _close_day)
            clock.run(datetime.combine(past[-1], time(23), zone), lambda: None)
        invoices.mark_overdue()
        log.events.clear()
        log.deliveries.clear()
    roll_up(now)
    return len(ended)


def _bill(trip_id: int) -> int:
    trip = Trip.objects.only("status").get(pk=trip_id)
    if trip.status == Status.COMPLETED:
        event = TripEvent.objects.get(trip=trip_id, event="trip.completed")
        services.finish_completion(event.pk)
        measure(trip_id)
    if trip.status != Status.MISSED:
        invoices.settle(trip_id, Why())
    return trip_id


def _close_day() -> None:
    """The day's invoices count as mailed; on pay-day the older ones are paid."""
    now = timezone.now()
    new = Invoice.objects.filter(state=Invoice.State.ISSUED)
    new.update(state=Invoice.State.SENT, sent_at=now)
    if company_day(now).weekday() != PAYDAY:
        return
    bea = User.objects.filter(role=Role.BILLER).first()
    owed = Invoice.objects.filter(issued_at__lt=now - PAID_AFTER, state__in=Invoice.OPEN)
    for debtor, group in _by_debtor(owed):
        if debtor.id % 2 == 0:
            _pay(debtor, list(group), bea)


def _by_debtor(owed: Iterable[Invoice]) -> Iterable[tuple[Debtor, Iterable[Invoice]]]:
    def key(one: Invoice) -> tuple[str, int]:
        debtor = Debtor.of(one)
        return debtor.kind, debtor.id

    return ((Debtor(*who), rows) for who, rows in groupby(sorted(owed, key=key), key))


def _pay(debtor: Debtor, owed: list[Invoice], bea: User | None) -> None:
    balances = with_balance(Invoice.objects.filter(pk__in=[one.pk for one in owed]))
    shares = [(one.pk, one.balance_cents) for one in balances if one.balance_cents > 0]
    money = payments.Money(
        debtor=debtor,
        amount_cents=sum(cents for _, cents in shares),
        currency=owed[0].currency,
        method=Payment.Method.REMITTANCE if debtor.kind == "payer" else Payment.Method.CARD,
        received_on=company_day(timezone.now()),
        note="Demo",
    )
    payments.record(money, user=bea, shares=shares)
