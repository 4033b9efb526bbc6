"""`python -m config.daphne_launcher …`: daphne with seven of its habits changed.

- It buffers a whole request body before the application runs: here a body beyond the limit is
  thrown away as it arrives and answered with 413. A manifest may be larger than the rest.
- Twisted reads a form for arguments that nobody asks for, and refuses one that it cannot read
  with an empty answer: forms are the application's.
- Its limit for received websocket messages also stops larger ones that we send (snapshots).
- Its access log would hold device tokens: it stays silent (`-v 0`).
- A byte now and then would keep a connection for ever: here a request comes whole in its time.
- Told to stop, it would cut off what runs: here it leaves as `config.drain` says.
- systemd would not know when it accepts: here it is told.
"""

import asyncio
import json
import os
import sys
from functools import partialmethod
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from daphne.cli import CommandLineInterface
from daphne.http_protocol import WebRequest
from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort
from twisted.protocols.basic import LineReceiver
from twisted.web.http import HTTPChannel

from config import drain
from config.body_bound import IMPORT_PATH, most_bytes
from config.watchdog import notify

_keep_chunk = WebRequest.handleContentChunk
_process = WebRequest.process
_send_message = WebSocketProtocol.sendMessage
_all_content_received = HTTPChannel.allContentReceived
_kill_all_applications = Server.kill_all_applications


def _handle_content_chunk(request: Any, data: bytes) -> None:
    """Keep what arrives up to the largest limit (the path is not known yet); then only count."""
    request.body_bytes = getattr(request, "body_bytes", 0) + len(data)
    if request.body_bytes <= max(settings.MAX_BATCH_BYTES, most_bytes(IMPORT_PATH)):
        _keep_chunk(request, data)


def _process_bounded(request: Any) -> "Deferred[None] | None":
    if drain.leaving():
        request.responseHeaders.setRawHeaders(b"Connection", [b"close"])
        request.channel.persistent = False
    most = most_bytes(request.path.decode("latin-1"))
    if getattr(request, "body_bytes", 0) <= most:
        answered: Deferred[None] = _process(request)
        return answered
    # Not before the application is loaded: it needs the apps.
    from config.problems import CONTENT_TYPE, problem

    body = json.dumps(problem(413, f"The body may have {most} bytes."))
    request.setResponseCode(413)
    request.setHeader(b"Content-Type", CONTENT_TYPE.encode())
    request.write(body.encode())
    request.finish()
    return None


def _receive_in_time(channel: Any, data: bytes) -> None:
    """Twisted begins its timer anew with each piece; here it runs from a request's first one."""
    if not getattr(channel, "begun", False):
        channel.begun = True
        channel.setTimeout(settings.REQUEST_WITHIN_S)
    # What HTTPChannel.dataReceived does, without the new beginning.
    LineReceiver.dataReceived(channel, data)  # type: ignore[no-untyped-call]


def _received_in_time(channel: Any) -> None:
    channel.begun = False
    _all_content_received(channel)  # type: ignore[no-untyped-call]


def _send_any_size(protocol: Any, *args: Any, **options: Any) -> None:
    limit, protocol.maxMessagePayloadSize = protocol.maxMessagePayloadSize, 0
    try:
        _send_message(protocol, *args, **options)
    finally:
        protocol.maxMessagePayloadSize = limit


def _leave(server: Any) -> "Deferred[None]":
    """Before daphne ends what still runs; the reactor waits for the answer."""
    return Deferred.fromFuture(asyncio.ensure_future(_drain(server)))


async def _drain(server: Any) -> None:
    shared = any(endpoint.startswith("fd:") for endpoint in server.endpoints)
    await drain.leave(stop_listening=_stop_listening if shared else None)
    await drain.until(lambda: not _running(server))
    await _kill_all_applications(server).asFuture(asyncio.get_running_loop())


def _stop_listening() -> None:
    for reader in reactor.getReaders():  # type: ignore[misc]
        if IListeningPort.providedBy(reader):
            reader.stopListening()


def _running(server: Any) -> bool:
    """Whether an application still works on an answer that somebody waits for."""
    applications = (
        details.get("application_instance")
        for details in server.connections.values()
        if "disconnected" not in details
    )
    return any(application and not application.done() for application in applications)


def main(arguments: list[str]) -> None:
    """Run daphne with `arguments`."""
    Server.kill_all_applications = _leave
    HTTPChannel.dataReceived = _receive_in_time  # type: ignore[method-assign]
    HTTPChannel.allContentReceived = _received_in_time  # type: ignore[method-assign]
    WebRequest.__init__ = partialmethod(WebRequest.__init__, parsePOSTFormSubmission=False)
    WebRequest.handleContentChunk = _handle_content_chunk
    WebRequest.process = _process_bounded
    WebSocketProtocol.sendMessage = _send_any_size
    # It listens before the loop runs.
    reactor.callWhenRunning(notify, "READY=1")
    CommandLineInterface().run(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
