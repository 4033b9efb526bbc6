"""A local SMTP server that keeps every mail as a file: `python -m devtools.mailsink`."""

from __future__ import annotations

import argparse
import itertools
import logging
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class MailSink:
    """aiosmtpd's handler: writes each mail into `folder`, and hands it to `received`."""

    def __init__(
        self, folder: Path, received: Callable[[EmailMessage], None] | None = None
    ) -> None:
        self._folder = folder
        self._received = received
        self._numbers = itertools.count(1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Called by aiosmtpd for each mail; 250 once it is on disk."""
        content = envelope.original_content or b""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        path = self._folder / f"{stamp}-{next(self._numbers)}.eml"
        draft = path.with_suffix(".part")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        draft.rename(path)
        if self._received:
            self._received(message_from_bytes(content, policy=policy.default))
        return "250 kept"


def serve(handler: MailSink, port: int) -> Controller:
    """Serve on 127.0.0.1:`port` in a thread; `stop()` the result."""
    # aiosmtpd logs every recipient at INFO.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    return controller


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    controller = serve(MailSink(options.folder), options.port)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    controller.stop()


if __name__ == "__main__":
    main()
