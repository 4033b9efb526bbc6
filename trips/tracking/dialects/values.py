"""What apps write for numbers, times, tokens and alarms, and how a position is made of them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from urllib.parse import unquote_plus

from trips.tracking.fixes import RANGES as RANGES
from trips.tracking.fixes import BadFix, Fix, check, unix_s

#: A time beyond it is in milliseconds: as seconds it would be the year 5138.
MOST_SECONDS = 1e11
#: No app sends nearly as many parameters; the rest is not looked at.
MOST_PAIRS = 100
MOST_TOKEN_LENGTH = 200
MOST_ALARM_LENGTH = 64

TOKEN_NAMES = ("id", "deviceid", "device_id")
_TOKEN_PREFIXES = tuple(f"{name}=".encode() for name in TOKEN_NAMES)

#: Names and values at one level, from pairs or from JSON.
Values = Mapping[str, object]


def fix_from(
    latitude: object,
    longitude: object,
    recorded: object,
    *,
    speed_mps: float | None = None,
    heading_deg: float | None = None,
    accuracy_m: float | None = None,
    altitude_m: float | None = None,
    battery: float | None = None,
) -> Fix | BadFix | None:
    """A position of values as they came; None for a heartbeat, which has no coordinates.

    BadFix (returned) where a coordinate or the time cannot be read; what else is impossible
    becomes unknown.
    """
    if latitude in (None, "") and longitude in (None, ""):
        return None
    try:
        fix = Fix(
            _degrees("latitude", latitude),
            _degrees("longitude", longitude),
            _unix_s(recorded),
            speed_mps,
            heading_deg,
            accuracy_m,
            altitude_m,
            battery,
        )
        _forget_impossible(fix)
        check(fix)
    except BadFix as bad:
        return bad
    return fix


def number(value: object, per_unit: float = 1.0) -> float | None:
    """`value` divided by `per_unit`; None for whatever is not a finite number."""
    if not isinstance(value, (str, float, int)) or isinstance(value, bool):
        return None
    try:
        quotient = float(value) / per_unit
    except (ValueError, OverflowError):
        return None
    return quotient if isfinite(quotient) else None


def first(values: Values, *names: str) -> object:
    """The value of the first of `names` that has one; None where none has."""
    for name in names:
        value = values.get(name)
        if value is not None and value != "":
            return value
    return None


def inner(values: Values, name: str) -> Values:
    """The object below `name`, empty where there is none."""
    value = values.get(name)
    return value if isinstance(value, dict) else {}


def alarm_in(values: Values) -> str | None:
    """The alarm's name, e.g. "sos". One that cannot be shown is an alarm all the same."""
    value = values.get("alarm")
    if not isinstance(value, str) or not value:
        return None
    name = value[:MOST_ALARM_LENGTH]
    return name if name.isprintable() else "unreadable"


def token_in(values: Values) -> str | None:
    """What may be a device token: short, printable ASCII."""
    value = first(values, *TOKEN_NAMES)
    text = str(value) if isinstance(value, (str, int)) else ""
    fits = 0 < len(text) <= MOST_TOKEN_LENGTH and text.isascii() and text.isprintable()
    return text if fits else None


def without_token(raw: bytes) -> bytes:
    """Pairs as they came, less the phone's credential: quarantined points are shown to people."""
    parts = raw.split(b"&", MOST_PAIRS)[:MOST_PAIRS]
    return b"&".join([part for part in parts if not part.startswith(_TOKEN_PREFIXES)])


def pairs_of(text: str) -> dict[str, str]:
    """The decoded pairs of a query or a form; the last of a name counts."""
    pairs: dict[str, str] = {}
    for part in text.split("&", MOST_PAIRS)[:MOST_PAIRS]:
        name, _, value = part.partition("=")
        pairs[name] = unquote_plus(value) if "%" in value or "+" in value else value
    return pairs


def _degrees(name: str, value: object) -> float:
    if isinstance(value, (str, float, int)) and not isinstance(value, bool):
        try:
            return float(value)
        except (ValueError, OverflowError):
            pass
    raise BadFix("malformed", f"`{name}` is not a number.")


def _unix_s(value: object) -> float | None:
    """From unix seconds, milliseconds or ISO 8601, in UTC where it names no zone."""
    if value is None or value == "":
        return None
    given = number(value)
    if given is not None:
        return unix_s(given / 1000 if abs(given) > MOST_SECONDS else given)
    try:
        # The plus sign of an offset arrives as a space where the app did not escape it.
        text = str(value)
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise BadFix("bad_time", "The time is neither ISO 8601 nor unix time.") from None


def _forget_impossible(fix: Fix) -> None:
    for name, low, high in RANGES:
        value = getattr(fix, name)
        if value is not None and not low <= value <= high:
            setattr(fix, name, None)
