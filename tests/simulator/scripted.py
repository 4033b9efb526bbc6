"""A real HTTP server on a real port whose answers are written by the test."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANG_UP = "the connection is cut instead of an answer"


@dataclass
class Request:
    """What came in."""

    method: str
    path: str
    token: str
    body: Any


@dataclass
class Script:
    """`answers` are given in turn, the last one for ever: (status, JSON[, headers]) or HANG_UP."""

    answers: list[Any]
    base_url: str = ""
    requests: list[Request] = field(default_factory=list)

    def next_answer(self) -> Any:
        """The answer to the next request."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def scripted(*answers: Any) -> Iterator[Script]:
    """Serve `answers` on a free port of the loopback."""
    script = Script(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            token = self.headers.get("Authorization", "").removeprefix("Token ")
            script.requests.append(
                Request(self.command, self.path, token, json.loads(body) if body else None)
            )
            self._answer(script.next_answer())

        do_GET = do_POST

        def _answer(self, answer: Any) -> None:
            if answer == HANG_UP:
                self.close_connection = True
                return
            status, content, *rest = answer
            data = json.dumps(content).encode()
            self.send_response(status)
            headers = {"Content-Length": str(len(data)), **(rest[0] if rest else {})}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.base_url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
