"""Promise: what is too large, meant for those inside, or invented stops at the proxy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from tests.ops.proxy import SOON_S, Proxy
from tests.plugin import Services


class Inside(BaseHTTPRequestHandler):
    """A web process that says what reached it."""

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        for name in ("X-Forwarded-For", "X-Forwarded-Proto", "Host"):
            self.send_header(f"Saw-{name}", self.headers.get(name, ""))
        self.send_header("Content-Length", "0")
        self.send_header("Saw-Bytes", str(len(body)))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def http(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Inside) as inside:
        threading.Thread(target=inside.serve_forever, daemon=True).start()
        url = f"127.0.0.1:{inside.server_address[1]}"
        proxy = Proxy(services, [url], tmp_path_factory.mktemp("caddy"))
        proxy.start()
        with httpx.Client(base_url=proxy.url, timeout=SOON_S) as client:
            yield client
        proxy.stop()
        inside.shutdown()


def test_a_body_within_the_bounds_arrives_whole(http: httpx.Client) -> None:
    assert (
        http.post("/api/trips/import/", content=b"x" * 8_000_000).headers["Saw-Bytes"] == "8000000"
    )


def test_a_body_beyond_any_limit_of_ours_is_refused(http: httpx.Client) -> None:
    assert http.post("/api/trips/import/", content=b"x" * 11_000_000).status_code == 413


def test_large_headers_are_refused(http: httpx.Client) -> None:
    assert http.get("/", headers={"X-Large": "x" * 40_000}).status_code == 431


def test_numbers_are_for_those_inside(http: httpx.Client) -> None:
    assert http.get("/metrics").status_code == 404
    assert http.get("/metrics/").status_code == 404


def test_who_asks_cannot_say_that_they_are_somebody_else(http: httpx.Client) -> None:
    claims = {"X-Forwarded-For": "10.1.2.3", "X-Forwarded-Proto": "https"}
    seen = http.get("/", headers=claims).headers
    assert seen["Saw-X-Forwarded-For"] == "127.0.0.1"
    assert seen["Saw-X-Forwarded-Proto"] == "http"
    assert seen["Saw-Host"] == http.base_url.netloc.decode()


def test_the_proxy_does_not_say_what_it_is(http: httpx.Client) -> None:
    assert "caddy" not in str(http.get("/metrics").headers).lower()
