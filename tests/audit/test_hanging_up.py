"""Who hangs up before the answer comes is in the audit all the same."""

from __future__ import annotations

import json
import socket
import struct
import time

import pytest

from tests.cast import Cast
from tests.fixtures_processes import WebServer
from trips.models import Trip
from users.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)
CHANGES = 12


def test_each_change_that_was_committed_is_audited(web_server: WebServer, cast: Cast) -> None:
    trip = cast.trip_in("scheduled")
    before = trip.version
    host, port = web_server.base_url.removeprefix("http://").split(":")
    for n in range(CHANGES):
        version = Trip.objects.values_list("version", flat=True).get(pk=trip.pk)
        body = json.dumps({"expected_version": version, "notes": f"note {n}"}).encode()
        _send_and_reset(host, int(port), trip.pk, cast.token(cast.dina), body, 0.004 * n)
    deadline = time.monotonic() + 30
    while _audited(cast) < _committed(trip) - before and time.monotonic() < deadline:
        time.sleep(0.2)
    assert _committed(trip) > before
    assert _audited(cast) == _committed(trip) - before


def _send_and_reset(
    host: str, port: int, trip_id: int, token: str, body: bytes, wait_s: float
) -> None:
    line = socket.create_connection((host, port), timeout=10)
    # Closing it is a reset then.
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    head = (
        f"PATCH /api/trips/{trip_id}/ HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"Authorization: Token {token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    line.sendall(head.encode() + body)
    time.sleep(wait_s)
    line.close()
    # What the server makes of it, it makes soon.
    time.sleep(0.3)


def _committed(trip: Trip) -> int:
    return int(Trip.objects.values_list("version", flat=True).get(pk=trip.pk))


def _audited(cast: Cast) -> int:
    changes = AuditEntry.objects.filter(actor_id=cast.dina.pk, action="change")
    return changes.filter(route="PATCH /api/trips/<pk>/").count()
