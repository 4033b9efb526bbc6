"""Links that set up a phone app to report to us, with intervals that dispatch can use (pure).

The apps' own defaults (Traccar Client: 300 s and 75 m, medium accuracy) are useless on a board.
Names of parameters are those of the apps' sources: Traccar Client 9 and 10
(`configuration_service`, `preferences`), OwnTracks' `_type: configuration`, GPSLogger's %-names.
"""

import base64
import ipaddress
import json
from enum import StrEnum
from urllib.parse import quote, urlencode, urlsplit

INTERVAL_S = 10
DISTANCE_M = 20
HEARTBEAT_S = 60
#: OwnTracks keeps a worse position to itself.
WORST_ACCURACY_M = 200
DOOR = "/api/gps/"

#: `fastest_interval`: else Traccar Client 9 thins out to 30 s; "highest" would switch
#: interval and distance off.
_TRACCAR = {
    "interval": INTERVAL_S,
    "distance": DISTANCE_M,
    "accuracy": "high",
    "fastest_interval": INTERVAL_S,
    "heartbeat": HEARTBEAT_S,
    "buffer": "true",
}


class Reach(StrEnum):
    """From where a phone can report to an address."""

    ANYWHERE = "anywhere"  # HTTPS
    LOCAL_NETWORK = "local_network"  # plain HTTP
    THIS_COMPUTER = "this_computer"  # a loopback address: not from a phone


def reach(base_url: str) -> Reach:
    """How far `base_url`, e.g. `http://127.0.0.1:8000`, carries."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if host == "localhost" or host.endswith(".localhost") or _is_loopback(host):
        return Reach.THIS_COMPUTER
    return Reach.ANYWHERE if parts.scheme == "https" else Reach.LOCAL_NETWORK


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def traccar_code(base_url: str, token: str) -> str:
    """What Traccar Client's own QR scanner takes: the server's address with the settings."""
    return f"{base_url}{DOOR}?{urlencode({'id': token} | _TRACCAR)}"


def traccar_link(base_url: str, token: str) -> str:
    """The same as a link to be tapped on the phone."""
    settings = {"url": f"{base_url}{DOOR}", "id": token} | _TRACCAR
    return f"org.traccar.client://config?{urlencode(settings)}"


def owntracks_link(base_url: str, token: str, *, name: str, short: str) -> str:
    """A link, also as a QR code, that configures OwnTracks for HTTP in its move mode.

    The token is the password of Basic auth; `short` is the two-letter label of its marker.
    """
    configuration = {
        "_type": "configuration",
        "mode": 3,
        "url": f"{base_url}{DOOR}",
        "auth": True,
        "username": name,
        "password": token,
        "deviceId": name,
        "tid": short,
        "monitoring": 2,
        "moveModeLocatorInterval": INTERVAL_S,
        "locatorInterval": INTERVAL_S,
        "locatorDisplacement": DISTANCE_M,
        "ignoreInaccurateLocations": WORST_ACCURACY_M,
    }
    inline = base64.b64encode(json.dumps(configuration, separators=(",", ":")).encode()).decode()
    # Escaped: a plain + would be read as a space.
    return f"owntracks:///config?inline={quote(inline, safe='')}"


def gpslogger_url(base_url: str, token: str) -> str:
    """GPSLogger's custom URL; it fills in its own names."""
    names = {"spd": "SPD", "dir": "DIR", "alt": "ALT", "acc": "ACC", "batt": "BATT"}
    more = "&".join(f"{name}=%{value}" for name, value in names.items())
    return f"{base_url}{DOOR}?id={token}&lat=%LAT&lon=%LON&timestamp=%TIMESTAMP&{more}"
