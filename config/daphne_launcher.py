"""`python -m config.daphne_launcher …`: daphne with three of its habits changed.

- It buffers a whole request body before the application runs: here a body beyond the limit is
  thrown away as it arrives and answered with 413.
- Its limit for received websocket messages also stops larger ones that we send (snapshots).
- Its access log would hold device tokens: it stays silent (`-v 0`).
"""

import json
import os
import sys
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from daphne.cli import CommandLineInterface
from daphne.http_protocol import WebRequest
from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings
from twisted.internet.defer import Deferred

_keep_chunk = WebRequest.handleContentChunk
_process = WebRequest.process
_send_message = WebSocketProtocol.sendMessage


def _handle_content_chunk(request: Any, data: bytes) -> None:
    """Keep what arrives up to the limit; beyond it only count."""
    request.body_bytes = getattr(request, "body_bytes", 0) + len(data)
    if request.body_bytes <= settings.MAX_BATCH_BYTES:
        _keep_chunk(request, data)


def _process_bounded(request: Any) -> "Deferred[None] | None":
    if getattr(request, "body_bytes", 0) <= settings.MAX_BATCH_BYTES:
        answered: Deferred[None] = _process(request)
        return answered
    # Not before the application is loaded: it needs the apps.
    from config.problems import CONTENT_TYPE, problem

    body = json.dumps(problem(413, f"The body may have {settings.MAX_BATCH_BYTES} bytes."))
    request.setResponseCode(413)
    request.setHeader(b"Content-Type", CONTENT_TYPE.encode())
    request.write(body.encode())
    request.finish()
    return None


def _send_any_size(protocol: Any, *args: Any, **options: Any) -> None:
    limit, protocol.maxMessagePayloadSize = protocol.maxMessagePayloadSize, 0
    try:
        _send_message(protocol, *args, **options)
    finally:
        protocol.maxMessagePayloadSize = limit


def main(arguments: list[str]) -> None:
    """Run daphne with `arguments`."""
    WebRequest.handleContentChunk = _handle_content_chunk
    WebRequest.process = _process_bounded
    WebSocketProtocol.sendMessage = _send_any_size
    CommandLineInterface().run(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
