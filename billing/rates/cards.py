"""What a rate can hold (pure): numbers and rules as data; payers differ in nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from itertools import pairwise
from typing import Any

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MOST_CENTS = 10_000_000
MOST_ROWS = 20


class MileRounding(StrEnum):
    """How miles become steps of `mile_step`."""

    NEAREST = "nearest"
    UP = "up"
    DOWN = "down"


class MileSource(StrEnum):
    """Which of the trip's mileages is paid; `least`: the smaller of measured and planned."""

    MEASURED = "measured"
    PLANNED = "planned"
    ODOMETER = "odometer"
    LEAST = "least"


class WaitRounding(StrEnum):
    """Which increments of waiting are paid."""

    STARTED = "started"
    COMPLETED = "completed"
    NEAREST = "nearest"


class SharedMiles(StrEnum):
    """Miles with other riders aboard: paid by each in full, or by all together."""

    FULL = "full"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Band:
    """From this loaded mile on (up to the next band) a mile costs so much."""

    from_mile: Decimal
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hours of the company's clock that cost more, on weekdays (0 is Monday) and holidays.

    An end that is not after the beginning lies on the next day; `percent` is of base and miles.
    """

    days: frozenset[int]
    holidays: bool
    begins: time
    ends: time
    flat_cents: int = 0
    percent: Decimal = Decimal(0)


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
    rate_id: int | None = None
    mile_bands: tuple[Band, ...] = ()
    mile_source: MileSource = MileSource.MEASURED
    mile_step: Decimal = Decimal("0.1")
    mile_rounding: MileRounding = MileRounding.NEAREST
    shared_miles: SharedMiles = SharedMiles.FULL
    wait_rounding: WaitRounding = WaitRounding.STARTED
    wait_cap_minutes: int | None = None
    after_hours: tuple[Window, ...] = ()
    minimum_cents: int = 0
    maximum_cents: int | None = None
    attendant_cents: int = 0
    included_escorts: int = 0
    escort_cents: int = 0
    bariatric_cents: int | None = None
    tolls_are_paid: bool = True
    no_show_cents: int = 0
    cancel_same_day_cents: int = 0
    cancel_late_cents: int = 0
    cancel_at_door_cents: int = 0


# --- from JSON


def bands_of(rows: Any) -> tuple[Band, ...]:
    """`[{"from_mile": "10", "cents": 175}, …]`, each further out; ValueError where it is not."""
    bands = tuple(_band(row) for row in _rows(rows))
    edges = [Decimal(0), *(band.from_mile for band in bands)]
    if any(far <= near for near, far in pairwise(edges)):
        raise ValueError("Each mile band begins further out than the one before it, and than 0.")
    return bands


def _band(row: Mapping[str, Any]) -> Band:
    _check_names(row, {"from_mile", "cents"}, set())
    return Band(_decimal(row["from_mile"], "from_mile", 10_000), _whole(row["cents"], "cents"))


def windows_of(rows: Any) -> tuple[Window, ...]:
    """`[{"days": ["SA"], "holidays": true, "from": "18:00", "to": "06:00", "flat_cents": 1500}]`.

    With `percent` (text) instead of or beside `flat_cents`; ValueError where it is not so.
    """
    return tuple(_window(row) for row in _rows(rows))


def _window(row: Mapping[str, Any]) -> Window:
    _check_names(row, {"from", "to"}, {"days", "holidays", "flat_cents", "percent"})
    days, holidays = row.get("days", []), row.get("holidays", False)
    if not isinstance(days, list) or any(day not in WEEKDAYS for day in days):
        raise ValueError(f"`days` is a list of {', '.join(WEEKDAYS)}.")
    if not isinstance(holidays, bool) or not (days or holidays):
        raise ValueError("A window has `days`, or `holidays`: true.")
    window = Window(
        days=frozenset(WEEKDAYS.index(day) for day in days),
        holidays=holidays,
        begins=_time(row["from"]),
        ends=_time(row["to"]),
        flat_cents=_whole(row.get("flat_cents", 0), "flat_cents"),
        percent=_decimal(row.get("percent", "0"), "percent", 500),
    )
    if not window.flat_cents and not window.percent:
        raise ValueError("A window has `flat_cents` or `percent`.")
    return window


def _rows(rows: Any) -> list[Mapping[str, Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("A list of objects.")
    if len(rows) > MOST_ROWS:
        raise ValueError(f"At most {MOST_ROWS}.")
    return rows


def _check_names(row: Mapping[str, Any], needed: set[str], allowed: set[str]) -> None:
    if missing := sorted(needed - set(row)):
        raise ValueError(f"`{missing[0]}` is missing.")
    if unknown := sorted(set(row) - needed - allowed):
        raise ValueError(f"`{unknown[0]}` is unknown.")


def _whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_CENTS:
        raise ValueError(f"`{name}` is a whole number from 0 to {MOST_CENTS}.")
    return value


def _decimal(value: Any, name: str, most: int) -> Decimal:
    try:
        number = Decimal(value if isinstance(value, str) else str(value))
        valid = 0 <= number <= most and number == number.quantize(Decimal("0.001"))
    except InvalidOperation:
        valid = False
    if isinstance(value, bool) or not valid:
        raise ValueError(f"`{name}` is a number from 0 to {most} with at most three decimals.")
    return number


def _time(value: Any) -> time:
    hour, colon, minute = str(value).partition(":")
    if not (colon and len(value) == 5 and (hour + minute).isascii() and (hour + minute).isdigit()):
        raise ValueError("A time of day is written 18:00.")
    try:
        return time(int(hour), int(minute))
    except ValueError:
        raise ValueError(f"There is no {value} on a clock.") from None
