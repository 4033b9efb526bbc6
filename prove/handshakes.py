"""Handshakes byte by byte, to see which of them a server takes for a page of ours."""

from __future__ import annotations

import socket
import struct

TIMEOUT_S = 30.0
OPENED = "opened"
EVIL = b"https://evil.example"
CLOSE = 8
Headers = tuple[bytes, ...]


def shake(port: int, *headers: bytes, path: bytes = b"/ws/dispatch/") -> str:
    """`opened`, or how it was refused: the HTTP status, the socket's code, or `cut`."""
    lines = [
        b"GET " + path + b" HTTP/1.1", b"Host: 127.0.0.1:%d" % port, b"Upgrade: websocket",
        b"Connection: Upgrade", b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *headers, b"", b"",
    ]  # fmt: skip
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as line:
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
    if head[0] & 0x0F != CLOSE:
        return OPENED
    return str(struct.unpack("!H", file.read(2))[0])


def with_token(token: str) -> bytes:
    """The header that brings a bearer token."""
    return b"Sec-WebSocket-Protocol: atw.v1, token." + token.encode()


def foreign_origins(ours: bytes) -> list[Headers]:
    """Headers of pages that are none of ours, or that claim to be in a way that is none."""
    return [
        (),
        (b"Origin:",),
        (b"Origin: " + EVIL,),
        (b"Origin: null",),
        (b"Origin: " + ours.replace(b"http://", b"https://"),),
        (b"Origin: " + ours.replace(b"http://", b""),),
        (b"Origin: " + ours.replace(b"http://", b"ws://"),),
        (b"Origin: " + ours.rpartition(b":")[0],),
        (b"Origin: " + ours.rpartition(b":")[0] + b":1",),
        (b"Origin: " + ours.replace(b"127.0.0.1", b"localhost"),),
        (b"Origin: " + ours + b"/",),
        (b"Origin: " + ours + b".evil.example",),
        (b"Origin: " + ours + b"@evil.example",),
        (b"Origin: " + ours + b", " + EVIL,),
        (b"Origin: " + EVIL + b"#" + ours,),
        (b"Origin: " + ours.upper(),),
    ]


def smuggled_origins(ours: bytes) -> list[Headers]:
    """Bytes that one parser might read as another would not."""
    return [
        (b"Origin: " + ours + b"\x00",),
        (b"Origin: " + ours + b"\x0b",),
        (b"Origin: " + ours + b"\xff",),
        (b"Origin: " + ours + b"\r" + EVIL,),
        (b"Origin: " + ours + b"\r\n " + EVIL,),
        (b"Origin : " + ours,),
        (b"X-Origin: " + ours,),
        (b"Sec-WebSocket-Origin: " + ours,),
        (b"Origin: " + ours, b"Origin: " + EVIL),
        (b"Origin: " + EVIL, b"Origin: " + ours),
        (b"Origin: " + EVIL, b"X-Forwarded-Host: " + ours),
        (b"Origin: " + EVIL + b"\r\nX: y", b"origin: " + ours),
    ]


def hidden_requests() -> list[bytes]:
    """POSTs of which a careless parser would take the end for one more request."""
    hidden = b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    both = b"Content-Length: %d\r\nTransfer-Encoding: chunked" % len(hidden)
    framings = (
        both,
        b"\r\n".join(reversed(both.split(b"\r\n"))),
        both.replace(b"chunked", b"x, chunked"),
        b"Content-Length: 4\r\nContent-Length: %d" % len(hidden),
        b"Content-Length: +%d" % len(hidden),
    )
    head = b"POST /api/auth/logout/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    return [head + framing + b"\r\n\r\n" + hidden for framing in framings]


def is_answered_twice(port: int, request: bytes) -> bool:
    """Whether what was hidden in a request is answered, too."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as line:
        line.sendall(request)
        answer = line.makefile("rb").read()
    return answer.count(b"HTTP/1.1 ") > 1 or b'"status": "ok"' in answer


def opened_by(port: int, login: bytes, attempts: list[Headers]) -> list[str]:
    """The attempts that opened a board with this login."""
    return [repr(lines) for lines in attempts if shake(port, login, *lines) == OPENED]
