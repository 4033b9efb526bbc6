"""One trip's track as GeoJSON (RFC 7946) and as GPX 1.1 (pure)."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

from trips.tracking.simplify import Point

GPX = "http://www.topografix.com/GPX/1/1"


@dataclass(frozen=True, slots=True)
class Stop:
    """`kind` is pickup or dropoff; degrees."""

    kind: str
    address: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of the trip; where it was is not always known."""

    event: str
    occurred_at: datetime
    inferred: bool
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True, slots=True)
class Track:
    """A trip's way: `pieces` in order of time, divided where nothing was heard.

    `simplified`: some of it is a seal's; `truncated`: there are more points than are told.
    """

    trip_id: int
    status: str
    mobility: str
    pieces: list[list[Point]]
    stops: list[Stop]
    happenings: list[Happening]
    simplified: bool = False
    truncated: bool = False


def divided(points: Iterable[Point], longest_s: float) -> list[list[Point]]:
    """Points in order of time, divided wherever more than `longest_s` passed."""
    pieces: list[list[Point]] = []
    last = float("-inf")
    for point in points:
        if point.at - last > longest_s:
            pieces.append([])
        pieces[-1].append(point)
        last = point.at
    return pieces


def iso_of(unix_s: float) -> str:
    """ISO 8601 with Z and milliseconds."""
    moment = datetime.fromtimestamp(unix_s, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def geojson(track: Track) -> dict[str, Any]:
    """A FeatureCollection: the track with a time per position, the stops, the events."""
    features = [_track_feature(track)] if track.pieces else []
    features += [_stop_feature(stop) for stop in track.stops]
    features += [_event_feature(one) for one in track.happenings]
    return {"type": "FeatureCollection", "features": features}


def _track_feature(track: Track) -> dict[str, Any]:
    # A line has two positions at least: a single one is told twice.
    pieces = [piece if len(piece) > 1 else piece * 2 for piece in track.pieces]
    properties = {
        "kind": "track",
        "trip_id": track.trip_id,
        "status": track.status,
        "mobility": track.mobility,
        "times": [[iso_of(point.at) for point in piece] for piece in pieces],
        "simplified": track.simplified,
        "truncated": track.truncated,
    }
    lines = [[[point.longitude, point.latitude] for point in piece] for piece in pieces]
    return _feature({"type": "MultiLineString", "coordinates": lines}, properties)


def _stop_feature(stop: Stop) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": [stop.longitude, stop.latitude]}
    return _feature(geometry, {"kind": stop.kind, "address": stop.address})


def _event_feature(one: Happening) -> dict[str, Any]:
    geometry = None
    if one.longitude is not None:
        geometry = {"type": "Point", "coordinates": [one.longitude, one.latitude]}
    at = iso_of(one.occurred_at.timestamp())
    properties = {
        "kind": "event",
        "event": one.event,
        "occurred_at": at,
        "inferred": one.inferred,
    }
    return _feature(geometry, properties)


def _feature(geometry: dict[str, Any] | None, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def gpx(track: Track) -> bytes:
    """A GPX 1.1 document; events without a place have none in it."""
    root = ET.Element("gpx", {"xmlns": GPX, "version": "1.1", "creator": "ATW"})
    for attributes, parts in _waypoints(track):
        _with_parts(ET.SubElement(root, "wpt", attributes), parts)
    trk = ET.SubElement(root, "trk")
    _with_parts(trk, {"name": f"Trip {track.trip_id}", "type": track.mobility})
    for piece in track.pieces:
        segment = ET.SubElement(trk, "trkseg")
        for point in piece:
            at = ET.SubElement(segment, "trkpt", _where(point.latitude, point.longitude))
            _with_parts(at, {"time": iso_of(point.at)})
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _waypoints(track: Track) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    for stop in track.stops:
        parts = {"name": stop.kind, "desc": _printable(stop.address)}
        yield _where(stop.latitude, stop.longitude), parts
    for one in track.happenings:
        if one.latitude is not None and one.longitude is not None:
            at = iso_of(one.occurred_at.timestamp())
            yield _where(one.latitude, one.longitude), {"time": at, "name": one.event}


def _where(latitude: float, longitude: float) -> dict[str, str]:
    return {"lat": f"{latitude:.7f}", "lon": f"{longitude:.7f}"}


def _with_parts(element: ET.Element, parts: dict[str, str]) -> None:
    for name, text in parts.items():
        ET.SubElement(element, name).text = text


def _printable(text: str) -> str:
    """Without the signs that XML 1.0 cannot hold."""
    return "".join(" " if unicodedata.category(sign) in ("Cc", "Cs") else sign for sign in text)
