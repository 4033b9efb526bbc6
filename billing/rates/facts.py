"""What a price rests on, and what it is made of (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from billing.rates.mileage import miles


class Outcome(StrEnum):
    """How a trip ended, as far as it is charged."""

    COMPLETED = "completed"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the ride with the same riders aboard; ours is the `place`-th of them, from 0."""

    distance_m: float
    riders: int = 1
    place: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TripFacts:
    """One trip in numbers. `wait_minutes` runs from max(arrival, agreed time) to the pick-up.

    `agreed_at` is by the company's clock (aware); `holidays` are at least those around it.
    `stretches` are there where others were aboard. `evidence` goes onto the lines: what the
    miles and the wait rest on.
    """

    mobility: str
    measured_m: float
    wait_minutes: int
    distance_source: str
    outcome: Outcome = Outcome.COMPLETED
    cancel_kind: str = ""
    cancelled_by: str = ""
    planned_m: float | None = None
    odometer_m: float | None = None
    stretches: tuple[Stretch, ...] = ()
    agreed_at: datetime | None = None
    holidays: frozenset[date] = frozenset()
    attendant: bool = False
    escorts: int = 0
    tolls_cents: int = 0
    places: str = ""
    evidence: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def loaded_miles(self) -> Decimal:
        """As measured, to a tenth."""
        return miles(self.measured_m)


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
    modifiers: tuple[str, ...] = ()
    rate_id: int | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
