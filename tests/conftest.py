"""Fixtures for every room: the cast, clients, and a database without leftovers."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from django.db import connection

from tests.cast import Cast, open_company
from tests.fixtures_processes import WebServer


@pytest.fixture(autouse=True)
def _no_fix_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Empty the table of fixes: Django's flush passes over tables that it does not manage."""
    marker = request.node.get_closest_marker("django_db")
    commits = "transactional_db" in request.fixturenames or (
        marker is not None and marker.kwargs.get("transaction")
    )
    if commits:
        # Requested here, so that it ends after this fixture does.
        request.getfixturevalue("transactional_db")
    yield
    if commits:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE trips_gpsfix")


@pytest.fixture
def cast(db: None) -> Cast:
    """Everybody, in the database."""
    return open_company()


@pytest.fixture
def http(web_server: WebServer) -> Iterator[httpx.Client]:
    """A client of the real server, logged in as nobody."""
    with httpx.Client(base_url=web_server.base_url, timeout=15) as client:
        yield client
