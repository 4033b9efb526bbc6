"""What a trip costs (pure): integer cents, Decimal quantities, one rule per line.

HCPCS codes: A0120 mini-bus or other, A0130 wheelchair van, T2005 stretcher van; S0215 mile,
S0209 wheelchair-van mile, T2049 stretcher-van mile; T2007 waiting time per half hour.
"""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from math import ceil
from typing import Any

METERS_PER_MILE = Decimal("1609.344")

BASE_CODES = {
    "ambulatory": "A0120",
    "wheelchair": "A0130",
    "bariatric_wheelchair": "A0130",
    "stretcher": "T2005",
    "bariatric_stretcher": "T2005",
}
MILE_CODES = {"A0120": "S0215", "A0130": "S0209", "T2005": "T2049"}
WAIT_CODE = "T2007"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCard:
    """One rate as numbers; `version` names the row that it came from."""

    version: str
    base_cents: int
    included_miles: Decimal
    mile_cents: int
    wait_grace_minutes: int
    wait_increment_minutes: int
    wait_increment_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TripFacts:
    """What a price rests on. `wait_minutes` runs from max(arrival, agreed time) to pick-up."""

    mobility: str
    loaded_miles: Decimal
    wait_minutes: int
    distance_source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One charge."""

    code: str
    description: str
    quantity: Decimal
    unit: str
    unit_cents: int
    amount_cents: int
    rule: str
    evidence: dict[str, Any] = field(default_factory=dict)


def miles(distance_m: float) -> Decimal:
    """Metres as miles, rounded half up to a tenth."""
    exact = Decimal(str(distance_m)) / METERS_PER_MILE
    return exact.quantize(Decimal("0.1"), ROUND_HALF_UP)


def cents(quantity: Decimal, unit_cents: int) -> int:
    """`quantity` times a price, rounded half up to a whole cent."""
    return int((quantity * unit_cents).quantize(Decimal(1), ROUND_HALF_UP))


def price(facts: TripFacts, rate: RateCard) -> list[Line]:
    """The lines of a completed trip: base, loaded miles, waiting."""
    base_code = BASE_CODES[facts.mobility]
    lines = [_base(base_code, facts, rate)]
    billed_miles = max(Decimal(0), facts.loaded_miles - rate.included_miles)
    if billed_miles and rate.mile_cents:
        lines.append(_mileage(MILE_CODES[base_code], billed_miles, facts, rate))
    increments = _wait_increments(facts.wait_minutes, rate)
    if increments and rate.wait_increment_cents:
        lines.append(_waiting(increments, facts, rate))
    return lines


def _base(code: str, facts: TripFacts, rate: RateCard) -> Line:
    return Line(
        code=code,
        description=f"Transport, {facts.mobility.replace('_', ' ')}",
        quantity=Decimal(1),
        unit="trip",
        unit_cents=rate.base_cents,
        amount_cents=rate.base_cents,
        rule=f"{rate.version}: base",
    )


def _mileage(code: str, billed: Decimal, facts: TripFacts, rate: RateCard) -> Line:
    return Line(
        code=code,
        description="Loaded miles",
        quantity=billed,
        unit="mile",
        unit_cents=rate.mile_cents,
        amount_cents=cents(billed, rate.mile_cents),
        rule=f"{rate.version}: {facts.loaded_miles} loaded miles, {rate.included_miles} included",
        evidence={"loaded_miles": str(facts.loaded_miles), "source": facts.distance_source},
    )


def _wait_increments(wait_minutes: int, rate: RateCard) -> int:
    """Started increments after the grace time."""
    billable = max(0, wait_minutes - rate.wait_grace_minutes)
    return ceil(billable / rate.wait_increment_minutes)


def _waiting(increments: int, facts: TripFacts, rate: RateCard) -> Line:
    return Line(
        code=WAIT_CODE,
        description="Waiting time",
        quantity=Decimal(increments),
        unit=f"{rate.wait_increment_minutes} min",
        unit_cents=rate.wait_increment_cents,
        amount_cents=increments * rate.wait_increment_cents,
        rule=f"{rate.version}: {rate.wait_grace_minutes} min grace, started increments",
        evidence={"wait_minutes": facts.wait_minutes},
    )
