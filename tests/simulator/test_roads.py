"""The road network: real streets where the extract is, a grid where it is not."""

import json
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from trips.simulator.roads import RoadNetwork, load
from trips.simulator.route import distance_m
from trips.simulator.streets import (
    ATTRIBUTION,
    DEFAULT_STREETS,
    read_ways,
    streets_geojson,
    synthetic_grid,
)

needs_streets = pytest.mark.skipif(
    not DEFAULT_STREETS.is_file(), reason="node_modules holds no street extract"
)

A, B, C, D = [11.97, 57.70], [11.98, 57.70], [11.98, 57.71], [11.97, 57.71]


def way(points: list[list[float]], **tags: str) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"highway": "residential", **tags},
        "geometry": {"type": "LineString", "coordinates": points},
    }


def written(folder: Path, *ways: dict[str, Any]) -> Path:
    path = folder / "streets.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": ways}))
    return path


@pytest.fixture(scope="module")
def grid() -> RoadNetwork:
    return RoadNetwork(synthetic_grid(), "")


@pytest.fixture(scope="module")
def town() -> RoadNetwork:
    return load()


def test_without_an_extract_there_is_a_grid(tmp_path: Path) -> None:
    network = load(tmp_path / "absent.json")
    assert len(network) == 25 * 25
    assert network.attribution == ""


def test_the_same_random_numbers_give_the_same_stops(grid: RoadNetwork) -> None:
    def stops() -> list[tuple[float, float]]:
        rng = Random(7)
        return [grid.random_point(rng) for _ in range(20)]

    assert stops() == stops()
    assert len(set(stops())) > 10


def test_stops_lie_within_the_bounds(grid: RoadNetwork) -> None:
    rng = Random(1)
    for _ in range(100):
        latitude, longitude = grid.random_point(rng)
        assert grid.bounds.south <= latitude <= grid.bounds.north
        assert grid.bounds.west <= longitude <= grid.bounds.east


def test_a_route_joins_its_two_ends_in_short_steps(grid: RoadNetwork) -> None:
    rng = Random(2)
    for _ in range(20):
        a, b = grid.random_point(rng), grid.random_point(rng)
        route = grid.route(a, b)
        assert (route.points[0], route.points[-1]) == (a, b)
        assert all(distance_m(p, q) < 25 for p, q in pairwise(route.points))
        assert route.length_m >= distance_m(a, b) - 1


def test_a_route_begins_and_ends_off_the_road_where_asked(grid: RoadNetwork) -> None:
    a, b = (57.6995, 11.9405), (57.7101, 11.9707)
    route = grid.route(a, b)
    assert (route.points[0], route.points[-1]) == (a, b)


def test_the_quickest_way_takes_the_faster_street(tmp_path: Path) -> None:
    slow = way([A, D, C], highway="living_street")
    fast = way([A, B, C], highway="secondary")
    network = load(written(tmp_path, slow, fast))
    line = network.route((A[1], A[0]), (C[1], C[0])).points
    assert (B[1], B[0]) in line


def test_one_way_streets_are_driven_one_way(tmp_path: Path) -> None:
    ring = written(tmp_path, way([A, B], oneway="yes"), way([B, C, D, A], oneway="yes"))
    network = load(ring)
    assert network.route((A[1], A[0]), (B[1], B[0])).length_m < 700
    assert network.route((B[1], B[0]), (A[1], A[0])).length_m > 2_000


def test_islands_and_one_way_traps_are_left_out(tmp_path: Path) -> None:
    island = way([[12.5, 57.9], [12.51, 57.9]])
    trap = way([C, [11.99, 57.71]], oneway="yes")
    ring = [way([A, B]), way([B, C]), way([C, D]), way([D, A])]
    network = load(written(tmp_path, *ring, island, trap))
    assert len(network) == 4
    assert network.nearest((57.9, 12.5)) == (C[1], C[0])


def test_footways_areas_and_private_roads_are_not_driven(tmp_path: Path) -> None:
    area = way([A, B])
    area["geometry"] = {"type": "Polygon", "coordinates": [[A, B, C, A]]}
    path = written(
        tmp_path,
        way([A, B]),
        way([B, C], highway="footway"),
        way([C, D], access="private"),
        area,
    )
    assert len(read_ways(path)) == 1


def test_the_base_map_is_light_and_credits_its_source(tmp_path: Path) -> None:
    straight = [[11.97 + n / 10_000, 57.7 + 1e-8 * (n % 2)] for n in range(100)]
    drawn = streets_geojson(written(tmp_path, way(straight), way([A, B], highway="secondary")))
    assert drawn["attribution"] == ATTRIBUTION
    assert [feature["properties"]["class"] for feature in drawn["features"]] == [
        "residential",
        "secondary",
    ]
    assert drawn["features"][0]["geometry"]["coordinates"] == [[[11.97, 57.7], [11.9799, 57.7]]]


def test_the_base_map_keeps_corners(tmp_path: Path) -> None:
    drawn = streets_geojson(written(tmp_path, way([A, B, C])))
    assert drawn["features"][0]["geometry"]["coordinates"] == [[A, B, C]]


@needs_streets
def test_real_streets_are_credited_and_connected(town: RoadNetwork) -> None:
    assert town.attribution == ATTRIBUTION
    assert len(town) > 10_000
    rng = Random(3)
    for _ in range(10):
        route = town.route(town.random_point(rng), town.random_point(rng))
        assert 3 < route.length_m / max(route.seconds, 1) < 25


@needs_streets
def test_the_real_base_map_is_under_a_megabyte() -> None:
    assert len(json.dumps(streets_geojson(), separators=(",", ":"))) < 1_000_000
