"""POST to an address that a stranger typed in: no private network, no redirect, no long wait."""

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import closing
from urllib.parse import SplitResult, urlsplit

TIMEOUT_S = 10.0
MOST_URL = 500


class Forbidden(Exception):
    """The address is not one that may be called; the text says why."""


class Unreachable(Exception):
    """No answer; the text is a type's name."""


def check_url(url: str, *, private: bool) -> SplitResult:
    """The parts of an https address; with `private`, http as well. Forbidden says what is wrong."""
    try:
        at = urlsplit(url)
        port = at.port
    except ValueError:
        raise Forbidden("This is no address.") from None
    if len(url) > MOST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise Forbidden("This is no address.")
    if at.scheme != "https" and not (private and at.scheme == "http"):
        raise Forbidden("The address must begin with https://.")
    if not at.hostname or "@" in at.netloc or at.fragment or port == 0:
        raise Forbidden("The address is like https://example.org/path, without user or fragment.")
    return at


def resolve(at: SplitResult, *, private: bool) -> str:
    """The IP address to connect to; Forbidden where any of the name's is not public.

    Connecting to this very address, and not to the name again, is what keeps a name from
    pointing elsewhere the second time.
    """
    port = at.port or (443 if at.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(at.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise Unreachable(type(exc).__name__) from None
    addresses = [str(row[4][0]) for row in found]
    if not private and not all(map(_is_public, addresses)):
        raise Forbidden("The address is not on the public internet.")
    return addresses[0]


def post(url: str, body: bytes, headers: Mapping[str, str], *, private: bool = False) -> int:
    """The status that the server answers with; a redirect is an answer like any other."""
    at = check_url(url, private=private)
    address = resolve(at, private=private)
    until = time.monotonic() + TIMEOUT_S
    try:
        with closing(_line(at, address)) as line:
            path = f"{at.path or '/'}{'?' + at.query if at.query else ''}"
            line.request("POST", path, body, dict(headers))
            if line.sock is not None:
                line.sock.settimeout(max(0.1, until - time.monotonic()))
            return line.getresponse().status
    except (OSError, http.client.HTTPException, ValueError) as exc:
        raise Unreachable(type(exc).__name__) from None


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        # An IPv4 address in IPv6 clothes reaches the IPv4 network.
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None and not inner.is_global:
            return False
        if ip in _NAT64:
            return False
    return ip.is_global and not ip.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _line(at: SplitResult, address: str) -> http.client.HTTPConnection:
    """A connection to `address` that calls itself, and checks the certificate, by the name."""
    name = at.hostname or ""
    if at.scheme == "https":
        context = ssl.create_default_context()
        line: http.client.HTTPConnection = http.client.HTTPSConnection(
            name, at.port, timeout=TIMEOUT_S, context=context
        )
    else:
        line = http.client.HTTPConnection(name, at.port, timeout=TIMEOUT_S)
    sock = socket.create_connection((address, line.port), TIMEOUT_S)
    try:
        # A socket that is there already is not opened by name.
        line.sock = (
            context.wrap_socket(sock, server_hostname=name) if at.scheme == "https" else sock
        )
    except BaseException:
        sock.close()
        raise
    return line
