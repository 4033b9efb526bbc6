"""`python -m config.daphne_launcher …`: daphne with three of its habits changed.

- It buffers a whole request body before the application runs: here a body beyond the limit is
  thrown away as it arrives and answered with 413. A manifest may be larger than the rest.
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


IMPORT_PATH = b"/api/trips/import/"
#: Room for the frame of a multipart body around the file.
MULTIPART_BYTES = 4_096


def _handle_content_chunk(request: Any, data: bytes) -> None:
    """Keep what arrives up to the largest limit (the path is not known yet); then only count."""
    request.body_bytes = getattr(request, "body_bytes", 0) + len(data)
    if request.body_bytes <= max(settings.MAX_BATCH_BYTES, _most_bytes(IMPORT_PATH)):
        _keep_chunk(request, data)


def _most_bytes(path: bytes) -> int:
    most: int = settings.MAX_BATCH_BYTES
    return settings.MAX_IMPORT_BYTES + MULTIPART_BYTES if path == IMPORT_PATH else most


def _process_bounded(request: Any) -> "Deferred[None] | None":
    most_bytes = _most_bytes(request.path)
    if getattr(request, "body_bytes", 0) <= most_bytes:
        answered: Deferred[None] = _process(request)
        return answered
    # Not before the application is loaded: it needs the apps.
    from config.problems import CONTENT_TYPE, problem

    body = json.dumps(problem(413, f"The body may have {most_bytes} bytes."))
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
