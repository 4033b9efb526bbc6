"""Who asks, as the network knows them: the one place that believes `X-Forwarded-For`.

A client may write anything into that header; the last entries are those of our own proxies.
"""

import ipaddress
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest

#: Longest text of an address that is kept: an IPv6 one with the end of an IPv4 one.
MOST_CHARACTERS = 45
#: What one subscriber gets of IPv6; a single address of it would be no bound at all.
IPV6_PREFIX = 64


def client_address(peer: str, forwarded: str) -> str:
    """The address behind `settings.PROXIES` proxies of ours; `peer` where there are none."""
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    if not settings.PROXIES or not hops:
        return peer[:MOST_CHARACTERS]
    return hops[-min(settings.PROXIES, len(hops))][:MOST_CHARACTERS]


def of_request(request: HttpRequest) -> str:
    """The address that a Django request (or DRF's) came from."""
    meta = request.META
    return client_address(meta.get("REMOTE_ADDR") or "", meta.get("HTTP_X_FORWARDED_FOR") or "")


def of_scope(scope: Mapping[str, Any]) -> str:
    """The address that an ASGI request or handshake came from."""
    peer = (scope.get("client") or ("",))[0]
    forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return client_address(peer or "", b",".join(forwarded).decode("latin-1"))


def network_of(address: str) -> str:
    """What counts as one asker: an IPv4 address, an IPv6 network; any other text as it is."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, IPV6_PREFIX), strict=False))
    return str(ip)
