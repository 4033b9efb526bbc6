"""Bodies without end and requests that never end cost a server neither memory nor its others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from prove.processes import START_S
from prove.strain import (
    MEBIBYTE,
    Server,
    endless_headers,
    post_chunked,
    post_counted,
    slow_requests,
)
from tests.plugin import Services
from tests.security.own_server import OwnServer

pytestmark = pytest.mark.django_db(transaction=True)

SLOW = 200
LARGE_BYTES, MOST_BYTES = 28 * MEBIBYTE, 20_000_000


@pytest.fixture(params=["daphne", "uvicorn"])
def server(
    request: pytest.FixtureRequest, services: Services, process_env: dict[str, str]
) -> Iterator[Server]:
    process = OwnServer(services, request.param, {**process_env, "ATW_REQUEST_WITHIN_S": "5"})
    process.start()
    yield Server(process.port, process.pid)
    process.stop()


def test_slow_requests_starve_nobody_and_are_cut_and_large_ones_take_no_memory(
    server: Server,
) -> None:
    assert server.answers()
    assert slow_requests(server, SLOW, START_S) == (True, 0)
    before = server.resident_bytes
    for path in ("/api/trips/1/gps/", "/accounts/login/"):
        post_counted(server, path, LARGE_BYTES)
        post_chunked(server, path, LARGE_BYTES)
    assert server.resident_bytes - before < MOST_BYTES
    answer = post_counted(server, "/api/auth/token/", LARGE_BYTES)
    assert answer.split(b" ")[1:2] in ([], [b"413"]), answer
    assert server.answers()


def test_headers_without_end_are_refused(server: Server) -> None:
    assert endless_headers(server)[:12] in (b"", b"HTTP/1.1 400")
    assert server.answers()
