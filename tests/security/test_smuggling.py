"""Handshakes byte by byte: what is not plainly a page of ours never gets a cookie's socket."""

from __future__ import annotations

import socket
import struct

import pytest
from django.test import Client

from prove.processes import START_S
from tests.cast import Cast
from tests.fixtures_processes import WebServer
from tests.sockets.test_handshake import cookie_of

pytestmark = pytest.mark.django_db(transaction=True)

OPENED = "opened"


def address(server: WebServer) -> tuple[str, int]:
    host, _, port = server.base_url.removeprefix("http://").partition(":")
    return host, int(port)


def shake(server: WebServer, *headers: bytes) -> str:
    """`opened`, or how it was refused: the HTTP status or the socket's code."""
    host = server.base_url.removeprefix("http://").encode()
    lines = [
        b"GET /ws/dispatch/ HTTP/1.1", b"Host: " + host, b"Upgrade: websocket",
        b"Connection: Upgrade", b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *headers, b"", b"",
    ]  # fmt: skip
    with socket.create_connection(address(server), timeout=START_S) as line:
        line.sendall(b"\r\n".join(lines))
        return _outcome(line)


def _outcome(line: socket.socket) -> str:
    file = line.makefile("rb")
    status = file.readline().split(b" ")[1:2]
    if status != [b"101"]:
        return status[0].decode() if status else "cut"
    while file.readline().strip():
        pass
    head = file.read(2)
    if len(head) < 2:
        return "cut"
    if head[0] & 0x0F != 8:
        return OPENED
    return str(struct.unpack("!H", file.read(2))[0])


@pytest.fixture
def cookie(cast: Cast) -> bytes:
    return b"Cookie: " + cookie_of(cast.dina).encode()


def test_a_page_of_ours_opens_it(web_server: WebServer, cookie: bytes) -> None:
    origin = b"Origin: " + web_server.base_url.encode()
    assert shake(web_server, cookie, origin) == OPENED


def test_no_other_origin_opens_a_sessions_socket(web_server: WebServer, cookie: bytes) -> None:
    ours = web_server.base_url.encode()
    evil = b"https://evil.example"
    forged: list[tuple[bytes, ...]] = [
        (),
        (b"Origin:",),
        (b"Origin: " + evil,),
        (b"Origin: null",),
        (b"Origin: " + ours.replace(b"http://", b"https://"),),
        (b"Origin: " + ours.replace(b"http://", b""),),
        (b"Origin: " + ours + b"/",),
        (b"Origin: " + ours + b".evil.example",),
        (b"Origin: " + ours + b"@evil.example",),
        (b"Origin: " + ours + b", " + evil,),
        (b"Origin: " + evil + b"#" + ours,),
        (b"Origin: " + ours.upper(),),
        (b"Origin: " + ours + b"\x00",),
        (b"Origin: " + ours + b"\x0b",),
        (b"Origin: " + ours + b"\xff",),
        (b"Origin: " + ours + b"\r" + evil,),
        (b"Origin: " + ours + b"\r\n " + evil,),
        (b"Origin : " + ours,),
        (b"X-Origin: " + ours,),
        (b"Sec-WebSocket-Origin: " + ours,),
        (b"Origin: " + ours, b"Origin: " + evil),
        (b"Origin: " + evil, b"Origin: " + ours),
        (b"Origin: " + evil, b"X-Forwarded-Host: " + ours),
        (b"Origin: " + evil + b"\r\nX: y", b"origin: " + ours),
    ]
    opened = [lines for lines in forged if shake(web_server, cookie, *lines) == OPENED]
    assert opened == []


def test_a_token_needs_no_origin_and_a_foreign_page_cannot_use_it(
    cast: Cast, web_server: WebServer
) -> None:
    protocols = b"Sec-WebSocket-Protocol: atw.v1, token." + cast.token(cast.dina).encode()
    assert shake(web_server, protocols) == OPENED
    assert shake(web_server, protocols, b"Origin: " + web_server.base_url.encode()) == OPENED
    assert shake(web_server, protocols, b"Origin: https://evil.example") == "4401"
    assert shake(web_server, protocols + b"x") == "4401"


def test_a_request_hidden_in_another_is_not_answered(web_server: WebServer) -> None:
    hidden = b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    both = b"Content-Length: %d\r\nTransfer-Encoding: chunked" % len(hidden)
    for framing in (
        both,
        b"\r\n".join(reversed(both.split(b"\r\n"))),
        both.replace(b"chunked", b"x, chunked"),
        b"Content-Length: 4\r\nContent-Length: %d" % len(hidden),
        b"Content-Length: +%d" % len(hidden),
    ):
        with socket.create_connection(address(web_server), timeout=START_S) as line:
            head = b"POST /api/auth/logout/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            line.sendall(head + framing + b"\r\n\r\n" + hidden)
            answer = line.makefile("rb").read()
        assert answer.count(b"HTTP/1.1 ") <= 1, framing
        assert b'"status": "ok"' not in answer, framing


def test_a_host_that_is_not_ours_is_refused(cast: Cast) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example"):
        assert Client(headers={"host": host}).get("/accounts/login/").status_code == 400
