"""Whatever is sent, the reader answers with a report or NotRecognised, and every fix is sane."""

import contextlib
import json
from math import isfinite
from urllib.parse import urlencode

from hypothesis import example, given
from hypothesis import strategies as st

from trips.tracking.dialects import NotRecognised, Report, Request, read, token_in_query
from trips.tracking.fixes import Fix, check

METHODS = st.sampled_from(["GET", "POST", "PUT", "HEAD"])
# fmt: off
NAMES = st.sampled_from([
    "id", "deviceid", "device_id", "lat", "lon", "location", "timestamp", "time", "tst", "speed",
    "spd", "vel", "bearing", "heading", "dir", "cog", "accuracy", "acc", "hdop", "altitude", "alt",
    "batt", "battery", "level", "alarm", "extras", "ser", "_type", "_", "coords", "latitude",
    "longitude", "recorded_at", "fixes", "notificationToken",
])
WORDS = st.sampled_from([
    "57.7", "11.9", "57.7,11.9", "-1", "400", "nan", "inf", "1e999", "9" * 5000, "1750000000",
    "1750000000000", "2025-06-15 15:06:40", "2025-06-15T15:06:40+02:00",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "location", "encrypted", "sos",
    "null", "\0", "",
])
# fmt: on
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=20)
OBJECTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=8),
    max_leaves=20,
)
PAIRS = st.dictionaries(NAMES, WORDS | st.text(st.characters(codec="utf-8"), max_size=20)).map(
    urlencode
)
BODIES = (
    st.binary(max_size=200)
    | PAIRS.map(str.encode)
    | OBJECTS.map(lambda value: json.dumps(value).encode())
    | st.tuples(st.integers(0, 80), OBJECTS).map(lambda cut: json.dumps(cut[1]).encode()[: cut[0]])
)
QUERIES = (
    PAIRS | st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1"))
)


def sane(report: Report) -> None:
    assert report.token is None or report.token.isascii()
    assert report.alarm is None or report.alarm.isprintable()
    for raw, fix in report.fixes:
        assert isinstance(raw, bytes)
        if isinstance(fix, Fix):
            check(fix)
            assert fix.recorded_at is None or isfinite(fix.recorded_at)


@given(METHODS, QUERIES, st.text(max_size=20), BODIES)
@example("POST", "", "", b'{"latitude":' + b"9" * 5000 + b',"longitude":1}')
@example("POST", "", "", b'{"_type":"location","lat":1,"lon":' + b"9" * 5000 + b"}")
@example("POST", "", "", b'{"lat":1,"lon":2,"device_id":"\\ud800","timestamp":"\\ud800T"}')
@example("POST", "", "", b'{"location":' + b'{"coords":' * 900 + b"1" + b"}" * 901)
@example("POST", "", "", b'[{"a":' + b"[" * 900 + b"NaN" + b"]" * 900 + b"}]")
@example("GET", "lat=1&lon=2&x=\ud800", "", b"")
def test_any_bytes_are_a_report_or_not_recognised(
    method: str, query: str, content_type: str, body: bytes
) -> None:
    with contextlib.suppress(NotRecognised):
        sane(read(Request(method, query, content_type, body)))


@given(st.text(max_size=200))
def test_any_query_has_a_token_or_none(query: str) -> None:
    token = token_in_query(query)
    assert token is None or token.isprintable()


@given(
    st.sampled_from(
        ["speed", "bearing", "accuracy", "altitude", "batt", "hdop", "alarm", "charge"]
    ),
    st.floats().map(str) | st.integers().map(str) | st.text(st.characters(codec="utf-8")),
)
def test_no_value_beside_the_coordinates_costs_the_position(name: str, value: str) -> None:
    form = urlencode({"id": "omar-phone", "lat": "57.7", "lon": "11.9", name: value})
    for request in (
        Request("POST", "", "", form.encode()),
        Request("POST", form, "", b""),
        Request("GET", form, "", b""),
    ):
        [(_, fix)] = read(request).fixes
        assert isinstance(fix, Fix)
        assert (fix.latitude, fix.longitude) == (57.7, 11.9)
