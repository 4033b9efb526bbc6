"""Drive times and addresses from real servers that answer well, slowly, wrongly or not at all."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.db import connection, transaction

from tests.eta.servers import Server, running
from trips import routing
from trips.dispatch.travel import Point, drive_time_s
from trips.routing import remote
from trips.routing.remote import FAILURES, Remote, Unavailable

A, B, C, D = (57.70, 11.90), (57.75, 11.95), (57.60, 11.80), (57.65, 12.00)
LEGS: list[tuple[Point, Point]] = [(A, B), (B, C), (C, D)]
FAULTS = ["error", "garbage", "nonsense"]


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing known of earlier tests; half a second of patience."""
    monkeypatch.setattr(remote, "TIMEOUT_S", 0.5)
    routing._known.clear()
    routing._server.cache_clear()
    yield
    routing._known.clear()
    routing._server.cache_clear()


@pytest.fixture(params=["osrm", "valhalla"])
def router(request: pytest.FixtureRequest, server: Server, settings: LazySettings) -> Server:
    settings.ROUTING_URL, settings.ROUTING_KIND = server.url, request.param
    return server


@pytest.fixture(params=["nominatim", "photon"])
def geocoder(request: pytest.FixtureRequest, server: Server, settings: LazySettings) -> Server:
    settings.GEOCODER_URL, settings.GEOCODER_KIND = server.url, request.param
    return server


def test_without_a_server_ways_are_estimated() -> None:
    drive_s = routing.drive_times(LEGS)
    assert [drive_s(*leg) for leg in LEGS] == [drive_time_s(*leg) for leg in LEGS]


def test_a_server_knows_the_ways_and_what_it_does_not_know_is_estimated(router: Server) -> None:
    drive_s = routing.drive_times(LEGS)
    assert [drive_s(*leg) for leg in LEGS] == [777, 777, drive_time_s(C, D)]
    assert drive_s(A, D) == drive_time_s(A, D)
    assert len(router.asked) == 1


def test_what_is_known_is_not_asked_again_and_a_few_metres_are_no_new_way(router: Server) -> None:
    routing.drive_times(LEGS)
    near_a = (A[0] + 0.0002, A[1] - 0.0002)
    assert routing.drive_times([(near_a, B), *LEGS])(near_a, B) == 777
    assert len(router.asked) == 1


def test_many_ways_are_asked_in_tables_that_servers_take(router: Server) -> None:
    legs = [((50 + n / 100, 11.0), B) for n in range(routing.LEGS_AT_ONCE * 2 + 1)]
    drive_s = routing.drive_times(legs)
    assert len(router.asked) == 3
    assert drive_s(*legs[0]) == drive_s(*legs[-1]) == 777


@pytest.mark.parametrize("fault", [*FAULTS, "slow", "drip"])
def test_whatever_a_server_answers_ways_are_estimated(router: Server, fault: str) -> None:
    router.mode = fault
    drive_s = routing.drive_times(LEGS)
    assert [drive_s(*leg) for leg in LEGS] == [drive_time_s(*leg) for leg in LEGS]
    router.mode = "well"
    assert routing.drive_times(LEGS)(A, B) == 777


def test_a_server_that_fails_again_and_again_is_left_alone(
    router: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    router.mode = "error"
    for _ in range(FAILURES + 2):
        routing.drive_times(LEGS)
    assert len(router.asked) == FAILURES
    router.mode = "well"
    assert routing.drive_times(LEGS)(A, B) == drive_time_s(A, B)
    now = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: now() + remote.REST_S)
    assert routing.drive_times(LEGS)(A, B) == 777


def test_a_server_that_is_not_there_costs_no_round(settings: LazySettings) -> None:
    settings.ROUTING_URL = "http://127.0.0.1:9"
    assert routing.drive_times(LEGS)(A, B) == drive_time_s(A, B)


def test_a_geocoder_finds_addresses(geocoder: Server) -> None:
    [(address, point)] = routing.addresses("Linnégatan 1 & more", 3)
    assert address.startswith("Linnégatan 1")
    assert point == (57.70, 11.97)
    assert "Linn%C3%A9gatan" in geocoder.asked[0]
    assert "& more" not in geocoder.asked[0]


@pytest.mark.parametrize("fault", [*FAULTS, "slow"])
def test_whatever_a_geocoder_answers_there_are_no_addresses(geocoder: Server, fault: str) -> None:
    geocoder.mode = fault
    assert routing.addresses("Linnégatan", 3) == []


def test_no_geocoder_no_address() -> None:
    assert routing.addresses("Linnégatan", 3) == []


@pytest.mark.django_db(transaction=True)
def test_no_server_is_asked_inside_a_transaction(server: Server) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a transaction"):
        Remote(server.url).ask("/search?limit=1")
    assert not connection.in_atomic_block
    assert server.asked == []
    assert Remote(server.url).ask("/search?limit=1")


def test_an_answer_without_end_is_not_read_to_its_end(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "MOST_BYTES", 10)
    with pytest.raises(Unavailable):
        Remote(server.url).ask("/search?limit=1")
