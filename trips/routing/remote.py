"""Asking a company's routing or geocoding server for JSON: short, bounded, and given up early.

A server that failed several times is left alone for a while, so that a broken one costs a few
seconds and not each round. Redirects are not followed: the address is the operator's.
"""

import http.client
import json
import threading
import time
from contextlib import closing
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.db import connection

#: A whole answer, from connecting to its last byte.
TIMEOUT_S = 2.0
MOST_BYTES = 4_000_000
#: Failures in a row after which a server is left alone, and for how long.
FAILURES = 3
REST_S = 30.0


class Unavailable(Exception):
    """No usable answer; the text says why, without what was asked."""


class Remote:
    """One server and how well it answered lately; shared by the threads of a process."""

    def __init__(self, url: str) -> None:
        self._at: SplitResult = urlsplit(url.rstrip("/"))
        self._failures = 0
        self._rests_until = 0.0
        self._lock = threading.Lock()

    def ask(self, path: str, body: object = None) -> Any:
        """The JSON at `path` below the address; POSTed where there is a `body`.

        RuntimeError inside a transaction: locks must not wait for a network.
        """
        if connection.in_atomic_block:
            raise RuntimeError("a server was to be asked inside a transaction")
        if time.monotonic() < self._rests_until:
            raise Unavailable("left alone after failures")
        try:
            answer = json.loads(self._bytes(path, body))
        except (OSError, http.client.HTTPException, ValueError, RecursionError) as exc:
            self.failed()
            raise Unavailable(type(exc).__name__) from None
        return answer

    def worked(self) -> None:
        """Note that the answer was of use."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """Note a failure; also an answer that is JSON and makes no sense."""
        with self._lock:
            self._failures += 1
            if self._failures >= FAILURES:
                self._failures, self._rests_until = 0, time.monotonic() + REST_S

    def _bytes(self, path: str, body: object) -> bytes:
        until = time.monotonic() + TIMEOUT_S
        with closing(self._connect()) as line:
            headers = {"Accept": "application/json", "User-Agent": "atw-backend"}
            if body is None:
                line.request("GET", self._at.path + path, headers=headers)
            else:
                headers["Content-Type"] = "application/json"
                line.request("POST", self._at.path + path, json.dumps(body), headers)
            return _read(line, until)

    def _connect(self) -> http.client.HTTPConnection:
        https = self._at.scheme == "https"
        kind = http.client.HTTPSConnection if https else http.client.HTTPConnection
        return kind(self._at.hostname or "", self._at.port, timeout=TIMEOUT_S)


def _read(line: http.client.HTTPConnection, until: float) -> bytes:
    # The socket's timeout starts anew with each byte: a server that drips would never end.
    answer = line.getresponse()
    if answer.status != 200:
        raise http.client.HTTPException(f"status {answer.status}")
    parts: list[bytes] = []
    while part := answer.read1(65_536):
        parts.append(part)
        if time.monotonic() > until:
            raise TimeoutError
        if sum(map(len, parts)) > MOST_BYTES:
            raise http.client.HTTPException("too long")
    return b"".join(parts)
