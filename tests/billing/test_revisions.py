"""What changes a price after the invoice: a credit note and a revision, and never an edit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from billing import invoices, unpriced
from billing.invoices import NotBillable, NotVoidable, follow_trip, issue_invoice, settle
from billing.issuing import Why
from billing.models import Invoice, Rate, UnpricedTrip
from billing.tasks import price_unpriced
from tests.cast import PICKUP, Cast
from tests.evidence.rides import DROPPED_OFF, PICKED_UP, begins, report, ride, way
from tests.held_broker import HeldBroker
from trips.evidence import late
from trips.models import Company, Trip, TripEvent, TripMeasurement
from trips.services import change_trip
from users.models import Notification, User

pytestmark = pytest.mark.django_db
Papers = list[tuple[str, int, str, int]]


@pytest.fixture(autouse=True)
def _nobody_publishes(held_broker: HeldBroker) -> None:
    """Handlers run where a test calls them."""


def papers(trip: Trip) -> Papers:
    """(kind, revision, state, total) of all the trip's documents, in order."""
    rows = Invoice.objects.filter(trip=trip).order_by("pk")
    return list(rows.values_list("kind", "revision", "state", "total_cents"))


def newest(trip: Trip, event: str) -> int:
    return TripEvent.objects.filter(trip=trip, event=event).latest("version").pk


def change(cast: Cast, trip: Trip, **fields: object) -> int:
    """Dina changes who pays, after the fact; the event's id."""
    version = Trip.objects.get(pk=trip.pk).version
    change_trip(trip_id=trip.pk, user=cast.dina, expected_version=version, fields=fields)
    return newest(trip, "trip.changed")


def drive_far(cast: Cast, trip: Trip) -> int:
    """The van's positions arrive late: it was a longer way. The id of `trip.remeasured`."""
    assert trip.picked_up_at
    begin = begins()
    far = way(begin, (PICKED_UP, DROPPED_OFF), (PICKUP, (57.8, 12.2)))
    report(cast.van, far, device_id=cast.tracker.pk, trip=trip)
    TripMeasurement.objects.update(is_stale=True)
    assert late.measure_stale() == 1
    return newest(trip, "trip.remeasured")


# --- credit notes and revisions


def test_late_positions_lead_to_a_credit_note_over_all_and_a_revision(cast: Cast) -> None:
    trip = ride(cast, begins())
    first = issue_invoice(trip.pk)
    event = drive_far(cast, trip)
    follow_trip(event)
    follow_trip(event)
    credit, second = Invoice.objects.filter(trip=trip).order_by("pk")[1:]
    assert papers(trip) == [
        ("trip", 0, "void", first.total_cents),
        ("credit", 0, "issued", -first.total_cents),
        ("trip", 1, "issued", second.total_cents),
    ]
    assert second.total_cents > first.total_cents
    assert (credit.corrects, credit.debtor, credit.cause) == (first, first.debtor, "correction")
    assert [(line.code, -line.quantity, -line.amount_cents) for line in credit.lines.all()] == [
        (line.code, line.quantity, line.amount_cents) for line in first.lines.all()
    ]
    numbers = [int(one.number[-6:]) for one in (first, credit, second)]
    assert numbers == [1, 2, 3]


def test_a_price_that_stays_the_same_is_left_alone(cast: Cast) -> None:
    trip = cast.trip_in("completed", payer=cast.payer)
    first = issue_invoice(trip.pk)
    follow_trip(change(cast, trip, authorization_number="A-17"))
    assert papers(trip) == [("trip", 0, "issued", first.total_cents)]


def test_tolls_that_come_later_are_billed_by_a_revision(cast: Cast) -> None:
    trip = cast.trip_in("completed")
    first = issue_invoice(trip.pk)
    follow_trip(change(cast, trip, tolls_cents=350))
    assert papers(trip)[-1] == ("trip", 1, "issued", first.total_cents + 350)


def test_another_debtor_gets_the_invoice_and_the_old_one_a_credit_note(cast: Cast) -> None:
    trip = cast.trip_in("completed", payer=cast.payer)
    first = issue_invoice(trip.pk)
    follow_trip(change(cast, trip, bill_to="patient"))
    credit, second = Invoice.objects.filter(trip=trip).order_by("pk")[1:]
    assert (first.debtor, credit.debtor, second.debtor) == (cast.payer, cast.payer, cast.patient)
    assert second.total_cents == first.total_cents


def test_a_fee_that_is_undone_is_credited_and_the_ride_is_billed_instead(cast: Cast) -> None:
    Rate.objects.filter(mobility="ambulatory").update(no_show_cents=2_500)
    trip = cast.trip_in("no_show")
    follow_trip(newest(trip, "trip.no_show"))
    assert papers(trip) == [("trip", 0, "issued", 2_500)]
    trip = cast.tap(trip, "undo", reason="she came after all")
    follow_trip(newest(trip, "trip.undone"))
    assert papers(trip)[1:] == [("credit", 0, "issued", -2_500)]
    for action in ("pick_up", "arrive_dropoff", "complete"):
        trip = cast.tap(trip, action)
    follow_trip(newest(trip, "trip.completed"))
    assert [row[:3] for row in papers(trip)[2:]] == [("trip", 1, "issued")]
    # A message of the time before changes nothing.
    follow_trip(newest(trip, "trip.no_show"))
    follow_trip(newest(trip, "trip.undone"))
    assert len(papers(trip)) == 3


def test_a_late_cancellation_is_charged_and_one_in_good_time_is_not(cast: Cast) -> None:
    Rate.objects.filter(mobility="ambulatory").update(cancel_late_cents=1_500)
    trip = cast.trip_in("assigned")
    trip = cast.tap(trip, "cancel", reason="ill", kind="late")
    follow_trip(newest(trip, "trip.cancelled"))
    early = cast.tap(cast.trip_in("scheduled"), "cancel", reason="ill", kind="advance")
    follow_trip(newest(early, "trip.cancelled"))
    assert [row[3] for row in papers(early)] == []


# --- co-pays, facilities, tax


def test_a_co_pay_is_an_invoice_of_its_own_and_no_cent_is_lost(cast: Cast) -> None:
    Company.objects.update(tax_percent=Decimal("7.7"), tax_name="VAT")
    alone = issue_invoice(cast.trip_in("completed", payer=cast.payer).pk)
    trip = cast.trip_in("completed", payer=cast.payer, copay_cents=333)
    issue_invoice(trip.pk)
    main, copay = Invoice.objects.filter(trip=trip).order_by("pk")
    assert (main.kind, copay.kind) == ("trip", "copay")
    assert (main.debtor, copay.debtor) == (cast.payer, cast.patient)
    assert copay.total_cents == 333
    assert main.total_cents + copay.total_cents == alone.total_cents
    assert main.tax_cents + copay.tax_cents == alone.tax_cents
    assert main.lines.last().amount_cents == -copay.subtotal_cents  # type: ignore[union-attr]


def test_a_co_pay_above_the_price_is_all_that_is_owed(cast: Cast) -> None:
    price = issue_invoice(cast.trip_in("completed", payer=cast.payer).pk).total_cents
    trip = cast.trip_in("completed", payer=cast.payer, copay_cents=price * 3)
    issue_invoice(trip.pk)
    assert papers(trip) == [("copay", 0, "issued", price)]


def test_a_no_show_costs_no_co_pay(cast: Cast) -> None:
    Rate.objects.filter(mobility="ambulatory").update(no_show_cents=2_500)
    trip = cast.trip_in("no_show", payer=cast.payer, copay_cents=500)
    issue_invoice(trip.pk)
    assert papers(trip) == [("trip", 0, "issued", 2_500)]


def test_a_co_pay_that_changes_corrects_both_parts(cast: Cast) -> None:
    trip = cast.trip_in("completed", payer=cast.payer, copay_cents=500)
    issue_invoice(trip.pk)
    follow_trip(change(cast, trip, copay_cents=0))
    standing = [row for row in papers(trip) if row[2] != "void" and row[0] != "credit"]
    assert [row[:2] for row in standing] == [("trip", 1)]
    assert sum(row[3] for row in papers(trip)) == standing[0][3]
    assert [row[0] for row in papers(trip)].count("credit") == 2


def test_the_facility_pays_where_the_trip_says_so(cast: Cast) -> None:
    trip = cast.trip_in("completed", bill_to="facility", facility=cast.facility, payer=cast.payer)
    assert issue_invoice(trip.pk).debtor == cast.facility


def test_a_revision_keeps_the_tax_of_the_time_of_the_ride(cast: Cast) -> None:
    Company.objects.update(tax_percent=Decimal(10), tax_name="VAT")
    trip = cast.trip_in("completed")
    issue_invoice(trip.pk)
    Company.objects.update(tax_percent=Decimal(20))
    follow_trip(change(cast, trip, tolls_cents=1_000))
    revision = Invoice.objects.get(trip=trip, kind="trip", revision=1)
    assert (revision.tax_percent, revision.tax_name) == (Decimal(10), "VAT")
    assert issue_invoice(cast.trip_in("completed").pk).tax_percent == Decimal(20)


# --- taken back by a person


def void(invoice: Invoice, bea: User, reason: str = "wrong rider") -> Invoice:
    return invoices.void(invoice_id=invoice.pk, by=bea, reason=reason)


def test_what_bea_takes_back_stays_so_whatever_is_repeated(cast: Cast) -> None:
    trip = cast.trip_in("completed")
    invoice = issue_invoice(trip.pk)
    credit = void(invoice, cast.bea)
    assert (credit.reason, credit.issued_by, credit.cause) == ("wrong rider", cast.bea, "void")
    follow_trip(newest(trip, "trip.completed"))
    follow_trip(change(cast, trip, tolls_cents=100))
    assert len(papers(trip)) == 2
    for refused in (invoice, credit):
        with pytest.raises(NotVoidable):
            void(refused, cast.bea)
    again = issue_invoice(trip.pk, again=True, by=cast.bea)
    assert (again.revision, again.issued_by) == (1, cast.bea)
    assert issue_invoice(trip.pk) == again


def test_a_waived_co_pay_is_not_billed_again_and_the_rest_still_follows(cast: Cast) -> None:
    trip = cast.trip_in("completed", payer=cast.payer, copay_cents=500)
    issue_invoice(trip.pk)
    void(Invoice.objects.get(kind="copay"), cast.bea, "waived")
    follow_trip(change(cast, trip, tolls_cents=100))
    kinds = [row[0] for row in papers(trip) if row[2] != "void"]
    assert sorted(kinds) == ["credit", "credit", "trip"]


# --- without a price


def test_a_trip_without_a_rate_is_seen_by_billers_and_priced_when_one_appears(
    cast: Cast,
) -> None:
    Rate.objects.all().delete()
    trips = [cast.trip_in("completed", payer=cast.payer) for _ in range(2)]
    for trip in trips:
        event = newest(trip, "trip.completed")
        assert "no rate covers" in follow_trip(event)
        assert follow_trip(event) == follow_trip(event)
        with pytest.raises(NotBillable, match="no rate covers ambulatory"):
            issue_invoice(trip.pk)
    assert UnpricedTrip.objects.filter(solved_at=None).count() == 2
    told = Notification.objects.filter(kind=unpriced.KIND)
    assert [row.user for row in told] == [cast.bea]  # one for the cause, not one for each trip
    assert price_unpriced() == "0 trips priced"
    Rate.objects.create(
        mobility="ambulatory", valid_from=date(2020, 1, 1), base_cents=3_000, mile_cents=0
    )
    assert price_unpriced() == "2 trips priced"
    assert price_unpriced() == "0 trips priced"
    assert set(Invoice.objects.values_list("total_cents", "cause")) == {(3_000, "ride")}
    assert not UnpricedTrip.objects.filter(solved_at=None).exists()


def test_a_payer_that_the_trip_does_not_name_is_a_problem_and_not_an_error(cast: Cast) -> None:
    trip = cast.trip_in("completed", bill_to="payer")
    assert "the payer should pay, and the trip names none" in follow_trip(
        newest(trip, "trip.completed")
    )
    follow_trip(change(cast, trip, payer=cast.payer))
    assert Invoice.objects.get(trip=trip).debtor == cast.payer
    assert UnpricedTrip.objects.get().solved_at is not None


def test_a_trip_that_costs_nothing_has_no_invoice_and_uses_no_number(cast: Cast) -> None:
    Rate.objects.update(base_cents=0, mile_cents=0)
    trip = cast.trip_in("completed")
    assert follow_trip(newest(trip, "trip.completed")).endswith("nothing is owed")
    assert papers(trip) == []
    assert not settle(trip.pk, Why()).problem
