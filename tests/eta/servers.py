"""A real HTTP server that speaks as routing and geocoding servers do, or fails as they do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Server(ThreadingHTTPServer):
    """`mode`: well, slow, drip, error, garbage, nonsense; `asked` are the requests so far."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.mode = "well"
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Who asked has left: that is what the slow modes are for."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        at = urlsplit(self.path)
        query = parse_qs(at.query)
        if at.path.startswith("/table/v1/driving/"):
            points = at.path.rpartition("/")[2].split(";")
            sources, ends = (len(query[key][0].split(";")) for key in ("sources", "destinations"))
            assert len(points) == sources + ends
            self.answer({"code": "Ok", "durations": matrix(sources, ends)})
        elif at.path == "/search":
            place = {"lat": "57.70", "lon": "11.97", "display_name": "Linnégatan 1, Göteborg"}
            self.answer([place][: int(query["limit"][0])])
        else:
            about = {"street": "Linnégatan", "housenumber": "1", "city": "Göteborg"}
            point = {"type": "Point", "coordinates": [11.97, 57.70]}
            self.answer({"features": [{"geometry": point, "properties": about}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert body["costing"] == "auto"
        rows = matrix(len(body["sources"]), len(body["targets"]))
        cells = [[{"time": seconds, "distance": 1.0} for seconds in row] for row in rows]
        self.answer({"sources_to_targets": cells})

    def answer(self, good: Any) -> None:
        self.server.asked.append(self.path)
        match self.server.mode:
            case "slow":
                time.sleep(4)
            case "error":
                self.send_error(500)
                return
            case "garbage":
                good = None
            case "nonsense":
                good = {"code": "Ok", "durations": [["soon"]], "features": [{}], "error": 1}
        text = b"<html>\xff" if good is None else json.dumps(good).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.server.mode == "drip":
            for byte in text:
                self.wfile.write(bytes([byte]))
                time.sleep(0.2)
        else:
            self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def matrix(sources: int, ends: int) -> list[list[float | None]]:
    """777 s from the n-th to the n-th, other ways take longer; the third is unknown."""
    return [
        [None if row == column == 2 else 777.0 if row == column else 9_999.0
         for column in range(ends)]
        for row in range(sources)
    ]  # fmt: skip


@contextmanager
def running() -> Iterator[Server]:
    """The server, for a while."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
