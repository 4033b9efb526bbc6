"""What a trip costs, on worked examples."""

from dataclasses import replace
from decimal import Decimal

import pytest

from billing.rates import BASE_CODES, MILE_CODES, Line, RateCard, TripFacts, cents, miles, price
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
    loaded_miles=Decimal("12.3"),
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
    lines = price(replace(FACTS, loaded_miles=Decimal(loaded)), CARD)
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
