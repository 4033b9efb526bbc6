"""What foreign phone apps send, read into `Fix` (pure).

    traccar10   Traccar Client 10   POST form                      speed in knots
    traccar9    Traccar Client 9    POST JSON {"location": …}      m/s, -1 is unknown
    traccar8    Traccar Client 1-8  POST, empty body, query        knots
    osmand      OsmAnd and its kin  GET, query                     m/s
    owntracks   OwnTracks, HTTP     POST JSON {"_type": …}         km/h, wants a JSON array back
    gpslogger   GPSLogger           any method; query, form, JSON  m/s
    native      our own format      JSON, see `fixes`              m/s

The unit follows the dialect, never the path. The method and the names in query and body tell
them apart; apps mislabel their bodies, so the content type decides nothing.
"""

import json
from typing import Any

import msgspec

from trips.tracking.dialects.values import (
    TOKEN_NAMES,
    Values,
    alarm_in,
    first,
    fix_from,
    inner,
    number,
    pairs_of,
    token_in,
    without_token,
)
from trips.tracking.fixes import BadBody, BadFix, Fix, parse_one, split

KNOTS_PER_MPS = 3600 / 1852
KMH_PER_MPS = 3.6
PERCENT_PER_ONE = 100.0
#: Metres of accuracy per unit of dilution: a usual phone receiver's error in open sky.
HDOP_M = 5.0
#: Reading happens before the token is known to be good, so nobody may make it long.
MOST_FORM_BYTES = 65_536
MOST_NATIVE_FIXES = 10_000

_PER_MPS = {"traccar10": KNOTS_PER_MPS, "traccar8": KNOTS_PER_MPS, "osmand": 1.0, "gpslogger": 1.0}
_PLACE = frozenset({"lat", "lon", "location"})
_PHONE = _PLACE | frozenset(TOKEN_NAMES)
_NATIVE = frozenset({"latitude", "longitude", "fixes"})
_GPSLOGGER = frozenset({"spd", "dir", "alt", "acc", "time", "ser", "aid", "sat", "prov"})

Point = tuple[bytes, Fix | BadFix]


class Request(msgspec.Struct):
    """What of an HTTP request says which app sent it, and what it says."""

    method: str
    query: str  # undecoded
    content_type: str
    body: bytes
    user: str = ""  # X-Limit-U or the user of Basic auth


class Report(msgspec.Struct):
    """What one request says."""

    dialect: str
    token: str | None  # of the device, from query or body; None: from the path or Basic auth
    fixes: list[Point]  # each with its bytes, free of the token; [] only shows that it lives
    alarm: str | None = None
    answer: bytes = b""  # of the 2xx
    answer_type: str = "text/plain"


class NotRecognised(ValueError):
    """No phone that we know sends this."""


def read(request: Request) -> Report:
    """What `request` says; NotRecognised where no dialect fits.

    A point that cannot be used is a BadFix in the report, to be answered 2xx and quarantined:
    an app would send a refused one for ever.
    """
    try:
        report = _from_body(request) or _from_query(request)
    except (BadBody, RecursionError) as exc:
        raise NotRecognised(str(exc)) from None
    if report is None:
        raise NotRecognised("No phone app that we know sends this.")
    return report


def token_in_query(query: str) -> str | None:
    """The device token of an undecoded query string."""
    return token_in(pairs_of(query))


def _from_body(request: Request) -> Report | None:
    body = request.body.strip()
    is_json = body[:1] in (b"{", b"[")
    report = _from_json(body) if is_json else _from_form(request.method, body)
    if report is not None and request.query:
        # The door looks into the query first; there is one answer to "whose is it".
        report.token = token_in_query(request.query) or report.token
    return report


def _from_form(method: str, body: bytes) -> Report | None:
    if len(body) > MOST_FORM_BYTES:
        return None
    values = pairs_of(body.decode("utf-8", "replace"))
    if _PHONE.isdisjoint(values):
        return None
    return _flat("traccar10" if method == "POST" else "osmand", values, without_token(body))


def _from_query(request: Request) -> Report | None:
    values = pairs_of(request.query)
    empty_post = request.method == "POST" and not request.body.strip()
    if empty_post and _PLACE.isdisjoint(values):
        # OwnTracks posts nothing where a friend was deleted.
        return _owntracks(token_in(values), [])
    # Beside a body that nobody understands a bare id would be no heartbeat but a lost report.
    if (_PLACE if request.body.strip() else _PHONE).isdisjoint(values):
        return None
    raw = without_token(request.query.encode("utf-8", "replace"))
    return _flat("traccar8" if empty_post else "osmand", values, raw)


def _from_json(body: bytes) -> Report | None:
    if body[:1] == b"[":
        return _native(body)
    values = _object(body)
    if values is None:
        return None
    if "_type" in values:
        return _from_owntracks(values, body)
    if isinstance(values.get("location"), dict):
        return _from_traccar9(values["location"], token_in(values))
    if not _NATIVE.isdisjoint(values):
        return _native(body)
    if not _PLACE.isdisjoint(values):
        named = {name: value for name, value in values.items() if name not in TOKEN_NAMES}
        return _flat("gpslogger", values, json.dumps(named).encode())
    return Report("traccar9", token_in(values), []) if "device_id" in values else None


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError):
        try:
            decoded = json.loads(body)  # knows NaN and Infinity
        except ValueError:
            return None
    return decoded if isinstance(decoded, dict) else None


def _native(body: bytes) -> Report:
    raws, _ = split(body)
    if len(raws) > MOST_NATIVE_FIXES:
        raise BadBody(f"{len(raws)} fixes are too many at once.")
    return Report("native", None, [(raw, _native_fix(raw)) for raw in raws])


def _native_fix(raw: bytes) -> Fix | BadFix:
    try:
        return parse_one(raw)
    except BadFix as bad:
        return bad


def _flat(dialect: str, values: Values, raw: bytes) -> Report:
    """Names and values at one level, as Traccar 10 and 8, OsmAnd and GPSLogger send them."""
    if not _GPSLOGGER.isdisjoint(values):
        dialect = "gpslogger"
    latitude, longitude = values.get("lat"), values.get("lon")
    if isinstance(both := values.get("location"), str):
        latitude, _, longitude = both.partition(",")
    fix = fix_from(
        latitude,
        longitude,
        first(values, "timestamp", "time"),
        speed_mps=number(first(values, "speed", "spd"), _PER_MPS[dialect]),
        heading_deg=number(first(values, "bearing", "heading", "dir")),
        accuracy_m=_accuracy_m(values),
        altitude_m=number(first(values, "altitude", "alt")),
        battery=number(values.get("batt"), PERCENT_PER_ONE),
    )
    return Report(dialect, token_in(values), _points(raw, fix), alarm_in(values))


def _points(raw: bytes, fix: Fix | BadFix | None) -> list[Point]:
    return [] if fix is None else [(raw, fix)]


def _accuracy_m(values: Values) -> float | None:
    accuracy_m = number(first(values, "accuracy", "acc"))
    if accuracy_m is not None:
        return accuracy_m
    hdop = number(values.get("hdop"))
    # No sky gives a dilution of 0: apps write it for "unknown".
    return hdop * HDOP_M if hdop else None


def _from_traccar9(location: Values, token: str | None) -> Report:
    coords = inner(location, "coords")
    fix = fix_from(
        coords.get("latitude"),
        coords.get("longitude"),
        location.get("timestamp"),
        speed_mps=_known(coords, "speed"),
        heading_deg=_known(coords, "heading"),
        accuracy_m=_known(coords, "accuracy"),
        altitude_m=_known(coords, "altitude"),
        battery=_known(inner(location, "battery"), "level"),
    )
    # Its `_` repeats the position together with the token.
    named = {name: value for name, value in location.items() if name != "_"}
    points = _points(json.dumps(named).encode(), fix)
    return Report("traccar9", token, points, alarm_in(inner(location, "extras")))


def _known(values: Values, name: str) -> float | None:
    value = values.get(name)
    return None if value == -1 else number(value)


def _from_owntracks(values: Values, body: bytes) -> Report:
    if values["_type"] == "encrypted":
        sealed = BadFix("encrypted", "Switch off the app's own encryption; HTTPS protects it.")
        return _owntracks(None, [(body, sealed)])
    if values["_type"] != "location":
        return _owntracks(None, [])
    fix = fix_from(
        values.get("lat"),
        values.get("lon"),
        values.get("tst"),
        speed_mps=number(values.get("vel"), KMH_PER_MPS),
        heading_deg=number(values.get("cog")),
        accuracy_m=number(values.get("acc")),
        altitude_m=number(values.get("alt")),
        battery=number(values.get("batt"), PERCENT_PER_ONE),
    )
    return _owntracks(None, _points(body, fix))


def _owntracks(token: str | None, points: list[Point]) -> Report:
    return Report("owntracks", token, points, None, b"[]", "application/json")
