"""What a trip costs (pure): integer cents, Decimal quantities, one rule per line.

`cards` says what a rate can hold, `facts` what a price rests on, `price` makes lines of the two.
"""

from billing.rates.cards import (
    Band,
    MileRounding,
    MileSource,
    RateCard,
    SharedMiles,
    WaitRounding,
    Window,
)
from billing.rates.choice import choose, clashing
from billing.rates.codes import BASE_CODES, MILE_CODES
from billing.rates.facts import Line, Outcome, Stretch, TripFacts
from billing.rates.fees import NOT_CHARGED
from billing.rates.mileage import miles
from billing.rates.money import cents, split_cents
from billing.rates.pricing import price, total_cents

__all__ = [
    "BASE_CODES",
    "MILE_CODES",
    "NOT_CHARGED",
    "Band",
    "Line",
    "MileRounding",
    "MileSource",
    "Outcome",
    "RateCard",
    "SharedMiles",
    "Stretch",
    "TripFacts",
    "WaitRounding",
    "Window",
    "cents",
    "choose",
    "clashing",
    "miles",
    "price",
    "split_cents",
    "total_cents",
]
