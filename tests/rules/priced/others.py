"""People, bounds, tolls; and what was never driven."""

from __future__ import annotations

from typing import Any

from billing.rates import Outcome
from tests.rules.priced import case, driven
from tests.rules.priced.hours import HOURS, at

PEOPLE = [
    case(
        "an attendant for 30.00", "A0130 4500 T2001 3000", {"attendant_cents": 3_000},
        attendant=True,
    ),
    case("an attendant for nothing", "A0130 4500", attendant=True),
    case(
        "one escort, who is included", "A0130 4500", {"included_escorts": 1, "escort_cents": 500},
        escorts=1,
    ),
    case(
        "three escorts, one included: two at 5.00", "A0130 4500 A0130 1000",
        {"included_escorts": 1, "escort_cents": 500}, escorts=3,
    ),
    case(
        "a bariatric wheelchair: 20.00 more", "A0130 4500 A0130 2000", {"bariatric_cents": 2_000},
        mobility="bariatric_wheelchair",
    ),
    case("a plain wheelchair pays no such thing", "A0130 4500", {"bariatric_cents": 2_000}),
    case(
        "a stretcher of 7 miles: 2 at 3.75", "T2005 4500 T2049 750", mobility="stretcher",
        **driven("7"),
    ),
    case(
        "on foot 7 miles: 2 at 3.75", "A0120 4500 S0215 750", mobility="ambulatory", **driven("7")
    ),
]  # fmt: skip

BOUNDS = [
    case("60.00 at least: 15.00 more", "A0130 4500 A0130 1500", {"minimum_cents": 6_000}),
    case("45.00 at least: it is that", "A0130 4500", {"minimum_cents": 4_500}),
    case(
        "60.00 at least without tolls: 15.00 more, and 4.50 on top",
        "A0130 4500 A0130 1500 A0170 450", {"minimum_cents": 6_000}, tolls_cents=450,
    ),
    case(
        "60.00 at least: with a wait of 15.00 it is reached", "A0130 4500 T2007 1500",
        {"minimum_cents": 6_000}, wait_minutes=20,
    ),
    case(
        "12.3 miles are 72.38, capped at 70.00: 2.38 less",
        "A0130 4500 S0209 2738 A0130 -238", {"maximum_cents": 7_000}, **driven("12.3"),
    ),
    case(
        "capped at 70.00, and tolls of 4.50 on top",
        "A0130 4500 S0209 2738 A0130 -238 A0170 450", {"maximum_cents": 7_000}, tolls_cents=450,
        **driven("12.3"),
    ),
    case("tolls that this payer does not pay", "A0130 4500", {"tolls_are_paid": False},
          tolls_cents=450),
    case(
        "14.2 miles on a Saturday with an attendant, 46 min of waiting and tolls: 45.00, 9.2 at "
        "3.75 are 34.50, 25 % of 79.50 are 19.875, so 19.88, two half hours, 30.00, 4.50",
        "A0130 4500 S0209 3450 A0130 1988 T2007 3000 T2001 3000 A0170 450",
        HOURS | {"attendant_cents": 3_000}, wait_minutes=46, attendant=True, tolls_cents=450,
        **driven("14.2"), **at("2026-03-14T12:00"),
    ),
]  # fmt: skip

FEES = {
    "no_show_cents": 2_500,
    "cancel_same_day_cents": 1_000,
    "cancel_late_cents": 1_500,
    "cancel_at_door_cents": 3_000,
    "minimum_cents": 6_000,
}


def cancelled(kind: str, by: str = "patient") -> dict[str, Any]:
    return {"outcome": Outcome.CANCELLED, "cancel_kind": kind, "cancelled_by": by}


NOT_DRIVEN = [
    case(
        "nobody came: 25.00, and no minimum", "NOSHOW 2500", FEES, outcome=Outcome.NO_SHOW,
        wait_minutes=60, **driven("12"),
    ),
    case("nobody came, which this payer does not pay", "", outcome=Outcome.NO_SHOW),
    case("cancelled the same day: 10.00", "CANCEL 1000", FEES, **cancelled("same_day")),
    case("cancelled late: 15.00", "CANCEL 1500", FEES, **cancelled("late", "dispatcher")),
    case("cancelled at the door: 30.00", "CANCEL 3000", FEES, **cancelled("at_door", "driver")),
    case("cancelled in advance: nothing", "", FEES, **cancelled("advance")),
    case("cancelled by the system: nothing", "", FEES, **cancelled("late", "system")),
    case("cancelled as long ago, of no kind: nothing", "", FEES, **cancelled("")),
]  # fmt: skip
