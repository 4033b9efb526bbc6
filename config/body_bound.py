"""No request body beyond its limit: not in memory, and not in a temporary file either.

uvicorn streams bodies, and Django writes all of one to the disk before a view can refuse it.
daphne's launcher asks here as well: it has to count before the application is called.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from django.conf import settings

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

IMPORT_PATH = "/api/trips/import/"
#: Room for the frame of a multipart body around the file.
MULTIPART_BYTES = 4_096


def most_bytes(path: str) -> int:
    """Bytes that a body may have; a manifest may be larger than the rest."""
    most: int = settings.MAX_BATCH_BYTES
    return settings.MAX_IMPORT_BYTES + MULTIPART_BYTES if path == IMPORT_PATH else most


class BodyBound:
    """ASGI middleware: 413 as soon as a body is known to be too large."""

    def __init__(self, application: App) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = most_bytes(scope["path"])
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length) > most:
            await _too_large(send, most)
            return
        if b"transfer-encoding" not in headers:
            await self._application(scope, receive, send)
            return
        counted = _Counted(receive, send, most)
        await self._application(scope, counted.receive, counted.send)
        if counted.is_over and not counted.is_answered:
            await _too_large(send, most)


class _Counted:
    """A body of unknown length; the application is told that who sends it has gone."""

    def __init__(self, receive: Receive, send: Send, most: int) -> None:
        self._receive, self._send, self._left = receive, send, most
        self.is_answered = False

    @property
    def is_over(self) -> bool:
        return self._left < 0

    async def receive(self) -> Mapping[str, Any]:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.is_over else message

    async def send(self, message: Mapping[str, Any]) -> None:
        if self.is_answered or not self.is_over:
            self.is_answered = True
            await self._send(message)


async def _too_large(send: Send, most: int) -> None:
    # Not before the application is loaded: it needs the apps.
    from config.problems import CONTENT_TYPE, problem

    body = msgspec.json.encode(problem(413, f"The body may have {most} bytes."))
    headers = [
        (b"content-type", CONTENT_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
