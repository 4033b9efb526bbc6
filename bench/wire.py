"""As much of HTTP/1.1 and of RFC 6455 as a load generator needs (pure)."""

from __future__ import annotations

import re

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_KEY = "YXR3LWJlbmNoLWtleS0wMQ=="


class BadAnswer(ValueError):
    """Something that this parser does not know."""


def post(path: str, token: str, body: bytes) -> bytes:
    """A whole keep-alive POST of JSON; the host is the generator's own machine."""
    return request("POST", path, token, body)


def request(method: str, path: str, token: str, body: bytes = b"") -> bytes:
    """A whole keep-alive request with a JSON body."""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Token {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def split_response(data: bytes) -> tuple[int, bytes, bytes] | None:
    """(status, body, what follows) once `data` holds a whole answer; needs a Content-Length."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    length = _LENGTH.search(data, 0, end)
    if length is None:
        raise BadAnswer(data[: end + 4].decode("latin-1"))
    stop = end + 4 + int(length[1])
    if len(data) < stop:
        return None
    return int(data[9:12]), data[end + 4 : stop], data[stop:]


def handshake(path: str, token: str | None) -> bytes:
    """An upgrade to `atw.v1` with a bearer token, or without both for the text-book server."""
    offered = f"Sec-WebSocket-Protocol: atw.v1, token.{token}\r\n" if token else ""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {_KEY}\r\n"
        f"Sec-WebSocket-Version: 13\r\n{offered}\r\n"
    ).encode()


def client_frame(opcode: int, payload: bytes) -> bytes:
    """One short masked frame; the mask is zero, so the payload stays as it is."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, 0x80 | size, 0, 0, 0, 0)) + payload
    return bytes((0x80 | opcode, 0xFE, size >> 8, size & 255, 0, 0, 0, 0)) + payload


def split_frames(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """([(opcode, payload)], the incomplete rest) of unmasked, unfragmented frames."""
    frames: list[tuple[int, bytes]] = []
    start, end = 0, len(data)
    while end - start >= 2:
        size, head = data[start + 1], 2
        if size >= 126:
            head = 4 if size == 126 else 10
            size = int.from_bytes(data[start + 2 : start + head], "big")
        stop = start + head + size
        if start + head > end or stop > end:
            break
        frames.append((data[start] & 15, data[start + head : stop]))
        start = stop
    return frames, data[start:]
