"""Miles with other riders aboard."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from billing.rates import MileSource, SharedMiles, Stretch
from tests.rules.priced import case, mi
from tests.rules.priced.miles import BANDS

SPLIT: dict[str, Any] = {"shared_miles": SharedMiles.SPLIT, "included_miles": Decimal(0)}


def shared(*stretches: tuple[str, int, int]) -> dict[str, Any]:
    """(miles, riders, our place among them), one after the other."""
    parts = tuple(Stretch(mi(miles), riders, place) for miles, riders, place in stretches)
    return {"stretches": parts, "measured_m": sum(part.distance_m for part in parts)}


SHARED = [
    case(
        "4 miles alone at 2.50 are 10.00, 6 with another one are 15.00, of which 7.50",
        "A0130 4500 S0209 1000 S0209 750", SPLIT | {"mile_cents": 250},
        **shared(("4", 1, 0), ("6", 2, 0)),
    ),
    case(
        "a tenth of a mile at 3.75 is 0.38; the first of three pays 0.13",
        "A0130 4500 S0209 13", SPLIT, **shared(("0.1", 3, 0)),
    ),
    case("the second pays 0.13", "A0130 4500 S0209 13", SPLIT, **shared(("0.1", 3, 1))),
    case("the third pays 0.12", "A0130 4500 S0209 12", SPLIT, **shared(("0.1", 3, 2))),
    case(
        "6 miles with another one, 5 included: one mile at 3.75, of which 1.88",
        "A0130 4500 S0209 188", SPLIT | {"included_miles": Decimal(5)}, **shared(("6", 2, 0)),
    ),
    case(
        "the other one pays 1.87", "A0130 4500 S0209 187",
        SPLIT | {"included_miles": Decimal(5)}, **shared(("6", 2, 1)),
    ),
    case(
        "4 alone are 10.00; 8 with another one: 6 at 2.50 are 15.00, 2 beyond mile 10 at 1.75 are "
        "3.50; half of both",
        "A0130 4500 S0209 1000 S0209 750 S0209 175", SPLIT | BANDS,
        **shared(("4", 1, 0), ("8", 2, 1)),
    ),
    case(
        "alone before and after: 2 and 3 at 2.50 are 12.50 in one line; 4 of four are 2.50",
        "A0130 4500 S0209 1250 S0209 250", SPLIT | {"mile_cents": 250},
        **shared(("2", 1, 0), ("4", 4, 2), ("3", 1, 0)),
    ),
    case(
        "each pays in full: 10 miles, 5 included, 5 at 3.75 are 18.75", "A0130 4500 S0209 1875",
        **shared(("4", 1, 0), ("6", 2, 0)),
    ),
    case(
        "planned miles are nobody else's: 8 at 3.75 are 30.00", "A0130 4500 S0209 3000",
        SPLIT | {"mile_source": MileSource.PLANNED}, planned_m=mi("8"), **shared(("6", 2, 0)),
    ),
]  # fmt: skip
