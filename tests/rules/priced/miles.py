"""Miles: rounding, where they come from, and bands."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from billing.rates import MileRounding, MileSource
from billing.rates.cards import bands_of
from tests.rules.priced import case, driven, mi

WHOLE_UP = {"mile_step": Decimal(1), "mile_rounding": MileRounding.UP}
WHOLE_NEAREST = {"mile_step": Decimal(1)}
WHOLE_DOWN = {"mile_step": Decimal(1), "mile_rounding": MileRounding.DOWN}

MILES = [
    case(
        "12.3 miles: 5 are free, 7.3 at 3.75 are 27.375, so 27.38; 72.38 in all",
        "A0130 4500 S0209 2738",
        **driven("12.3"),
    ),
    case("5 miles are all included: the base", "A0130 4500", **driven("5")),
    case("4.9 miles too", "A0130 4500", **driven("4.9")),
    case("nobody drove a mile: the base all the same", "A0130 4500", **driven("0")),
    case("5.1 miles: a tenth at 3.75 is 0.375, so 0.38", "A0130 4500 S0209 38", **driven("5.1")),
    case(
        "14.24 miles are 14.2 to the nearest tenth: 9.2 at 3.75 are 34.50",
        "A0130 4500 S0209 3450",
        **driven("14.24"),
    ),
    case(
        "14.25 miles are 14.3, half goes up: 9.3 at 3.75 are 34.875, so 34.88",
        "A0130 4500 S0209 3488",
        **driven("14.25"),
    ),
    case(
        "14.21 miles rounded up are 14.3: 34.88",
        "A0130 4500 S0209 3488",
        {"mile_rounding": MileRounding.UP},
        **driven("14.21"),
    ),
    case(
        "14.29 miles rounded down are 14.2: 34.50",
        "A0130 4500 S0209 3450",
        {"mile_rounding": MileRounding.DOWN},
        **driven("14.29"),
    ),
    case(
        "14.01 miles in whole miles, up: 15, of which 10 at 3.75 are 37.50",
        "A0130 4500 S0209 3750",
        WHOLE_UP,
        **driven("14.01"),
    ),
    case(
        "exactly 14 miles, up: 14, though metres are never exact; 9 at 3.75 are 33.75",
        "A0130 4500 S0209 3375",
        WHOLE_UP,
        **driven("14"),
    ),
    case(
        "14.5 miles to the nearest mile: 15, of which 10 at 3.75 are 37.50",
        "A0130 4500 S0209 3750",
        WHOLE_NEAREST,
        **driven("14.5"),
    ),
    case(
        "14.99 miles, down: 14, of which 9 at 3.75 are 33.75",
        "A0130 4500 S0209 3375",
        WHOLE_DOWN,
        **driven("14.99"),
    ),
    case(
        "without a base 10 miles are 5 at 3.75: 18.75; the base is shown as nothing",
        "A0130 0 S0209 1875",
        {"base_cents": 0},
        **driven("10"),
    ),
    case(
        "14.2 driven, 12 planned, the plan is paid: 7 at 3.75 are 26.25",
        "A0130 4500 S0209 2625",
        {"mile_source": MileSource.PLANNED},
        **driven("14.2", planned_m=mi("12")),
    ),
    case(
        "14.2 by GPS, 13 by odometer, the odometer is paid: 8 at 3.75 are 30.00",
        "A0130 4500 S0209 3000",
        {"mile_source": MileSource.ODOMETER},
        **driven("14.2", odometer_m=mi("13")),
    ),
    case(
        "the odometer is paid, but nobody read it: 14.2 by GPS, 9.2 at 3.75 are 34.50",
        "A0130 4500 S0209 3450",
        {"mile_source": MileSource.ODOMETER},
        **driven("14.2"),
    ),
    case(
        "14.2 driven, 12 planned, the least is paid: 26.25",
        "A0130 4500 S0209 2625",
        {"mile_source": MileSource.LEAST},
        **driven("14.2", planned_m=mi("12")),
    ),
    case(
        "14.2 driven, 16 planned, the least is paid: 34.50",
        "A0130 4500 S0209 3450",
        {"mile_source": MileSource.LEAST},
        **driven("14.2", planned_m=mi("16")),
    ),
]

#: 2.50 a mile, from mile 10 on 1.75; nothing included.
BANDS: dict[str, Any] = {
    "included_miles": Decimal(0),
    "mile_cents": 250,
    "mile_bands": bands_of([{"from_mile": "10", "cents": 175}]),
}
THREE_BANDS: dict[str, Any] = BANDS | {
    "mile_bands": bands_of([{"from_mile": "10", "cents": 175}, {"from_mile": 25, "cents": 120}])
}

IN_BANDS = [
    case("8 miles at 2.50 are 20.00", "A0130 4500 S0209 2000", BANDS, **driven("8")),
    case("10 miles at 2.50 are 25.00", "A0130 4500 S0209 2500", BANDS, **driven("10")),
    case(
        "10.1 miles: 25.00, and a tenth at 1.75 is 0.175, so 0.18",
        "A0130 4500 S0209 2500 S0209 18",
        BANDS,
        **driven("10.1"),
    ),
    case(
        "14.2 miles: 10 at 2.50 are 25.00, 4.2 at 1.75 are 7.35",
        "A0130 4500 S0209 2500 S0209 735",
        BANDS,
        **driven("14.2"),
    ),
    case(
        "30 miles: 10 at 2.50, 15 at 1.75 are 26.25, 5 at 1.20 are 6.00",
        "A0130 4500 S0209 2500 S0209 2625 S0209 600",
        THREE_BANDS,
        **driven("30"),
    ),
    case(
        "12 miles with 5 included: 5 free, 5 at 2.50 are 12.50, 2 at 1.75 are 3.50",
        "A0130 4500 S0209 1250 S0209 350",
        BANDS | {"included_miles": Decimal(5)},
        **driven("12"),
    ),
    case(
        "14 miles with 12 included, more than the first band: 2 at 1.75 are 3.50",
        "A0130 4500 S0209 350",
        BANDS | {"included_miles": Decimal(12)},
        **driven("14"),
    ),
    case(
        "60 miles, free from mile 50 on: 25.00, and 40 at 1.75 are 70.00",
        "A0130 4500 S0209 2500 S0209 7000",
        BANDS
        | {
            "mile_bands": bands_of([{"from_mile": 10, "cents": 175}, {"from_mile": 50, "cents": 0}])
        },
        **driven("60"),
    ),
    case(
        "5 miles where the first 3 are cheap: 3 at 1.00, 2 at 4.00 are 8.00",
        "A0130 4500 S0209 300 S0209 800",
        BANDS | {"mile_cents": 100, "mile_bands": bands_of([{"from_mile": "3", "cents": 400}])},
        **driven("5"),
    ),
]
