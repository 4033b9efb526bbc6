"""What the linter looks at, and what it says (pure)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from trips.dispatch.seats import Configuration


class Severity(StrEnum):
    """`blocking`: not claimed before it is mended or waived."""

    BLOCKING = "blocking"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class PayerRules:
    """What one payer asks. Shares are 0 to 1; `member_id_form` as `has_form` reads it."""

    member_id_form: str = ""
    authorization_required: bool = True
    signature_required: bool = False
    least_coverage: float = 0.8
    longest_gap_s: float = 600.0
    most_variance: float = 0.2


@dataclass(frozen=True, slots=True)
class AuthorizationFacts:
    """The authorization whose number the trip names.

    `used_before` is what earlier trips drew, `units_of_trip` what this one does.
    """

    patient_id: int
    valid_from: date
    valid_to: date
    units: Decimal
    used_before: Decimal
    units_of_trip: Decimal
    levels: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ridden:
    """A ride, or the part of one with the same crew, from pick-up to drop-off."""

    trip_id: int
    patient_id: int
    driver_id: int
    vehicle_id: int
    mobility: str
    escorts: int
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class MeasuredFacts:
    """What positions and odometer tell; None: not known."""

    by_gps: bool
    coverage: float
    longest_gap_s: float
    driven_m: float
    odometer_m: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFacts:
    """One completed trip as a payer would look at it.

    `rides` are its own parts; `beside` all others that overlap it by driver, vehicle or patient.
    """

    trip_id: int
    patient_id: int
    service_day: date
    mobility: str
    member_id: str = ""
    authorization_number: str = ""
    authorization: AuthorizationFacts | None = None
    line_codes: tuple[str, ...] = ()
    invoice_id: int | None = None
    claimed_invoice_id: int | None = None
    licences: tuple[str, ...] = ()
    licence_expires: tuple[date, ...] = ()
    plates: tuple[str, ...] = ()
    seatings: Mapping[int, Sequence[Configuration]]
    arrived_at: datetime | None = None
    picked_up_at: datetime | None = None
    dropped_off_at: datetime | None = None
    completed_at: datetime
    measured: MeasuredFacts | None = None
    log_faults: int = 0
    has_signature: bool = False
    duplicates: tuple[int, ...] = ()
    rides: tuple[Ridden, ...] = ()
    beside: tuple[Ridden, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """One finding: the rule's code, and the numbers that it rests on."""

    code: str
    severity: Severity
    detail: str


Check = Callable[[ClaimFacts, PayerRules], str | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `check` answers the detail of what is wrong, "" without one, None: nothing is."""

    code: str
    severity: Severity
    sentence: str
    how_to_fix: str
    check: Check
    waivable: bool = True
