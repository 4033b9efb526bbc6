"""One trip, one invoice: priced by the rate of the day, numbered without gaps."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from billing.invoices import (
    NotBillable,
    follow_trip,
    issue_invoice,
    mark_overdue,
)
from billing.models import Invoice, InvoiceCounter, InvoiceLine, Rate
from billing.tasks import generate_invoice
from tests.billing.backdating import backdated
from tests.cast import Cast
from tests.held_broker import HeldBroker
from tests.threads import at_once
from trips.events.log import recording
from trips.lifecycle import Status
from trips.models import Delivery, Payer, Trip, TripEvent

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)
#: The ride ended on this day; fixed prices of the tests begin before it.
DAY = date(2026, 3, 10)


def numbers() -> list[str]:
    return sorted(Invoice.objects.values_list("number", flat=True))


def rate(mobility: str, base_cents: int, since: date, payer: Payer | None = None) -> Rate:
    return Rate.objects.create(
        mobility=mobility, base_cents=base_cents, mile_cents=0, valid_from=since, payer=payer
    )


def ride(cast: Cast, *, wait_minutes: int = 0, **fields: object) -> Trip:
    """A completed trip on DAY in a wheelchair; the van stood at the door for a while."""
    at_door = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
    boarded = at_door + timedelta(minutes=wait_minutes)
    trip = cast.trip_in("completed", mobility="wheelchair", **fields)
    # Nobody books or taps for a day so long ago: it is moved there.
    trip.scheduled_at = at_door
    trip.arrived_pickup_at, trip.picked_up_at = at_door - timedelta(minutes=4), boarded
    trip.dropped_off_at = boarded + timedelta(minutes=20)
    trip.save()
    return trip


def test_a_ride_with_a_wait_is_invoiced_line_by_line_with_its_evidence(cast: Cast) -> None:
    trip = ride(cast, wait_minutes=50)
    invoice = issue_invoice(trip.pk)
    # 2.31 km straight, times 1.3 for the streets: 1.9 miles at 4.00; 35 billable minutes.
    assert [
        (line.position, line.code, line.quantity, line.amount_cents) for line in invoice.lines.all()
    ] == [
        (1, "A0130", Decimal("1.00"), 4_500),
        (2, "S0209", Decimal("1.90"), 760),
        (3, "T2007", Decimal("2.00"), 3_000),
    ]
    assert invoice.total_cents == 8_260
    _, mileage, waiting = invoice.lines.all()
    assert mileage.evidence["source"].startswith("estimate")
    assert waiting.evidence["wait_minutes"] == 50
    assert (invoice.state, invoice.currency, invoice.kind) == ("issued", "USD", "trip")
    day = timezone.localdate(invoice.issued_at, ZoneInfo("Europe/Stockholm"))
    assert invoice.due_on == day + timedelta(days=30)
    assert invoice.served_on == DAY
    assert {line.rate for line in invoice.lines.all()} == {Rate.objects.get(mobility="wheelchair")}


def test_the_invoice_is_found_again_and_never_made_twice(cast: Cast) -> None:
    trip = cast.trip_in("completed")
    first = issue_invoice(trip.pk)
    event = TripEvent.objects.get(trip=trip, event="trip.completed")
    assert follow_trip(event.pk) == f"trip {trip.pk}: {first.number}"
    assert generate_invoice(trip.pk) == first.number
    assert Invoice.objects.count() == 1
    owed = Delivery.objects.filter(topic="invoice.issued", subject_id=first.pk)
    assert owed.filter(subscriber="invoice_mail").count() == 1


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.COMPLETED])
def test_a_trip_that_is_not_completed_is_not_invoiced(cast: Cast, status: Status) -> None:
    trip = cast.trip_in(status)
    with pytest.raises(NotBillable):
        issue_invoice(trip.pk)
    assert not Invoice.objects.exists()


@pytest.mark.parametrize("trip_id", [0, -1, 10**12])
def test_an_unknown_trip_fails_at_once_and_is_not_tried_again(trip_id: int) -> None:
    result = generate_invoice.apply((trip_id,))
    assert type(result.result).__name__ == "InvalidArguments"
    assert not InvoiceCounter.objects.exists()


def test_the_payer_owes_it_and_pia_only_where_nobody_else_pays(cast: Cast) -> None:
    assert issue_invoice(cast.trip_in("completed", payer=cast.payer).pk).debtor == cast.payer
    assert issue_invoice(cast.trip_in("completed").pk).debtor == cast.patient


# --- which rate


def test_a_payers_own_rate_beats_the_default_and_anothers_does_not(cast: Cast) -> None:
    other = Payer.objects.create(name="Other Plan")
    rate("wheelchair", 3_900, date(2020, 1, 1), cast.payer)
    rate("wheelchair", 1, date(2026, 1, 1), other)
    rate("wheelchair", 5_000, date(2026, 1, 1))
    assert issue_invoice(ride(cast, payer=cast.payer).pk).total_cents == 3_900
    assert issue_invoice(ride(cast).pk).total_cents == 5_000


def test_the_rate_of_the_rides_day_counts_not_of_the_invoices(cast: Cast) -> None:
    rate("wheelchair", 5_000, DAY - timedelta(days=1))
    rate("wheelchair", 6_000, DAY)
    rate("wheelchair", 7_000, DAY + timedelta(days=1))
    invoice = issue_invoice(ride(cast).pk)
    assert invoice.total_cents == 6_000
    assert invoice.lines.get().rule == f"rate {Rate.objects.get(base_cents=6_000).pk}: base"


def test_without_a_rate_nothing_is_issued_and_no_number_is_used(cast: Cast) -> None:
    Rate.objects.all().delete()
    with pytest.raises(NotBillable, match="no rate covers wheelchair on 2026-03-10"):
        issue_invoice(ride(cast).pk)
    assert not InvoiceCounter.objects.exists()


def test_a_later_change_of_the_rate_changes_no_issued_invoice(cast: Cast) -> None:
    trip = ride(cast)
    before = issue_invoice(trip.pk).total_cents
    rate("wheelchair", 99_999, date(2020, 1, 2))
    assert issue_invoice(trip.pk).total_cents == before


# --- numbers


class PowerCut(Exception):
    """What ends a transaction before its commit."""


def _issue_and_fail(trip: Trip) -> None:
    with recording():
        issue_invoice(trip.pk)
        raise PowerCut


def test_numbers_count_from_one_in_each_year_of_the_companys_calendar(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    trips = [cast.trip_in("completed") for _ in range(3)]
    years = [
        datetime(2026, 12, 31, 22, 59, tzinfo=UTC),
        datetime(2026, 12, 31, 23, 1, tzinfo=UTC),  # it is 2027 in Stockholm
        datetime(2027, 6, 1, tzinfo=UTC),
    ]
    for trip, now in zip(trips, years, strict=True):
        with monkeypatch.context() as patch:
            patch.setattr(timezone, "now", lambda now=now: now)
            issue_invoice(trip.pk)
    assert numbers() == ["2026-000001", "2027-000001", "2027-000002"]


def test_a_number_whose_transaction_is_rolled_back_is_given_again(cast: Cast) -> None:
    trips = [cast.trip_in("completed") for _ in range(4)]
    for trip in trips:
        with pytest.raises(PowerCut):
            _issue_and_fail(trip)
        issue_invoice(trip.pk)
    assert [number[-6:] for number in numbers()] == ["000001", "000002", "000003", "000004"]


@committed
def test_twenty_workers_issue_one_invoice_for_one_trip(cast: Cast, held_broker: HeldBroker) -> None:
    trip = cast.trip_in("completed")
    answers = at_once(lambda: issue_invoice(trip.pk).number, 20)
    assert answers == numbers() * 20
    assert len(numbers()) == 1
    assert Delivery.objects.filter(subscriber="invoice_mail").count() == 1


@committed
def test_twenty_trips_at_once_are_numbered_without_a_gap_though_some_fail(
    cast: Cast, held_broker: HeldBroker
) -> None:
    trips = [cast.trip_in("completed") for _ in range(20)]
    waiting = iter(enumerate(trips))

    def issue() -> None:
        n, trip = next(waiting)
        if n % 4 == 0:
            _issue_and_fail(trip)
        issue_invoice(trip.pk)

    answers = at_once(issue, 20)
    assert sum(isinstance(answer, PowerCut) for answer in answers) == 5
    assert [answer for answer in answers if not isinstance(answer, PowerCut)] == [None] * 15
    assert [int(number[-6:]) for number in numbers()] == list(range(1, 16))
    assert InvoiceCounter.objects.get().last == 15


def test_the_database_itself_refuses_a_second_invoice_and_two_debtors(cast: Cast) -> None:
    invoice = issue_invoice(cast.trip_in("completed").pk)
    twin = Invoice.objects.get(pk=invoice.pk)
    twin.pk, twin.number = None, "2026-999999"
    with pytest.raises(IntegrityError, match="invoice_once"), transaction.atomic():
        twin.save()
    for payer, patient in ((cast.payer, cast.patient), (None, None)):
        twin.pk, twin.revision, twin.payer, twin.patient = None, 1, payer, patient
        with pytest.raises(IntegrityError, match="invoice_one_debtor"), transaction.atomic():
            twin.save()


def test_the_database_itself_refuses_to_change_what_was_issued(cast: Cast) -> None:
    invoice = issue_invoice(cast.trip_in("completed").pk)
    Invoice.objects.update(state="sent", sent_at=timezone.now())
    for columns in ({"total_cents": 1}, {"due_on": DAY}, {"number": "1"}, {"patient": None}):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            Invoice.objects.filter(pk=invoice.pk).update(**columns)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        InvoiceLine.objects.update(amount_cents=1)
    for deletion in ("DELETE FROM billing_invoiceline", "DELETE FROM billing_invoice"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(deletion)


def test_the_database_itself_refuses_lines_that_are_not_the_subtotal(cast: Cast) -> None:
    invoice = issue_invoice(cast.trip_in("completed").pk)
    line = invoice.lines.all()[0]
    line.pk, line.position = None, 99
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError, match="not its subtotal"), transaction.atomic():
        line.save()


# --- overdue


@pytest.mark.parametrize(
    ("state", "days_past", "becomes"),
    [
        ("issued", 1, "overdue"),
        ("sent", 1, "overdue"),
        ("partly_paid", 1, "overdue"),
        ("sent", 0, "sent"),
        ("sent", -1, "sent"),
        ("paid", 400, "paid"),
        ("void", 400, "void"),
        ("overdue", 400, "overdue"),
    ],
)
def test_what_is_owed_becomes_overdue_after_its_due_day(
    cast: Cast, state: str, days_past: int, becomes: str
) -> None:
    invoice = issue_invoice(cast.trip_in("completed").pk)
    today = timezone.localdate(timezone=ZoneInfo("Europe/Stockholm"))
    backdated(invoice, state=state, due_on=today - timedelta(days=days_past))
    assert mark_overdue() == (1 if state != becomes else 0)
    assert mark_overdue() == 0
    invoice.refresh_from_db()
    assert invoice.state == becomes
