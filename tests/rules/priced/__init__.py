"""Priced trips as tables: what differs from a plain one, and what each line then costs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.rates import RateCard, TripFacts

#: 45.00, of which 5 miles; each further mile 3.75; 15 min of grace, then 15.00 a half hour.
CARD = RateCard(
    version="rate 7",
    base_cents=4_500,
    included_miles=Decimal(5),
    mile_cents=375,
    wait_grace_minutes=15,
    wait_increment_minutes=30,
    wait_increment_cents=1_500,
)
#: Three miles, which are included; nobody waited.
FACTS = TripFacts(
    mobility="wheelchair", measured_m=3 * 1_609.344, wait_minutes=0, distance_source="gps"
)


@dataclass(frozen=True)
class Case:
    """`lines`: code and cents of each; their sum is the price."""

    words: str
    lines: str
    card: dict[str, Any]
    facts: dict[str, Any]


def case(words: str, lines: str, card: Any = None, **facts: Any) -> Case:
    return Case(words, lines, card or {}, facts)


def mi(miles: str) -> float:
    return float(Decimal(miles) * Decimal("1609.344"))


def driven(miles: str, **more: Any) -> dict[str, Any]:
    return {"measured_m": mi(miles), **more}
