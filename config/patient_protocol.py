"""uvicorn's HTTP/1.1 with bounds on slow and endless requests, which it does not have itself."""

import asyncio
from typing import Any

from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Request line and headers together; daphne has the same bound.
MOST_HEADER_BYTES = 16_384


class PatientProtocol(HttpToolsProtocol):
    """A request, its body included, comes within `settings.REQUEST_WITHIN_S`, or the line is cut.

    One timer a connection that looks again, since one a request would cost the GPS door.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._in_headers, self._header_bytes = True, 0
        self._begun_at: float | None = self.loop.time()
        self._watch = self.loop.call_later(settings.REQUEST_WITHIN_S, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch.cancel()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        self._watch.cancel()
        super().handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_headers, self._header_bytes = True, 0
        self._begun_at = self.loop.time()

    def on_headers_complete(self) -> None:
        self._in_headers = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._begun_at = None
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._in_headers:
            return
        self._header_bytes += len(data)
        if self._header_bytes > MOST_HEADER_BYTES and not self.transport.is_closing():
            self.send_400_response("The headers are too large.")

    def _look(self) -> None:
        now, within_s = self.loop.time(), float(settings.REQUEST_WITHIN_S)
        since: Any = now if self._begun_at is None else self._begun_at
        if now - since >= within_s:
            self.transport.abort()
        else:
            self._watch = self.loop.call_later(since + within_s - now, self._look)
