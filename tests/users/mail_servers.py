"""SMTP servers that answer as told, on a port of their own."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pytest_django import Settings

#: Longer than a test's client waits.
HANGS_S = 0.6


@dataclass
class MailServer:
    """aiosmtpd's handler: `rcpt` and `data` are its answers; `cuts` the line after DATA.

    `refuses` names addresses that it does not take; at the command `hangs` it says nothing.
    """

    port: int
    rcpt: str = "250 fine"
    data: str = "250 kept"
    cuts: bool = False
    hangs: str = ""
    refuses: frozenset[str] = frozenset()
    taken: list[EmailMessage] = field(default_factory=list)
    offered: int = 0

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.offered += 1
        if self.hangs == "RCPT":
            await asyncio.sleep(HANGS_S)
        if address in self.refuses:
            return "550 no such user"
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.cuts or self.data.startswith("250"):
            content = envelope.original_content or b""
            self.taken.append(message_from_bytes(content, policy=policy.default))
        if self.hangs == "DATA":
            await asyncio.sleep(HANGS_S)
        if self.cuts and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return self.data


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[MailServer]:
    """The server that this test's own process sends to."""
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # it logs recipients
    server = MailServer(free_port())
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    # pytest-django replaces the backend by one that sends nothing.
    settings.EMAIL_BACKEND = "users.channels.smtp.Backend"
    settings.EMAIL_PORT = server.port
    settings.EMAIL_TIMEOUT = 5
    yield server
    controller.stop()
