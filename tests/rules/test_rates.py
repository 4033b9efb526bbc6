"""What a trip costs: codes, rounding, and what a rate may hold."""

from dataclasses import replace
from decimal import Decimal

import pytest

from billing.rates import (
    BASE_CODES,
    MILE_CODES,
    Line,
    RateCard,
    TripFacts,
    cents,
    miles,
    price,
    split_cents,
)
from billing.rates.cards import bands_of, windows_of
from billing.rates.codes import PLACE_LETTERS, PLAIN_LEVEL
from trips.models import Trip

CARD = RateCard(
    version="rate 7",
    base_cents=4_500,
    included_miles=Decimal(5),
    mile_cents=375,
    wait_grace_minutes=15,
    wait_increment_minutes=30,
    wait_increment_cents=1_500,
)
FACTS = TripFacts(
    mobility="wheelchair",
    measured_m=12.3 * 1_609.344,
    wait_minutes=0,
    distance_source="gps:300 fixes",
)


def amounts(lines: list[Line]) -> list[tuple[str, str, int]]:
    return [(line.code, str(line.quantity), line.amount_cents) for line in lines]


def test_a_wheelchair_ride_of_12_3_miles_costs_the_base_and_7_3_miles() -> None:
    lines = price(FACTS, CARD)
    assert amounts(lines) == [("A0130", "1", 4_500), ("S0209", "7.3", 2_738)]
    assert sum(line.amount_cents for line in lines) == 7_238


def test_46_minutes_at_the_door_are_15_of_grace_and_two_started_half_hours() -> None:
    [*_, waiting] = price(replace(FACTS, wait_minutes=46), CARD)
    assert amounts([waiting]) == [("T2007", "2", 3_000)]
    assert waiting.unit == "30 min"
    assert waiting.evidence == {"wait_minutes": 46}


@pytest.mark.parametrize(
    ("wait_minutes", "increments"), [(0, 0), (15, 0), (16, 1), (45, 1), (46, 2), (75, 2)]
)
def test_waiting_is_charged_by_started_increments_after_the_grace(
    wait_minutes: int, increments: int
) -> None:
    lines = price(replace(FACTS, wait_minutes=wait_minutes), CARD)
    charged = [line.quantity for line in lines if line.code == "T2007"]
    assert charged == ([Decimal(increments)] if increments else [])


@pytest.mark.parametrize("loaded", ["0", "4.9", "5.0"])
def test_miles_within_the_included_ones_are_no_line(loaded: str) -> None:
    lines = price(replace(FACTS, measured_m=float(loaded) * 1_609.344), CARD)
    assert [line.code for line in lines] == ["A0130"]


def test_what_costs_nothing_is_no_line() -> None:
    free = replace(CARD, mile_cents=0, wait_increment_cents=0)
    lines = price(replace(FACTS, wait_minutes=500), free)
    assert [line.code for line in lines] == ["A0130"]


@pytest.mark.parametrize(
    ("mobility", "base", "mile"),
    [
        ("ambulatory", "A0120", "S0215"),
        ("wheelchair", "A0130", "S0209"),
        ("bariatric_wheelchair", "A0130", "S0209"),
        ("stretcher", "T2005", "T2049"),
        ("bariatric_stretcher", "T2005", "T2049"),
    ],
)
def test_each_level_of_service_has_its_hcpcs_codes(mobility: str, base: str, mile: str) -> None:
    lines = price(replace(FACTS, mobility=mobility), CARD)
    assert [line.code for line in lines] == [base, mile]


def test_every_mobility_of_a_trip_can_be_priced() -> None:
    assert set(BASE_CODES) == set(Trip.Mobility.values)
    assert set(MILE_CODES) == set(BASE_CODES.values())


def test_every_line_names_its_rule_and_the_mileage_its_evidence() -> None:
    lines = price(replace(FACTS, wait_minutes=20), CARD)
    assert all(line.rule.startswith("rate 7: ") for line in lines)
    assert lines[1].evidence == {"loaded_miles": "12.3", "source": "gps:300 fixes"}
    assert all(isinstance(line.amount_cents, int) for line in lines)


@pytest.mark.parametrize(
    ("distance_m", "expected"),
    [
        (0.0, "0.0"),
        (1_609.344, "1.0"),
        (16_093.44, "10.0"),
        (80.0, "0.0"),
        (80.4672, "0.1"),  # exactly 0.05 miles goes up
        (241.4016, "0.2"),  # exactly 0.15 does too: not to the even tenth
        (1_000.0, "0.6"),
    ],
)
def test_metres_become_tenths_of_miles_rounded_half_up(distance_m: float, expected: str) -> None:
    assert str(miles(distance_m)) == expected


@pytest.mark.parametrize(
    ("quantity", "unit_cents", "expected"),
    [("1", 250, 250), ("0.1", 375, 38), ("0.5", 1, 1), ("0.4", 1, 0), ("2.5", 1, 3)],
)
def test_half_a_cent_goes_up(quantity: str, unit_cents: int, expected: int) -> None:
    assert cents(Decimal(quantity), unit_cents) == expected


@pytest.mark.parametrize(
    ("total", "parts", "expected"),
    [(100, 3, [34, 33, 33]), (2, 3, [1, 1, 0]), (0, 2, [0, 0]), (7, 1, [7])],
)
def test_the_first_ones_take_the_cents_left_over(
    total: int, parts: int, expected: list[int]
) -> None:
    assert split_cents(total, parts) == expected


def test_the_letters_of_places_are_single_and_every_bariatric_level_has_a_plain_one() -> None:
    assert all(len(letter) == 1 for letter in PLACE_LETTERS)
    assert set(PLAIN_LEVEL) == {level for level in BASE_CODES if "bariatric" in level}
    assert set(PLAIN_LEVEL.values()) <= set(BASE_CODES)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ({}, "A list"),
        (["10"], "A list"),
        ([{"from_mile": "10"}], "`cents` is missing"),
        ([{"from_mile": "10", "cents": 175, "to_mile": "20"}], "`to_mile` is unknown"),
        ([{"from_mile": "0", "cents": 175}], "further out"),
        ([{"from_mile": "10", "cents": 1}, {"from_mile": "10", "cents": 2}], "further out"),
        ([{"from_mile": "ten", "cents": 1}], "`from_mile` is a number"),
        ([{"from_mile": "NaN", "cents": 1}], "`from_mile` is a number"),
        ([{"from_mile": "1e-9", "cents": 1}], "`from_mile` is a number"),
        ([{"from_mile": [], "cents": 1}], "`from_mile` is a number"),
        ([{"from_mile": "10", "cents": 1.5}], "`cents` is a whole number"),
        ([{"from_mile": "10", "cents": True}], "`cents` is a whole number"),
        ([{"from_mile": "10", "cents": -1}], "`cents` is a whole number"),
        ([{"from_mile": str(n + 1), "cents": 1} for n in range(21)], "At most 20"),
    ],
)
def test_mile_bands_that_are_none_are_refused_in_words(rows: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        bands_of(rows)


_WINDOW = {"days": ["SA"], "from": "18:00", "to": "06:00", "flat_cents": 1}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"days": ["Saturday"]}, "list of MO"),
        ({"days": "SA"}, "list of MO"),
        ({"days": []}, "A window has `days`"),
        ({"holidays": "yes"}, "A window has `days`"),
        ({"from": "24:00"}, "no 24:00"),
        ({"from": "6:00"}, "written 18:00"),
        ({"to": 6}, "written 18:00"),
        ({"to": None}, "written 18:00"),
        ({"flat_cents": 0}, "`flat_cents` or `percent`"),
        ({"percent": "501"}, "`percent` is a number"),
        ({"until": "06:00"}, "`until` is unknown"),
    ],
)
def test_hours_that_are_none_are_refused_in_words(change: dict[str, object], why: str) -> None:
    assert windows_of([_WINDOW])[0].days == {5}
    with pytest.raises(ValueError, match=why):
        windows_of([_WINDOW | change])
