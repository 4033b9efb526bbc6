"""What routing and geocoding servers want to be asked, and how they answer (pure).

Points are (latitude, longitude); OSRM, Photon and GeoJSON write longitude first. A reader raises
LookupError, TypeError or ValueError where an answer is not what such a server says.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any
from urllib.parse import quote, urlencode

from trips.dispatch.travel import Point

Matrix = list[list[float | None]]
Found = tuple[str, Point]  # an address and where it is


@dataclass(frozen=True, slots=True)
class Router:
    """`ask` makes (path, body) of points to go from and to; `read` the seconds between them.

    A way that the server does not know is None.
    """

    ask: Callable[[Sequence[Point], Sequence[Point]], tuple[str, object]]
    read: Callable[[Any], Matrix]


@dataclass(frozen=True, slots=True)
class Geocoder:
    """`ask` makes a path of words; `read` the addresses, best first."""

    ask: Callable[[str, int], str]
    read: Callable[[Any], list[Found]]


def _ask_osrm(starts: Sequence[Point], ends: Sequence[Point]) -> tuple[str, object]:
    points = ";".join(f"{longitude:.5f},{latitude:.5f}" for latitude, longitude in [*starts, *ends])
    sources = ";".join(map(str, range(len(starts))))
    destinations = ";".join(map(str, range(len(starts), len(starts) + len(ends))))
    query = f"sources={sources}&destinations={destinations}&annotations=duration"
    return f"/table/v1/driving/{points}?{query}", None


def _read_osrm(answer: Any) -> Matrix:
    if answer["code"] != "Ok":
        raise ValueError("not Ok")
    return [[_seconds(value) for value in row] for row in answer["durations"]]


def _ask_valhalla(starts: Sequence[Point], ends: Sequence[Point]) -> tuple[str, object]:
    sources, targets = ([{"lat": lat, "lon": lon} for lat, lon in side] for side in (starts, ends))
    return "/sources_to_targets", {"sources": sources, "targets": targets, "costing": "auto"}


def _read_valhalla(answer: Any) -> Matrix:
    return [[_seconds(cell["time"]) for cell in row] for row in answer["sources_to_targets"]]


def _seconds(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("no number of seconds")
    if not (isfinite(value) and value >= 0):
        raise ValueError("no number of seconds")
    return float(value)


def _ask_nominatim(words: str, most: int) -> str:
    return "/search?" + urlencode({"q": words, "format": "jsonv2", "limit": most})


def _read_nominatim(answer: Any) -> list[Found]:
    return [_found(row["display_name"], row["lat"], row["lon"]) for row in answer]


def _ask_photon(words: str, most: int) -> str:
    return f"/api?q={quote(words)}&limit={most}"


def _read_photon(answer: Any) -> list[Found]:
    found = []
    for feature in answer["features"]:
        longitude, latitude = feature["geometry"]["coordinates"][:2]
        found.append(_found(_photon_address(feature["properties"]), latitude, longitude))
    return found


def _photon_address(about: Any) -> str:
    street = " ".join(str(about[key]) for key in ("street", "housenumber") if about.get(key))
    town = " ".join(str(about[key]) for key in ("postcode", "city") if about.get(key))
    return ", ".join(part for part in (str(about.get("name") or ""), street, town) if part)


def _found(address: Any, latitude: Any, longitude: Any) -> Found:
    point = float(latitude), float(longitude)
    if not (abs(point[0]) <= 90 and abs(point[1]) <= 180):  # false for NaN as well
        raise ValueError("not on earth")
    return str(address)[:250], point


ROUTERS = {
    "osrm": Router(_ask_osrm, _read_osrm),
    "valhalla": Router(_ask_valhalla, _read_valhalla),
}
GEOCODERS = {
    "nominatim": Geocoder(_ask_nominatim, _read_nominatim),
    "photon": Geocoder(_ask_photon, _read_photon),
}
