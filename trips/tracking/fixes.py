"""One position as every dialect delivers it, and our own format (pure).

SI units: m/s, metres, degrees; battery 0 to 1; times in unix seconds.
"""

import json
from datetime import datetime
from math import isfinite
from typing import Any

import msgspec

#: Unix seconds beyond which a number cannot be a time of ours (year 2286).
MOST_UNIX_S = 1e10


class Fix(msgspec.Struct, gc=False):
    """A position that a phone reports. `recorded_at` None: when it arrived."""

    latitude: float
    longitude: float
    recorded_at: float | None = None
    speed_mps: float | None = None
    heading_deg: float | None = None
    accuracy_m: float | None = None
    altitude_m: float | None = None
    battery: float | None = None
    client_id: str | None = None


class BadFix(ValueError):
    """Not a fix. `reason` is a word for the quarantine, the text a sentence for people."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class BadBody(ValueError):
    """The whole body is not one of ours."""


class NativeFix(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One fix as our own clients send it, by POST or in a `gps` frame: SI units, battery 0 to 1."""

    latitude: float
    longitude: float
    recorded_at: str | float | None = None
    speed: float | None = None
    heading: float | None = None
    accuracy: float | None = None
    altitude: float | None = None
    battery: float | None = None
    id: str | int | None = None


_native_decoder = msgspec.json.Decoder(NativeFix)


def parse_one(raw: bytes) -> Fix:
    """Our own format from JSON text; BadFix with what is wrong."""
    try:
        return _checked(_native_decoder.decode(raw))
    except (msgspec.DecodeError, RecursionError) as exc:
        raise BadFix("malformed", str(exc)) from None


def split(body: bytes) -> tuple[list[bytes], bool]:
    """(the JSON text of each fix, whether the body is one single fix).

    A list, `{"fixes": […]}` or one object; BadBody for anything else. NaN and Infinity,
    which JSON does not know, spoil only their own fix.
    """
    try:
        decoded = _batch_decoder.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return _split_leniently(body)
    if isinstance(decoded, list):
        return [bytes(raw) for raw in decoded], False
    if "fixes" not in decoded:
        return [body], True
    if len(decoded) > 1:
        raise BadBody('Beside "fixes" nothing else is expected.')
    try:
        return [bytes(raw) for raw in _list_decoder.decode(decoded["fixes"])], False
    except msgspec.DecodeError:
        raise BadBody('"fixes" must be a list.') from None


_batch_decoder = msgspec.json.Decoder(list[msgspec.Raw] | dict[str, msgspec.Raw])
_list_decoder = msgspec.json.Decoder(list[msgspec.Raw])


def _split_leniently(body: bytes) -> tuple[list[bytes], bool]:
    try:
        decoded: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise BadBody("The body is not JSON.") from None
    if isinstance(decoded, dict) and set(decoded) == {"fixes"}:
        decoded = decoded["fixes"]
        if not isinstance(decoded, list):
            raise BadBody('"fixes" must be a list.')
    if isinstance(decoded, list):
        return [json.dumps(item).encode() for item in decoded], False
    if isinstance(decoded, dict):
        return [body], True
    raise BadBody('A fix, a list of fixes or {"fixes": [...]} is expected.')


def _checked(native: NativeFix) -> Fix:
    fix = Fix(
        native.latitude,
        native.longitude,
        unix_s(native.recorded_at),
        native.speed,
        native.heading,
        native.accuracy,
        native.altitude,
        native.battery,
        _client_id(native.id),
    )
    if fix.client_id is not None and fix.recorded_at is None:
        raise BadFix("malformed", "`id` needs `recorded_at`.")
    check(fix)
    return fix


def _client_id(value: str | int | None) -> str | None:
    if value is None:
        return None
    text = str(value)
    if not 0 < len(text) <= 64 or "\0" in text:
        raise BadFix("malformed", "`id` must have 1 to 64 characters.")
    return text


def unix_s(value: str | float | None) -> float | None:
    """Unix seconds from ISO 8601 with a zone, or from a number; BadFix otherwise."""
    if value is None or isinstance(value, (int, float)):
        if value is not None and not (isfinite(value) and abs(value) < MOST_UNIX_S):
            raise BadFix("bad_time", "`recorded_at` is not a time in unix seconds.")
        return value
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise BadFix("bad_time", "`recorded_at` needs a time zone, e.g. a trailing Z.")
        return moment.timestamp()
    except (ValueError, OverflowError) as exc:
        if isinstance(exc, BadFix):
            raise
        raise BadFix("bad_time", "`recorded_at` is neither ISO 8601 nor unix seconds.") from None


def check(fix: Fix) -> None:
    """BadFix where a number is not one, or not possible; the rest is `filters.judge`'s."""
    # `not (a <= x <= b)` is also true for NaN.
    if not -90 <= fix.latitude <= 90:
        raise BadFix("bad_latitude", "`latitude` must lie between -90 and 90 degrees.")
    if not -180 <= fix.longitude <= 180:
        raise BadFix("bad_longitude", "`longitude` must lie between -180 and 180 degrees.")
    for name, low, high in RANGES:
        value = getattr(fix, name)
        if value is not None and not low <= value <= high:
            reason = f"bad_{name.split('_')[0]}"
            raise BadFix(reason, f"`{name}` must lie within {low:g} to {high:g}.")


RANGES = (
    ("speed_mps", 0.0, 1e4),
    ("heading_deg", 0.0, 360.0),
    ("accuracy_m", 0.0, 1e7),
    ("altitude_m", -1e5, 1e6),
    ("battery", 0.0, 1.0),
)
