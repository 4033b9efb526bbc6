"""What holds for every price, whatever the rate."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from billing.rates import (
    Band,
    MileRounding,
    RateCard,
    SharedMiles,
    Stretch,
    TripFacts,
    WaitRounding,
    Window,
    cents,
    miles,
    price,
    split_cents,
    total_cents,
)

MILE_M = 1_609.344
money = st.integers(0, 50_000)
hundredths = st.integers(0, 5_000).map(lambda n: Decimal(n) / 100)


@st.composite
def bands(draw: st.DrawFn) -> tuple[Band, ...]:
    edges = draw(st.lists(st.integers(1, 60), unique=True, max_size=3).map(sorted))
    return tuple(Band(Decimal(edge), draw(st.integers(0, 900))) for edge in edges)


windows = st.builds(
    Window,
    days=st.frozensets(st.integers(0, 6), min_size=1),
    holidays=st.booleans(),
    begins=st.times(max_value=time(23, 59)),
    ends=st.times(max_value=time(23, 59)),
    flat_cents=money,
    percent=hundredths,
)


@st.composite
def cards(draw: st.DrawFn) -> RateCard:
    minimum = draw(money)
    return RateCard(
        version="rate 1",
        base_cents=draw(money),
        included_miles=Decimal(draw(st.integers(0, 30))),
        mile_cents=draw(st.integers(0, 900)),
        mile_bands=draw(bands()),
        mile_step=draw(st.sampled_from([Decimal("0.1"), Decimal(1), Decimal("0.25")])),
        mile_rounding=draw(st.sampled_from(MileRounding)),
        wait_grace_minutes=draw(st.integers(0, 60)),
        wait_increment_minutes=draw(st.sampled_from([15, 30])),
        wait_increment_cents=draw(money),
        wait_rounding=draw(st.sampled_from(WaitRounding)),
        wait_cap_minutes=draw(st.none() | st.integers(0, 300)),
        after_hours=tuple(draw(st.lists(windows, max_size=3))),
        minimum_cents=minimum,
        maximum_cents=draw(st.none() | st.integers(minimum, 100_000)),
        attendant_cents=draw(money),
        escort_cents=draw(money),
    )


@st.composite
def trips(draw: st.DrawFn) -> TripFacts:
    return TripFacts(
        mobility=draw(st.sampled_from(["ambulatory", "wheelchair", "bariatric_stretcher"])),
        measured_m=draw(st.floats(0, 200_000)),
        wait_minutes=draw(st.integers(0, 600)),
        distance_source="gps",
        agreed_at=draw(st.none() | st.datetimes()),
        attendant=draw(st.booleans()),
        escorts=draw(st.integers(0, 4)),
        tolls_cents=draw(money),
    )


@given(trips(), cards(), st.floats(0, 200_000))
def test_who_is_driven_further_never_pays_less(
    trip: TripFacts, card: RateCard, further_m: float
) -> None:
    further = replace(trip, measured_m=trip.measured_m + further_m)
    assert total_cents(price(further, card)) >= total_cents(price(trip, card))


@given(trips(), cards(), st.integers(0, 600))
def test_who_lets_us_wait_longer_never_pays_less(
    trip: TripFacts, card: RateCard, longer: int
) -> None:
    waited = replace(trip, wait_minutes=trip.wait_minutes + longer)
    assert total_cents(price(waited, card)) >= total_cents(price(trip, card))


@given(trips(), cards())
def test_a_price_is_whole_cents_within_its_bounds(trip: TripFacts, card: RateCard) -> None:
    lines = price(trip, card)
    assert all(type(line.amount_cents) is int for line in lines)
    assert all(len(line.rule) <= 250 and len(line.unit) <= 16 for line in lines)
    total = sum(line.amount_cents for line in lines)
    assert total == total_cents(lines)
    without_tolls = total - trip.tolls_cents
    assert without_tolls >= card.minimum_cents
    assert card.maximum_cents is None or without_tolls <= card.maximum_cents


@given(trips(), cards())
def test_a_line_is_quantity_times_price(trip: TripFacts, card: RateCard) -> None:
    for line in price(trip, card):
        assert line.amount_cents == cents(line.quantity, line.unit_cents)


@given(st.integers(0, 10**9), st.integers(1, 40))
def test_parts_are_equal_but_for_a_cent_and_lose_none(total: int, parts: int) -> None:
    split = split_cents(total, parts)
    assert sum(split) == total
    assert max(split) - min(split) <= 1
    assert split == sorted(split, reverse=True)


#: A tour: its stretches in tenths of a mile, each with who is aboard.
tours = st.lists(
    st.tuples(st.integers(0, 400), st.frozensets(st.integers(0, 5), min_size=1)), max_size=8
)


@settings(max_examples=200)
@given(tours, st.integers(1, 900))
def test_riders_who_split_a_tour_pay_its_miles_once_and_to_the_cent(
    tour: list[tuple[int, frozenset[int]]], mile_cents: int
) -> None:
    card = RateCard(
        version="rate 1", base_cents=0, included_miles=Decimal(0), mile_cents=mile_cents,
        wait_grace_minutes=0, wait_increment_minutes=30, wait_increment_cents=0,
        shared_miles=SharedMiles.SPLIT,
    )  # fmt: skip
    paid = sum(_paid(rider, tour, card) for rider in range(6))
    together = sum(cents(_tenths(n), mile_cents) for n, aboard in tour if len(aboard) > 1)
    alone = sum(
        cents(_tenths(sum(n for n, aboard in tour if aboard == {rider})), mile_cents)
        for rider in range(6)
    )
    assert paid == together + alone


def _tenths(count: int) -> Decimal:
    return Decimal(count) / 10


def _paid(rider: int, tour: list[tuple[int, frozenset[int]]], card: RateCard) -> int:
    """What one rider pays; riders are placed in order of their numbers."""
    mine = [(n, sorted(aboard)) for n, aboard in tour if rider in aboard]
    if not mine:
        return 0
    stretches = tuple(
        Stretch(n / 10 * MILE_M, len(aboard), aboard.index(rider)) for n, aboard in mine
    )
    facts = TripFacts(
        mobility="ambulatory",
        measured_m=sum(part.distance_m for part in stretches),
        wait_minutes=0,
        distance_source="gps",
        stretches=stretches,
    )
    return total_cents(price(facts, card))


@given(st.floats(0, 3_000_000), st.sampled_from(MileRounding))
def test_rounded_miles_are_less_than_a_step_away(distance_m: float, rounding: MileRounding) -> None:
    exact = Decimal(distance_m) / Decimal("1609.344")
    for step in (Decimal("0.1"), Decimal(1)):
        rounded = miles(distance_m, step, rounding)
        assert rounded % step == 0
        most = step / 2 if rounding is MileRounding.NEAREST else step
        assert abs(rounded - exact) <= most + Decimal("0.000001")
