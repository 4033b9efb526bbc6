"""Bodies without end and requests that never end cost a server neither memory nor its others."""

from __future__ import annotations

import socket
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from prove.processes import START_S
from tests.fixtures_processes import wait_until
from tests.plugin import Services
from tests.security.own_server import OwnServer

pytestmark = pytest.mark.django_db(transaction=True)

SLOW = 200
LARGE_BYTES, MEBIBYTE = 30_000_000, 1_048_576


@pytest.fixture(params=["daphne", "uvicorn"])
def server(
    request: pytest.FixtureRequest, services: Services, process_env: dict[str, str]
) -> Iterator[OwnServer]:
    server = OwnServer(services, request.param, {**process_env, "ATW_REQUEST_WITHIN_S": "5"})
    server.start()
    yield server
    server.stop()


def is_cut(line: socket.socket) -> bool:
    """Whether the server has ended it."""
    line.setblocking(False)
    try:
        return line.recv(4_096) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def drip(lines: list[socket.socket]) -> list[socket.socket]:
    """A byte on each that is still there."""
    there = [line for line in lines if not is_cut(line)]
    for line in there:
        with suppress(OSError):
            line.send(b"x")
    return there


def get(server: OwnServer) -> int:
    url = f"http://127.0.0.1:{server.port}/healthz"
    with urllib.request.urlopen(url, timeout=START_S) as answer:
        return int(answer.status)


def post(server: OwnServer, path: str, framing: bytes, piece: bytes) -> bytes:
    """Send LARGE_BYTES as far as the server lets; what it answered."""
    with server.connect() as line:
        line.sendall(b"POST " + path.encode() + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n" + framing)
        with suppress(OSError):
            for _ in range(LARGE_BYTES // MEBIBYTE):
                line.sendall(piece)
        answer = b""
        with suppress(OSError):
            while b"\r\n\r\n" not in answer and (more := line.recv(4_096)):
                answer += more
    return answer


def test_slow_requests_starve_nobody_and_are_cut_and_large_ones_take_no_memory(
    server: OwnServer,
) -> None:
    assert get(server) == 200
    with ExitStack() as stack:
        lines = [stack.enter_context(server.connect()) for _ in range(SLOW)]
        for number, line in enumerate(lines):
            line.sendall(b"POST /api/auth/token/ HTTP/1.1\r\nHost: 127.0.0.1\r\n")
            if number % 2:
                line.sendall(b"Content-Type: application/json\r\nContent-Length: 900000\r\n\r\n{")
        assert get(server) == 200
        wait_until(lambda: not drip(lines), START_S, "the end of all slow requests")
    before = server.resident_bytes
    length = f"Content-Length: {LARGE_BYTES}\r\n\r\n".encode()
    chunk = f"{MEBIBYTE:x}\r\n".encode() + bytes(MEBIBYTE) + b"\r\n"
    for path in ("/api/trips/1/gps/", "/accounts/login/"):
        post(server, path, length, bytes(MEBIBYTE))
        post(server, path, b"Transfer-Encoding: chunked\r\n\r\n", chunk)
    assert server.resident_bytes - before < 20_000_000
    pieces = LARGE_BYTES // MEBIBYTE
    exactly = f"Content-Length: {pieces * MEBIBYTE}\r\n\r\n".encode()
    answer = post(server, "/api/auth/token/", exactly, bytes(MEBIBYTE))
    assert answer.split(b" ")[1:2] in ([], [b"413"]), answer
    assert get(server) == 200


def test_headers_without_end_are_refused(server: OwnServer) -> None:
    with server.connect() as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        with suppress(OSError):
            for number in range(4_000):
                line.sendall(b"X-Padding-%d: " % number + b"x" * 1_000 + b"\r\n")
        with suppress(ConnectionError):
            assert line.recv(4_096)[:12] in (b"", b"HTTP/1.1 400")
    assert get(server) == 200
