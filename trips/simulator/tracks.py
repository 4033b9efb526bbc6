"""Recorded tracks, read from the files that phones and loggers write. Pure.

A line or point that cannot be read is left out and reported; a readable one is kept even when it
is absurd (latitude 91), because judging is the server's part.
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

FOOT_M = 0.3048
KMH_MPS = 1 / 3.6
KNOT_MPS = 1852 / 3600
GEOLIFE_HEADER_LINES = 6
GEOLIFE_UNKNOWN_ALTITUDE_FT = -777.0


@dataclass(frozen=True, slots=True)
class TrackPoint:
    """One recorded position; degrees, metres, m/s; `recorded_at` is in UTC."""

    recorded_at: datetime
    latitude: float
    longitude: float
    altitude_m: float | None = None
    speed_mps: float | None = None
    heading_deg: float | None = None
    accuracy_m: float | None = None

    def as_fix(self, client_id: str) -> dict[str, Any]:
        """The JSON of one fix at the native GPS door; what is unknown is left out."""
        fix = {
            "id": client_id,
            "recorded_at": self.recorded_at.isoformat().replace("+00:00", "Z"),
            "latitude": self.latitude,
            "longitude": self.longitude,
            "altitude": self.altitude_m,
            "speed": self.speed_mps,
            "heading": self.heading_deg,
            "accuracy": self.accuracy_m,
        }
        return {name: value for name, value in fix.items() if value is not None}


class Unreadable(NamedTuple):
    """A place in the file (line or point, counted from 1) that holds no position, and why."""

    place: int
    reason: str


class Track(NamedTuple):
    """What a file holds, in the file's order."""

    points: list[TrackPoint]
    unreadable: list[Unreadable]


class UnknownFormat(ValueError):
    """The file is none of the formats that can be read."""


Cells = Mapping[str, Any]

CSV_ALIASES: dict[str, tuple[str, ...]] = {
    "time": ("recorded_at", "timestamp", "time", "datetime", "date_time", "utc", "fix_time"),
    "latitude": ("latitude", "lat", "y"),
    "longitude": ("longitude", "lon", "lng", "long", "x"),
    "altitude": ("altitude", "alt", "ele", "elevation", "altitude_m"),
    "heading": ("heading", "bearing", "course", "cog", "dir", "direction"),
    "accuracy": ("accuracy", "acc", "horizontal_accuracy", "accuracy_m"),
}
CSV_SPEEDS = {
    "speed": 1.0,
    "speed_mps": 1.0,
    "spd": 1.0,
    "speed_kmh": KMH_MPS,
    "speed_kph": KMH_MPS,
    "speed_knots": KNOT_MPS,
}


def parse(name: str, text: str) -> Track:
    """Read a track by the ending of its file name.

    Raises `UnknownFormat` when the ending is unknown or the whole is not of that format.
    """
    ending = name.rpartition(".")[2].lower()
    reader = READERS.get(ending)
    if reader is None:
        raise UnknownFormat(f"{name}: not one of {', '.join(sorted(READERS))}")
    try:
        return _collect(reader(text))
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
        raise UnknownFormat(f"{name}: no {ending} track ({error})") from error


def shifted(points: list[TrackPoint], finish: datetime) -> list[TrackPoint]:
    """The same points with their spacing, moved in time so that the latest is at `finish`."""
    if not points:
        return []
    by = finish - max(point.recorded_at for point in points)
    return [replace(point, recorded_at=point.recorded_at + by) for point in points]


def post_times(points: list[TrackPoint], *, speed: float, max_gap_s: float) -> list[float]:
    """When to post each point, in seconds after the first, `speed` times faster than recorded.

    A pause longer than `max_gap_s` of replay time is cut to that; a step back in time waits 0.
    """
    due = [0.0] if points else []
    for before, after in pairwise(points):
        pause = (after.recorded_at - before.recorded_at).total_seconds() / speed
        due.append(due[-1] + min(max(pause, 0.0), max_gap_s))
    return due


Rows = Iterator[tuple[int, Callable[[], TrackPoint]]]
"""The place in the file, and how to read it: reading one may fail without ending the others."""


def _collect(rows: Rows) -> Track:
    points: list[TrackPoint] = []
    unreadable: list[Unreadable] = []
    for place, read in rows:
        try:
            points.append(read())
        except (ValueError, KeyError, IndexError, TypeError) as error:
            unreadable.append(Unreadable(place, f"{type(error).__name__}: {error}"))
    return Track(points, unreadable)


def _gpx(text: str) -> Rows:
    import gpxpy
    from gpxpy.gpx import GPXException, GPXTrackPoint

    def read(point: GPXTrackPoint) -> TrackPoint:
        if point.time is None:
            raise ValueError("no time")
        return TrackPoint(
            _utc(point.time),
            point.latitude,
            point.longitude,
            altitude_m=point.elevation,
            speed_mps=point.speed,
            heading_deg=point.course,
        )

    try:
        gpx = gpxpy.parse(text)
    except GPXException as error:
        raise ValueError(str(error)) from error
    recorded = [point for point, *_ in gpx.walk()] or list(gpx.waypoints)
    for place, point in enumerate(recorded, start=1):
        yield place, partial(read, point)


def _geojson(text: str) -> Rows:
    document = json.loads(text)
    features = document["features"] if document["type"] == "FeatureCollection" else [document]
    place = 0
    for feature in features:
        geometry, cells = feature["geometry"], feature.get("properties") or {}
        for position, own in _positions(geometry, cells):
            place += 1
            yield place, partial(_geojson_point, position, own)


def _positions(geometry: Cells, properties: Cells) -> Iterator[tuple[list[float], Cells]]:
    """A position with the cells that are its own; a line's times stand in its properties."""
    kind, coordinates = geometry["type"], geometry["coordinates"]
    if kind == "Point":
        yield coordinates, properties
        return
    lines = {"LineString": [coordinates], "MultiLineString": coordinates}.get(kind, [])
    times = _line_times(properties)
    if times and not isinstance(times[0], list):
        times = [times]
    for number, line in enumerate(lines):
        stamps = times[number] if number < len(times) else []
        for index, position in enumerate(line):
            yield position, {"time": stamps[index]} if index < len(stamps) else {}


def _line_times(properties: Cells) -> list[Any]:
    shared = properties.get("coordinateProperties") or {}
    for cells in (properties, shared):
        for name in ("coordTimes", "times", "timestamps"):
            if cells.get(name):
                return list(cells[name])
    return []


def _geojson_point(position: list[float], cells: Cells) -> TrackPoint:
    altitude = position[2] if len(position) > 2 else None
    own = {"altitude": altitude, **cells, "longitude": position[0], "latitude": position[1]}
    return _from_cells(own)


def _csv(text: str) -> Rows:
    lines = text.splitlines()
    dialect = csv.Sniffer().sniff(lines[0], delimiters=",;\t") if lines else csv.excel
    rows = csv.reader(lines, dialect)
    header = [name.strip().lower().lstrip("\ufeff") for name in next(rows, [])]
    for wanted in ("time", "latitude", "longitude"):
        if not set(CSV_ALIASES[wanted]) & set(header):
            raise ValueError(f"no {wanted} column")
    for row in rows:
        if row:
            cells = dict(zip(header, row, strict=False))
            yield rows.line_num, partial(_from_cells, cells)


def _geolife(text: str) -> Rows:
    def read(line: str) -> TrackPoint:
        latitude, longitude, _, feet, _, day, time = line.split(",")
        unknown = float(feet) == GEOLIFE_UNKNOWN_ALTITUDE_FT
        return TrackPoint(
            _utc(datetime.fromisoformat(f"{day.strip()}T{time.strip()}")),
            float(latitude),
            float(longitude),
            altitude_m=None if unknown else round(float(feet) * FOOT_M, 2),
        )

    lines = text.splitlines()
    if not text.startswith("Geolife"):
        raise ValueError("no Geolife header")
    for place, line in enumerate(lines[GEOLIFE_HEADER_LINES:], start=GEOLIFE_HEADER_LINES + 1):
        if line.strip():
            yield place, partial(read, line)


READERS: dict[str, Callable[[str], Rows]] = {
    "gpx": _gpx,
    "geojson": _geojson,
    "json": _geojson,
    "csv": _csv,
    "plt": _geolife,
}


def _from_cells(cells: Cells) -> TrackPoint:
    time, latitude, longitude = (_cell(cells, name) for name in ("time", "latitude", "longitude"))
    if time is None or latitude is None or longitude is None:
        raise ValueError("no time, latitude or longitude")
    return TrackPoint(
        _time(time),
        float(latitude),
        float(longitude),
        altitude_m=_number(_cell(cells, "altitude")),
        speed_mps=_speed(cells),
        heading_deg=_number(_cell(cells, "heading")),
        accuracy_m=_number(_cell(cells, "accuracy")),
    )


def _cell(cells: Cells, name: str) -> Any:
    return next((cells[a] for a in CSV_ALIASES[name] if cells.get(a) not in (None, "")), None)


def _speed(cells: Cells) -> float | None:
    for name, factor in CSV_SPEEDS.items():
        speed = _number(cells.get(name))
        if speed is not None:
            return speed * factor
    return None


def _number(value: Any) -> float | None:
    return None if value in (None, "") else float(value)


def _time(value: Any) -> datetime:
    """ISO 8601, or unix seconds or milliseconds; without a zone it is UTC."""
    try:
        seconds = float(value)
    except ValueError:
        return _utc(datetime.fromisoformat(value.strip()))
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
        seconds=seconds / 1000 if seconds > 1e11 else seconds
    )


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
