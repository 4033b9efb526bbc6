"""Bodies without end, requests that never end, and many who guess at once."""

from __future__ import annotations

import socket
import time
import urllib.request
from contextlib import ExitStack, suppress

import psutil  # type: ignore[import-untyped]

TIMEOUT_S = 30.0
MEBIBYTE = 1_048_576
_HEAD = b" HTTP/1.1\r\nHost: 127.0.0.1\r\n"


class Server:
    """A web process of ours, looked at from outside."""

    def __init__(self, port: int, pid: int) -> None:
        self.port, self.pid = port, pid

    def connect(self) -> socket.socket:
        """A line to it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_S)

    def answers(self) -> bool:
        """Whether `/healthz` is 200."""
        url = f"http://127.0.0.1:{self.port}/healthz"
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    @property
    def resident_bytes(self) -> int:
        """Memory of the process and what it has started."""
        leader = psutil.Process(self.pid)
        return sum(one.memory_info().rss for one in (leader, *leader.children(recursive=True)))


def post(server: Server, path: str, framing: bytes, piece: bytes, size: int) -> bytes:
    """Send pieces, `size` bytes of them, as far as the server lets; what it answered."""
    with server.connect() as line:
        line.sendall(b"POST " + path.encode() + _HEAD + framing)
        with suppress(OSError):
            for _ in range(size // MEBIBYTE):
                line.sendall(piece)
        answer = b""
        with suppress(OSError):
            while b"\r\n\r\n" not in answer and (more := line.recv(4_096)):
                answer += more
    return answer


def post_counted(server: Server, path: str, size: int) -> bytes:
    """A body of `size` bytes, a whole number of mebibytes, as announced."""
    return post(server, path, b"Content-Length: %d\r\n\r\n" % size, bytes(MEBIBYTE), size)


def post_chunked(server: Server, path: str, size: int) -> bytes:
    """One that announces no length, and does not end."""
    chunk = b"%x\r\n" % MEBIBYTE + bytes(MEBIBYTE) + b"\r\n"
    return post(server, path, b"Transfer-Encoding: chunked\r\n\r\n", chunk, size)


def slow_requests(server: Server, count: int, within_s: float) -> tuple[bool, int]:
    """(whether others were answered meanwhile, how many of `count` slow ones live on)."""
    with ExitStack() as stack:
        lines = [stack.enter_context(server.connect()) for _ in range(count)]
        for number, line in enumerate(lines):
            line.sendall(b"POST /api/auth/token/" + _HEAD)
            if number % 2:
                line.sendall(b"Content-Type: application/json\r\nContent-Length: 900000\r\n\r\n{")
        answered = server.answers()
        deadline = time.monotonic() + within_s
        while (left := _drip(lines)) and time.monotonic() < deadline:
            time.sleep(0.2)
        return answered, len(left)


def _drip(lines: list[socket.socket]) -> list[socket.socket]:
    """A byte on each that is still there."""
    there = [line for line in lines if not _is_cut(line)]
    for line in there:
        with suppress(OSError):
            line.send(b"x")
    return there


def _is_cut(line: socket.socket) -> bool:
    """Whether the server has ended it."""
    line.setblocking(False)
    try:
        return line.recv(4_096) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def endless_headers(server: Server) -> bytes:
    """What the server says to headers without end; "" where it cuts the line."""
    with server.connect() as line:
        line.sendall(b"GET /healthz" + _HEAD)
        with suppress(OSError):
            for number in range(4_000):
                line.sendall(b"X-Padding-%d: " % number + b"x" * 1_000 + b"\r\n")
        with suppress(ConnectionError):
            return line.recv(4_096)
    return b""
