"""Fixtures for every room: the cast, clients, and a database without leftovers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError, connection
from django.db.backends.postgresql.operations import DatabaseOperations

from tests.cast import Cast, open_company
from tests.fixtures_processes import WebServer
from tests.tracking.door import Door
from trips.models import Epoch

#: One history for the whole session: a new epoch would close every socket, as after a restore.
EPOCH = uuid.UUID("0a7b0000-0000-4000-8000-000000000001")


@pytest.fixture(autouse=True, scope="session")
def _patient_flush() -> Iterator[None]:
    """Emptying all tables may deadlock with a process of ours that reads several: once more."""
    flush = DatabaseOperations.execute_sql_flush

    def flush_patiently(self: DatabaseOperations, sql_list: list[str]) -> None:
        for _ in range(4):
            with suppress(OperationalError):
                return flush(self, sql_list)
        return flush(self, sql_list)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", flush_patiently)
        yield


@pytest.fixture(autouse=True, scope="session")
def _static_files_are_looked_for_when_they_are_asked_for() -> Iterator[None]:
    """Each test client has middlewares of its own; one that lists all files takes 40 ms."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "WHITENOISE_AUTOREFRESH", True)
        yield


@pytest.fixture(autouse=True)
def _no_leftovers(request: pytest.FixtureRequest) -> Iterator[None]:
    """Empty the table of fixes: Django's flush passes over tables that it does not manage."""
    marker = request.node.get_closest_marker("django_db")
    commits = "transactional_db" in request.fixturenames or (
        marker is not None and marker.kwargs.get("transaction")
    )
    if commits:
        # Requested here, so that it ends after this fixture does.
        request.getfixturevalue("transactional_db")
        Epoch.objects.update_or_create(pk=1, defaults={"value": EPOCH})
    yield
    if commits:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE trips_gpsfix")


@pytest.fixture(autouse=True)
def _nobody_has_tried_anything_yet() -> None:
    """Limits count per address, and all tests have the same one."""
    cache.clear()


@pytest.fixture
def cast(db: None) -> Cast:
    """Everybody, in the database."""
    return open_company()


@pytest.fixture
def http(web_server: WebServer) -> Iterator[httpx.Client]:
    """A client of the real server, logged in as nobody."""
    with httpx.Client(base_url=web_server.base_url, timeout=15) as client:
        yield client


@pytest.fixture
def door(http: httpx.Client, cast: Cast) -> Door:
    """The GPS door of the real server, with Omar's phone in front of it."""
    return Door(http, cast)
