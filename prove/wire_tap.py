"""Everything that goes through Redis meanwhile, unpacked as far as it can be."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
import threading
import zlib
from collections.abc import Iterator
from contextlib import suppress

import redis

_PACKED = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}")
_GZIP = b"\x1f\x8b"
READY_S = 30.0


class WireTap:
    """A MONITOR of the server, all databases."""

    def __init__(self, url: str) -> None:
        self.commands: list[bytes] = []
        self._url = url
        self._client = redis.Redis.from_url(url)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> WireTap:
        self._thread.start()
        if not self._ready.wait(READY_S):
            raise TimeoutError("MONITOR does not begin")
        return self

    def __exit__(self, *exc: object) -> None:
        with redis.Redis.from_url(self._url) as other:
            other.set("wire-tap", "the end", ex=1)
        self._thread.join(30)

    def _listen(self) -> None:
        with self._client.monitor() as monitor:  # type: ignore[no-untyped-call]
            self._ready.set()
            for command in monitor.listen():
                self.commands.append(str(command["command"]).encode("utf-8", "surrogateescape"))
                if "wire-tap" in str(command["command"]):
                    return

    def holds(self, word: bytes) -> list[bytes]:
        """The commands in which `word` is, packed or not."""
        return [command for command in self.commands if any(word in one for one in layers(command))]


def layers(raw: bytes) -> Iterator[bytes]:
    """`raw`, and what is escaped, compressed or encoded in it."""
    yield raw
    plain = bytes(codecs.escape_decode(_escaped(raw))[0])
    yield plain
    yield from _unzipped(plain)
    for found in _PACKED.findall(plain):
        try:
            decoded = base64.b64decode(found, validate=True)
        except (binascii.Error, ValueError):
            continue
        yield decoded
        yield from _unzipped(decoded)


def _escaped(raw: bytes) -> bytes:
    """So that a lone backslash at the end does not stop the decoding."""
    return raw + b"\\" if (len(raw) - len(raw.rstrip(b"\\"))) % 2 else raw


def _unzipped(raw: bytes) -> Iterator[bytes]:
    begin = raw.find(_GZIP)
    while begin >= 0:
        with suppress(zlib.error):
            yield zlib.decompressobj(31).decompress(raw[begin:])
        begin = raw.find(_GZIP, begin + 1)
