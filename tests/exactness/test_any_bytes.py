"""Whatever comes to the GPS door, it answers, and never that the fault is its own."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cast import Cast
from tests.fixtures_processes import WebServer

pytestmark = pytest.mark.django_db(transaction=True)

HANGS_AFTER_S = 5.0
NAMES = (
    "latitude",
    "longitude",
    "recorded_at",
    "speed",
    "id",
    "fixes",
    "lat",
    "lon",
    "tst",
    "_type",
)
numbers = st.integers() | st.floats() | st.sampled_from([91, 1e400, -180, 0, 1_763_600_000])
texts = st.text(max_size=20) | st.sampled_from(["NaN", "\0", "2026-11-20T08:00:00Z", "location"])
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | texts, inner, max_size=5)
    ),
    max_leaves=12,
)
bodies = st.binary(max_size=400) | values.map(lambda value: json.dumps(value).encode())
content_types = st.sampled_from(
    [
        "application/json",
        "application/x-www-form-urlencoded",
        "text/plain",
        "",
        "\xff;;=",
        "a/b;c=d",
    ]
)
queries = st.text(max_size=60).map(quote) | st.text("abc=&%+;0123.-", max_size=60)
methods = st.sampled_from(["POST", "POST", "GET", "PUT"])
#: In the path: none, the tracker's, a stranger's, and what is no token at all.
tokens = st.sampled_from(["", "{tracker}/", "unknown/", quote("\0ä/", safe="")])

few = settings(
    max_examples=3_000 if os.environ.get("ATW_SLOW") else 150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class Door:
    """One kept connection to the real server."""

    def __init__(self, url: str, token: str, tracker_token: str, trip_id: int) -> None:
        netloc = urlsplit(url).netloc
        self._connection = http.client.HTTPConnection(netloc, timeout=HANGS_AFTER_S)
        self._token, self.tracker_token, self.trip_id = token, tracker_token, trip_id

    def knock(self, method: str, path: str, body: bytes, content_type: str) -> int:
        """The status of the answer; TimeoutError where none comes."""
        headers = {"Content-Type": content_type, "Authorization": f"Token {self._token}"}
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
        except ConnectionError:
            # The server may hang up after a refusal; it must answer on the next line.
            self._connection.close()
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
        answer.read()
        return answer.status

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def door(web_server: WebServer, cast: Cast) -> Iterator[Door]:
    trip = cast.trip_in("in_progress")
    door = Door(web_server.base_url, cast.token(cast.omar), cast.tracker_token, trip.pk)
    yield door
    door.close()


@few
@given(body=bodies, content_type=content_types)
def test_any_bytes_at_a_trips_door_are_kept_or_refused(
    door: Door, body: bytes, content_type: str
) -> None:
    status = door.knock("POST", f"/api/trips/{door.trip_id}/gps/", body, content_type)
    assert status == 202 or 400 <= status < 500


@few
@given(body=bodies, content_type=content_types, query=queries, method=methods, token=tokens)
def test_any_bytes_at_the_phones_door_are_kept_or_refused(
    door: Door, body: bytes, content_type: str, query: str, method: str, token: str
) -> None:
    token = token.format(tracker=door.tracker_token)
    status = door.knock(method, f"/api/gps/{token}?{query}", body, content_type)
    assert status in (200, 202) or 400 <= status < 500
