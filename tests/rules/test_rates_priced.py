"""Priced trips, each worked out by hand in its words (`tests.rules.priced`)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from billing.rates import price, total_cents
from tests.rules.priced import CARD, FACTS, Case, driven, mi
from tests.rules.priced.hours import CLOCK, HOURS, WAITING, at
from tests.rules.priced.miles import IN_BANDS, MILES, THREE_BANDS
from tests.rules.priced.others import BOUNDS, NOT_DRIVEN, PEOPLE
from tests.rules.priced.shared import SHARED, SPLIT, shared

CASES = [*MILES, *IN_BANDS, *WAITING, *CLOCK, *PEOPLE, *BOUNDS, *NOT_DRIVEN, *SHARED]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.words)
def test_a_trip_costs_what_its_words_say(case: Case) -> None:
    lines = price(replace(FACTS, **case.facts), replace(CARD, **case.card))
    assert " ".join(f"{line.code} {line.amount_cents}" for line in lines) == case.lines
    amounts = [int(word) for word in case.lines.split()[1::2]]
    assert total_cents(lines) == sum(amounts)


def test_there_are_enough_of_them_and_none_is_there_twice() -> None:
    assert len({case.words for case in CASES}) == len(CASES) >= 60


# --- what stands on a line beside its money


def test_a_line_says_why_so_many_miles() -> None:
    evidence: dict[str, dict[str, object]] = {"miles": {"fixes": 300, "coverage": 0.98}}
    facts = replace(FACTS, measured_m=mi("14.2"), places="RD", evidence=evidence)
    base, mileage = price(facts, replace(CARD, rate_id=7))
    assert mileage.rule == "rate 7: 14.2 loaded miles (measured, nearest 0.1), 5 included"
    assert mileage.evidence == {
        "loaded_miles": "14.2",
        "source": "gps",
        "fixes": 300,
        "coverage": 0.98,
    }
    assert (base.modifiers, mileage.modifiers) == (("RD",), ("RD",))
    assert (base.rate_id, mileage.rate_id) == (7, 7)
    assert mileage.quantity * mileage.unit_cents == mileage.amount_cents


def test_a_shared_ride_is_marked_and_says_with_how_many() -> None:
    facts = replace(FACTS, places="RJ", **shared(("4", 1, 0), ("6", 4, 0)))
    base, alone, together = price(facts, replace(CARD, **SPLIT))
    assert (base.modifiers, alone.modifiers) == (("RJ", "GM"), ("RJ",))
    assert together.modifiers == ("RJ", "GM")
    assert together.description == "Shared miles, 4 aboard"
    assert together.quantity == Decimal("1.50")
    assert "10.0 loaded miles" in together.rule
    assert "6.0 shared by 4" in together.rule
    assert together.evidence["legs"] == [
        {"miles": "4.0", "riders": 1},
        {"miles": "6.0", "riders": 4},
    ]


@pytest.mark.parametrize(
    ("local", "mark", "words"),
    [
        ("2026-03-10T20:00", "TU", "After hours"),
        ("2026-03-14T12:00", "TV", "Weekend or holiday"),
        ("2026-07-03T12:00", "TV", "Weekend or holiday"),
    ],
)
def test_a_surcharge_is_marked_by_its_kind(local: str, mark: str, words: str) -> None:
    surcharge = price(replace(FACTS, **at(local)), replace(CARD, **HOURS))[1]
    assert (surcharge.modifiers, surcharge.description) == ((mark,), words)
    assert surcharge.evidence["agreed_at_local"].startswith(local)


def test_a_band_says_where_it_begins() -> None:
    lines = price(replace(FACTS, **driven("30")), replace(CARD, **THREE_BANDS))
    assert [line.description for line in lines[1:]] == [
        "Loaded miles",
        "Loaded miles from mile 10",
        "Loaded miles from mile 25",
    ]
