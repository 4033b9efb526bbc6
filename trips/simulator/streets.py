"""Streets as lines: read from an OpenStreetMap extract, or drawn as a grid."""

import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from trips.simulator.route import METRES_PER_DEGREE, Point, distance_m

ATTRIBUTION = "© OpenStreetMap contributors"
DEFAULT_STREETS = (
    Path(__file__).resolve().parents[2]
    / "node_modules"
    / "geojson-path-finder"
    / "test"
    / "large-network.json"
)

CLASS_SPEED_MPS = {
    "motorway": 25.0,
    "trunk": 19.5,
    "primary": 16.5,
    "motorway_link": 14.0,
    "trunk_link": 14.0,
    "secondary": 13.9,
    "tertiary": 12.5,
    "primary_link": 11.0,
    "secondary_link": 11.0,
    "tertiary_link": 11.0,
    "unclassified": 11.0,
    "road": 8.5,
    "residential": 8.5,
    "living_street": 4.5,
    "service": 4.5,
}

GRID_ORIGIN: Point = (57.69, 11.93)
GRID_BLOCKS = 24
GRID_BLOCK_M = 180.0
SIMPLIFY_TOLERANCE_M = 4.0


@dataclass(frozen=True, slots=True)
class Way:
    """One drivable street line; `points` are (latitude, longitude), in travel order if one-way."""

    kind: str
    name: str
    oneway: bool
    points: tuple[Point, ...]


class _Properties(msgspec.Struct):
    highway: str = ""
    name: str = ""
    oneway: str = ""
    junction: str = ""
    access: str = ""


class _Geometry(msgspec.Struct):
    type: str
    coordinates: msgspec.Raw


class _Feature(msgspec.Struct):
    geometry: _Geometry
    properties: _Properties


class _Collection(msgspec.Struct):
    features: list[_Feature]


def read_ways(path: Path) -> list[Way]:
    """Drivable ways of a GeoJSON file with OpenStreetMap tags.

    Raises `OSError` when unreadable, `msgspec.DecodeError` when it is no such GeoJSON.
    """
    collection = msgspec.json.decode(path.read_bytes(), type=_Collection)
    # One shared tuple per distinct position: junctions are found by equality, and it halves memory.
    seen: dict[Point, Point] = {}
    return [_way(feature, seen) for feature in collection.features if _is_drivable(feature)]


def synthetic_grid() -> list[Way]:
    """A town of square blocks with a few faster avenues, for when no extract is at hand."""
    size = range(GRID_BLOCKS + 1)
    ways = []
    for line in size:
        kind = "secondary" if line % 6 == 0 else "tertiary" if line % 3 == 0 else "residential"
        across = tuple(_grid_point(line, step) for step in size)
        along = tuple(_grid_point(step, line) for step in size)
        ways.append(Way(kind, f"{line + 1} Street", False, across))
        ways.append(Way(kind, f"{line + 1} Avenue", False, along))
    return ways


def available_ways(path: Path | None = None) -> tuple[list[Way], str]:
    """The ways of `path` (default: the npm package's extract) and their attribution.

    Falls back to the grid where there is no such file.
    """
    source = path or DEFAULT_STREETS
    if source.is_file():
        return read_ways(source), ATTRIBUTION
    return synthetic_grid(), ""


def streets_geojson(path: Path | None = None) -> dict[str, Any]:
    """A light base map: one MultiLineString per street class, fastest class last (drawn on top).

    Each feature has `properties.class`; the collection has `attribution` and `bbox` (west, south,
    east, north). Lines are simplified to a few metres and rounded to 5 decimals.
    """
    ways, attribution = available_ways(path)
    lines: dict[str, list[list[list[float]]]] = defaultdict(list)
    for way in ways:
        simple = _simplified(way.points)
        lines[way.kind].append([[round(lon, 5), round(lat, 5)] for lat, lon in simple])
    return {
        "type": "FeatureCollection",
        "attribution": attribution,
        "bbox": _bbox(ways),
        "features": [
            {
                "type": "Feature",
                "properties": {"class": kind},
                "geometry": {"type": "MultiLineString", "coordinates": lines[kind]},
            }
            for kind in sorted(lines, key=CLASS_SPEED_MPS.__getitem__)
        ],
    }


#: Around a trip's ends, so that a vehicle on its way there is still on the map.
MARGIN_DEGREES = 0.02


def around(streets: dict[str, Any], points: list[Point]) -> dict[str, Any]:
    """Of `streets_geojson`, the lines near the box around `points`; `bbox` is that box."""
    south, north = min(lat for lat, _ in points), max(lat for lat, _ in points)
    west, east = min(lon for _, lon in points), max(lon for _, lon in points)
    margin_lon = MARGIN_DEGREES / max(0.1, math.cos(math.radians(south)))

    def near(line: list[list[float]]) -> bool:
        return any(
            south - MARGIN_DEGREES <= lat <= north + MARGIN_DEGREES
            and west - margin_lon <= lon <= east + margin_lon
            for lon, lat in line
        )

    features = []
    for feature in streets["features"]:
        geometry = feature["geometry"]
        lines = [line for line in geometry["coordinates"] if near(line)]
        features.append(feature | {"geometry": geometry | {"coordinates": lines}})
    return streets | {"bbox": [west, south, east, north], "features": features}


def _is_drivable(feature: _Feature) -> bool:
    tags = feature.properties
    return (
        feature.geometry.type == "LineString"
        and tags.highway in CLASS_SPEED_MPS
        and tags.access not in ("no", "private")
    )


def _way(feature: _Feature, seen: dict[Point, Point]) -> Way:
    tags = feature.properties
    raw = msgspec.json.decode(feature.geometry.coordinates, type=list[tuple[float, float]])
    points = [seen.setdefault((lat, lon), (lat, lon)) for lon, lat in raw]
    if tags.oneway == "-1":
        points.reverse()
    oneway = tags.oneway in ("yes", "-1") or (
        tags.oneway != "no" and (tags.highway == "motorway" or tags.junction == "roundabout")
    )
    return Way(tags.highway, tags.name, oneway, tuple(points))


def _grid_point(row: int, column: int) -> Point:
    latitude = GRID_ORIGIN[0] + row * GRID_BLOCK_M / METRES_PER_DEGREE
    east = GRID_BLOCK_M / (METRES_PER_DEGREE * math.cos(math.radians(GRID_ORIGIN[0])))
    return round(latitude, 7), round(GRID_ORIGIN[1] + column * east, 7)


def _bbox(ways: list[Way]) -> list[float]:
    latitudes = [lat for way in ways for lat, _ in way.points]
    longitudes = [lon for way in ways for _, lon in way.points]
    return [min(longitudes), min(latitudes), max(longitudes), max(latitudes)]


def _simplified(points: tuple[Point, ...]) -> list[Point]:
    """Douglas-Peucker, without recursion: a long way must not meet the recursion limit."""
    keep = {0, len(points) - 1}
    spans = [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        offsets = [
            (_offset_m(points[i], points[first], points[last]), i) for i in range(first + 1, last)
        ]
        worst, index = max(offsets, default=(0.0, first))
        if worst > SIMPLIFY_TOLERANCE_M:
            keep.add(index)
            spans += [(first, index), (index, last)]
    return [points[i] for i in sorted(keep)]


def _offset_m(point: Point, start: Point, end: Point) -> float:
    scale = math.cos(math.radians(start[0]))
    east, north = (end[1] - start[1]) * scale, end[0] - start[0]
    to_east, to_north = (point[1] - start[1]) * scale, point[0] - start[0]
    length = math.hypot(east, north)
    if not length:
        return distance_m(point, start)
    return abs(east * to_north - north * to_east) / length * METRES_PER_DEGREE
