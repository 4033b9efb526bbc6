"""Bad requests at the GPS door: each gets its clear answer, and nothing is kept."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest
from django.utils import timezone
from knox.models import AuthToken

from tests.api.problems import the_problem
from tests.cast import Cast
from tests.fixtures_processes import WebServer, wait_until
from tests.tracking.door import HERE, Door, fix, kept, marker
from trips.models import QuarantinedFix, Trip

pytestmark = pytest.mark.django_db(transaction=True)

BAD_FIXES: dict[str, Any] = {
    "latitude 91": {"latitude": 91, "longitude": 12},
    "latitude -90.0001": {"latitude": -90.0001, "longitude": 12},
    "longitude 181": {"latitude": 57, "longitude": 181},
    "strings": {"latitude": "57.7", "longitude": "11.9"},
    "null": {"latitude": None, "longitude": None},
    "true": {"latitude": True, "longitude": False},
    "no longitude": {"latitude": 57.7},
    "nothing": {},
    "a misspelt name": {**HERE, "speeed": 3},
    "a phone app's names": {"lat": 57.7, "lon": 11.9},
    "a time in words": {**HERE, "recorded_at": "yesterday"},
    "a time without a zone": {**HERE, "recorded_at": "2026-01-01T00:00:00"},
    "a time as a list": {**HERE, "recorded_at": [1]},
    "an endless time": {**HERE, "recorded_at": 1e300},
    "a negative speed": {**HERE, "speed": -1},
    "heading 361": {**HERE, "heading": 361},
    "battery 80": {**HERE, "battery": 80},
    "an id without a time": {**HERE, "id": "a"},
    "an empty id": {**HERE, "id": "", "recorded_at": 1e9},
    "an id of 65 characters": {**HERE, "id": "x" * 65, "recorded_at": 1e9},
    "a NUL in the id": {**HERE, "id": "a\0b", "recorded_at": 1e9},
}


def test_a_single_bad_fix_is_400_with_a_reason(
    cast: Cast, door: Door, subtests: pytest.Subtests
) -> None:
    trip = cast.trip_in("in_progress")
    for name, body in BAD_FIXES.items():
        with subtests.test(name):
            assert the_problem(door.post(trip, body), 400)["errors"]["reason"]
    assert not kept()
    assert not QuarantinedFix.objects.exists()


BAD_BODIES = {
    "nothing": b"",
    "not JSON": b"latitude=57.7",
    "half a JSON": b'{"latitude": 57.7, "longi',
    "NaN": b'{"latitude": NaN, "longitude": 12}',
    "Infinity": b'{"latitude": Infinity, "longitude": 12}',
    "1e999": b'{"latitude": 1e999, "longitude": 12}',
    "a string": b'"57.7,11.9"',
    "a number": b"57.7",
    "null": b"null",
    "fixes that are no list": b'{"fixes": 7}',
    "fixes and more": b'{"fixes": [], "latitude": 57.7}',
    "bytes": b"\xff\xfe\x00",
    "half a character": b'{"latitude": 57.7, "longitude": 11.9, "id": "\\ud800"}',
    "ten thousand brackets": b"[" * 10_000,
    "ten thousand braces": b'{"a":' * 10_000,
    "one fix of 70 kB": json.dumps({**HERE, "id": "x" * 70_000}).encode(),
}


def test_a_bad_body_is_4xx(cast: Cast, door: Door, subtests: pytest.Subtests) -> None:
    trip = cast.trip_in("in_progress")
    for name, body in BAD_BODIES.items():
        with subtests.test(name):
            the_problem(door.send(trip, body), 413 if len(body) > 65_536 else 400)
    assert not kept()


def test_a_list_of_1001_is_refused_whole(cast: Cast, door: Door) -> None:
    the_problem(door.post(cast.trip_in("in_progress"), [HERE] * 1_001), 400)
    assert not kept()


def test_an_empty_list_is_nothing_to_keep(cast: Cast, door: Door) -> None:
    answer = door.post(cast.trip_in("in_progress"), [])
    assert answer.json() == {"accepted": 0, "duplicates": 0, "quarantined": []}


def test_a_body_of_10_mb_is_413(cast: Cast, door: Door) -> None:
    trip = cast.trip_in("in_progress")
    the_problem(door.send(trip, b"[" + b" " * 10_000_000 + b"]"), 413)
    url = f"/api/trips/{trip.pk}/status/"
    headers = {**cast.headers(cast.omar), "Content-Type": "application/json"}
    the_problem(door.http.post(url, content=b" " * 10_000_000, headers=headers), 413)


def test_another_method_is_405(cast: Cast, door: Door) -> None:
    url = f"/api/trips/{cast.trip_in('in_progress').pk}/gps/"
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        the_problem(door.http.request(method, url, headers=cast.headers(cast.omar)), 405)


BAD_CREDENTIALS = (
    "",
    "Token",
    "Token x",
    "Token " + "x" * 5_000,
    "Token ../../etc/passwd-and-more",
    "Basic b21hcjpvbWFy",
    "Digest abc",
    "Token ÿþýüûúùø÷öõôóòñð",
)


def test_a_bad_credential_is_401(cast: Cast, door: Door, subtests: pytest.Subtests) -> None:
    url = f"/api/trips/{cast.trip_in('in_progress').pk}/gps/"
    for header in BAD_CREDENTIALS:
        with subtests.test(header[:40]):
            headers = httpx.Headers([(b"authorization", header.encode("latin-1"))])
            answer = door.http.post(url, json=fix(), headers=headers)
            the_problem(answer, 401)
            assert answer.headers["www-authenticate"] == "Token"
    assert not kept()


def test_bearer_is_as_good_as_token(cast: Cast, door: Door) -> None:
    url = f"/api/trips/{cast.trip_in('in_progress').pk}/gps/"
    headers = {"Authorization": f"Bearer {cast.token(cast.omar)}"}
    assert door.http.post(url, json=fix(), headers=headers).status_code == 202


def test_an_expired_token_is_401(cast: Cast, door: Door) -> None:
    trip = cast.trip_in("in_progress")
    cast.token(cast.omar)
    AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    the_problem(door.post(trip, fix()), 401)


def goes_out(door: Door, trip: Trip) -> None:
    """The door's cache lets go within its second or so."""
    wait_until(lambda: door.post(trip, fix()).status_code != 202, 3, "the end of the login")
    the_problem(door.post(trip, fix()), 401)


def test_a_revoked_token_is_401_within_two_seconds(cast: Cast, door: Door) -> None:
    trip = cast.trip_in("in_progress")
    assert door.post(trip, fix()).status_code == 202
    AuthToken.objects.all().delete()
    goes_out(door, trip)


def test_a_disabled_driver_is_401_within_two_seconds(cast: Cast, door: Door) -> None:
    trip = cast.trip_in("in_progress")
    assert door.post(trip, fix()).status_code == 202
    cast.disable(cast.omar)
    goes_out(door, trip)


@contextmanager
def locked(table: str, process_env: dict[str, str]) -> Iterator[None]:
    """Nobody reads or writes `table` meanwhile."""
    with psycopg.connect(process_env["DATABASE_URL"]) as other:
        other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
        other.rollback()


def test_while_the_database_cannot_write_it_is_503_and_the_phone_tries_again(
    cast: Cast, door: Door, process_env: dict[str, str]
) -> None:
    trip = cast.trip_in("in_progress")
    assert door.post(trip, fix(0)).status_code == 202
    waiting = fix(0)
    with locked("trips_gpsfix", process_env):
        answer = door.post(trip, waiting)
        the_problem(answer, 503)
        assert int(answer.headers["retry-after"]) > 0
    assert len(kept()) == 1
    assert door.post(trip, waiting).json()["accepted"] == 1
    # It was not kept, so the second time it is news: it moves the marker.
    assert kept()[-1].verdict == "kept"
    assert marker().recorded_at == kept()[-1].recorded_at


def test_a_phone_that_hangs_up_in_mid_body_leaves_the_server_well(
    cast: Cast, door: Door, web_server: WebServer
) -> None:
    trip = cast.trip_in("in_progress")
    host, port = web_server.base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:
        request = (
            f"POST /api/trips/{trip.pk}/gps/ HTTP/1.1\r\nHost: {host}\r\n"
            f"Authorization: Token {cast.token(cast.omar)}\r\nContent-Length: 500\r\n\r\n[{{"
        )
        line.sendall(request.encode())
    assert door.post(trip, fix()).status_code == 202
