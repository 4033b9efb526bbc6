"""From the database to a price: which rate, which facts, and what a line can be asked."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing.models import PlaceCode, Rate
from billing.places import letters_of
from billing.pricing import NotPriced, price_plan, price_to_issue, price_trip, rate_of
from tests.cast import Cast
from tests.evidence.rides import begins, loaded_way, report, ride
from tests.threads import at_once
from trips.lifecycle import Status
from trips.models import Facility, Holiday, Trip, TripMeasurement

pytestmark = pytest.mark.django_db
LONG_AGO = date(2021, 1, 1)


def rate(**fields: Any) -> Rate:
    """A flat price of 10.00 where nothing else is said."""
    defaults = {"mobility": "ambulatory", "valid_from": LONG_AGO, "base_cents": 1_000}
    return Rate.objects.create(**{**defaults, "mile_cents": 0, **fields})


def lines(trip: Trip) -> list[tuple[str, int]]:
    return [(line.code, line.amount_cents) for line in price_trip(trip).lines]


# --- why 14.2 miles?


def test_a_biller_sees_why_so_many_miles_and_minutes(cast: Cast) -> None:
    rate(mile_cents=250, wait_grace_minutes=0, wait_increment_cents=500)
    begin = begins()
    trip = ride(cast, begin)
    report(cast.van, loaded_way(begin), device_id=cast.tracker.pk, trip=trip)
    base, mileage, waiting = price_trip(trip).lines
    measured = TripMeasurement.objects.get(trip=trip)
    assert float(mileage.quantity) == round(measured.loaded_distance_m / 1_609.344, 1)
    assert mileage.evidence | {"variance": None} == {
        "loaded_miles": str(mileage.quantity),
        "source": "gps:121 fixes, 100% covered",
        "measured_m": round(measured.loaded_distance_m, 1),
        "measurement": 1,
        "fixes": 121,
        "coverage": 1.0,
        "longest_gap_s": 0.0,
        "planned_miles": "1.9",
        "odometer_miles": None,
        "variance": None,
        "picked_up_at": _iso(trip.picked_up_at),
        "dropped_off_at": _iso(trip.dropped_off_at),
    }
    # Agreed for minute 12, there since minute 10, aboard at minute 15.
    assert waiting.evidence == {
        "wait_minutes": 3,
        "scheduled_at": _iso(trip.scheduled_at),
        "arrived_pickup_at": _iso(trip.arrived_pickup_at),
        "picked_up_at": _iso(trip.picked_up_at),
    }
    assert base.evidence["origin"] == "the patient's address"
    assert {line.rate_id for line in (base, mileage, waiting)} == {rate_of(trip).pk}


def _iso(moment: datetime | None) -> str:
    assert moment
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_who_came_along_and_what_was_paid_on_the_way_is_on_the_price(cast: Cast) -> None:
    rate(attendant_cents=3_000, escort_cents=500, included_escorts=1)
    trip = cast.trip_in("completed", needs=["attendant", "oxygen"], escorts=2, tolls_cents=450)
    assert lines(trip) == [("A0120", 1_000), ("T2001", 3_000), ("A0120", 500), ("A0170", 450)]


# --- where it went


@pytest.mark.parametrize(
    ("fields", "letters"),
    [
        ({}, "RD"),  # from the patient's address to a place that nobody knows
        ({"pickup_address": "elsewhere", "dropoff_address": "goetgatan"}, "RD"),
        ({"pickup_address": "elsewhere", "leg": "return"}, "DR"),
        ({"pickup_address": "Clinic", "dropoff_address": "Götgatan 12."}, "DR"),
        ({"pickup_address": "GÖTGATAN 12", "dropoff_address": "götgatan 12"}, "RR"),
    ],
)
def test_origin_and_destination_without_a_facility(
    cast: Cast, fields: dict[str, str], letters: str
) -> None:
    assert letters_of(cast.book(**fields)).modifier == letters


def test_a_facility_is_what_it_is_said_to_be_in_both_directions(cast: Cast) -> None:
    there = cast.book(facility=cast.facility)
    back = cast.book(
        facility=cast.facility, pickup_address="eastside dialysis", dropoff_address="Götgatan 12"
    )
    assert (letters_of(there).modifier, letters_of(back).modifier) == ("RD", "DR")
    PlaceCode.objects.create(facility=cast.facility, letter="J")
    assert (letters_of(there).modifier, letters_of(back).modifier) == ("RJ", "JR")
    assert letters_of(there).destination_because == f"facility {cast.facility.pk}"


def test_a_place_nobody_knows_is_assumed_and_says_so(cast: Cast) -> None:
    facility = Facility.objects.create(name="Far Clinic", address="Hillside 4")
    trip = cast.book(facility=facility, pickup_address="a friend's", dropoff_address="HILLSIDE 4")
    found = letters_of(trip)
    assert (found.modifier, found.origin_because) == ("RD", "assumed: residence")


# --- which rate


def test_a_payers_rate_is_for_what_the_payer_pays(cast: Cast) -> None:
    rate(base_cents=900, payer=cast.payer)
    rate(base_cents=1_100, valid_from=date(2021, 1, 2))
    by_payer = cast.trip_in("completed", payer=cast.payer)
    by_patient = cast.trip_in("completed", payer=cast.payer, bill_to="patient")
    by_facility = cast.trip_in(
        "completed", payer=cast.payer, bill_to="facility", facility=cast.facility
    )
    assert [lines(trip)[0] for trip in (by_payer, by_patient, by_facility)] == [
        ("A0120", 900),
        ("A0120", 1_100),
        ("A0120", 1_100),
    ]


def test_the_day_that_was_agreed_counts_by_the_companys_clock(cast: Cast) -> None:
    rate(base_cents=900, valid_from=date(2025, 12, 31))
    new = rate(base_cents=1_100, valid_from=date(2026, 1, 1))
    trip = cast.trip_in("completed")
    # It is 2026 in Stockholm; the van came after midnight for a time before it.
    for moment, base_cents in (
        (datetime(2025, 12, 31, 22, 59, tzinfo=UTC), 900),
        (datetime(2025, 12, 31, 23, 1, tzinfo=UTC), 1_100),
    ):
        Trip.objects.filter(pk=trip.pk).update(scheduled_at=moment)
        trip.refresh_from_db()
        assert rate_of(trip).base_cents == base_cents
    new.delete()
    assert rate_of(trip).base_cents == 900


def test_a_holiday_of_the_table_costs_more(cast: Cast) -> None:
    window = {"holidays": True, "from": "00:00", "to": "00:00", "flat_cents": 700}
    rate(after_hours=[window])
    trip = cast.trip_in("completed")
    assert lines(trip) == [("A0120", 1_000)]
    assert trip.scheduled_at
    local = price_trip(trip).facts.agreed_at
    assert local
    Holiday.objects.create(day=local.date(), name="Midsummer")
    assert lines(trip) == [("A0120", 1_000), ("A0120", 700)]


@pytest.mark.parametrize("status", [s for s in Status if s.value not in
                                    ("completed", "no_show", "cancelled")])  # fmt: skip
def test_a_trip_that_goes_on_or_was_our_fault_has_no_price(cast: Cast, status: Status) -> None:
    with pytest.raises(NotPriced, match="has not ended"):
        price_trip(cast.trip_in(status))


def test_without_a_rate_there_is_no_price_and_the_reason_names_no_person(cast: Cast) -> None:
    Rate.objects.all().delete()
    with pytest.raises(NotPriced, match=r"^no rate covers ambulatory on \d{4}-\d\d-\d\d$"):
        price_trip(cast.trip_in("completed"))


# --- what was not driven


def test_nobody_came_to_the_door_and_the_fee_says_since_when_omar_waited(cast: Cast) -> None:
    rate(no_show_cents=2_500, payer=cast.payer)
    trip = cast.trip_in("no_show", payer=cast.payer)
    [fee] = price_trip(trip).lines
    assert (fee.code, fee.amount_cents) == ("NOSHOW", 2_500)
    assert fee.evidence["arrived_pickup_at"] == _iso(trip.arrived_pickup_at)
    assert lines(cast.trip_in("no_show")) == []


@pytest.mark.parametrize(
    ("kind", "by", "cents"),
    [
        ("advance", "patient", 0),
        ("same_day", "patient", 1_000),
        ("late", "dispatcher", 1_500),
        ("at_door", "driver", 3_000),
        ("late", "system", 0),
    ],
)
def test_a_cancellation_costs_by_its_kind(cast: Cast, kind: str, by: str, cents: int) -> None:
    rate(cancel_same_day_cents=1_000, cancel_late_cents=1_500, cancel_at_door_cents=3_000)
    trip = cast.trip_in("cancelled")
    trip.cancel_kind, trip.cancelled_by = kind, by
    assert [line.amount_cents for line in price_trip(trip).lines] == ([cents] if cents else [])


# --- plans


def test_a_plan_is_priced_by_its_stops_or_by_a_given_distance(cast: Cast) -> None:
    rate(mile_cents=100, wait_grace_minutes=0, wait_increment_cents=500)
    trip = cast.book()
    planned = price_plan(trip)
    assert [line.amount_cents for line in planned.lines] == [1_000, 190]
    assert planned.facts.distance_source == "estimate: straight line x 1.3"
    given = price_plan(trip, distance_m=16_093.44, wait_minutes=20)
    assert [line.amount_cents for line in given.lines] == [1_000, 1_000, 500]


# --- a rate that has priced an invoice


def test_a_rate_that_priced_an_invoice_stands_and_a_looked_up_one_does_not(cast: Cast) -> None:
    mine = rate()
    trip = cast.trip_in("completed")
    price_trip(trip)
    price_plan(trip)
    Rate.objects.filter(pk=mine.pk).update(base_cents=1_200)
    assert price_to_issue(trip).total_cents == 1_200
    for change in (
        lambda: Rate.objects.filter(pk=mine.pk).update(base_cents=1),
        lambda: Rate.objects.filter(pk=mine.pk).update(used_at=None),
        lambda: Rate.objects.filter(pk=mine.pk).delete(),
    ):
        with pytest.raises(IntegrityError, match="has priced an invoice"), transaction.atomic():
            change()
    assert price_to_issue(trip).total_cents == 1_200


def test_what_costs_nothing_leaves_its_rate_open_to_change(cast: Cast) -> None:
    mine = rate()
    price_to_issue(cast.trip_in("cancelled"))
    mine.refresh_from_db()
    assert mine.used_at is None


@pytest.mark.parametrize(
    ("begin", "end", "refused"),
    [
        (date(2026, 3, 31), None, True),
        (date(2026, 4, 1), None, False),
        (date(2026, 1, 1), None, False),
        (date(2026, 1, 1), date(2026, 2, 1), True),
        (date(2026, 1, 1), date(2026, 1, 31), False),
        (date(2026, 3, 1), date(2026, 2, 28), False),  # withdrawn from its first day on
    ],
)
def test_the_database_itself_refuses_rates_that_contradict_each_other(
    cast: Cast, begin: date, end: date | None, refused: bool
) -> None:
    rate(payer=cast.payer, valid_from=date(2026, 2, 1), valid_to=date(2026, 3, 31))
    rate(valid_from=begin, valid_to=end)  # for everybody else
    if not refused:
        rate(payer=cast.payer, valid_from=begin, valid_to=end)
        return
    with pytest.raises(IntegrityError, match="another rate says"), transaction.atomic():
        rate(payer=cast.payer, valid_from=begin, valid_to=end)


@pytest.mark.django_db(transaction=True)
def test_of_ten_contradicting_rates_at_once_one_is_kept(cast: Cast) -> None:
    days = iter(range(1, 11))

    def add() -> None:
        rate(
            payer=cast.payer,
            valid_from=date(2026, 1, next(days)),
            valid_to=date(2026, 12, 31),
        )

    answers = at_once(add, 10)
    assert answers.count(None) == 1
    assert sum(isinstance(answer, IntegrityError) for answer in answers) == 9
    assert Rate.objects.filter(payer=cast.payer).count() == 1
