"""While the database is away every door says 503 and when to come back; then all is well."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection

from tests.api.problems import the_problem
from tests.cast import PASSWORD, Cast
from tests.fixtures_processes import wait_until
from tests.sockets.screen import Screen
from tests.tracking.door import Door, fix, kept

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def database_away() -> Iterator[None]:
    """Nobody but this test's own connection gets to the test database."""
    name = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [own] = cursor.fetchone()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as other:
        other.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        try:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s AND pid <> %s AND usename = current_user",
                [name, own],
            )
            yield
        finally:
            other.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())


def test_each_door_answers_503_and_works_again_when_the_database_is_back(
    cast: Cast, door: Door
) -> None:
    trip = cast.trip_in("in_progress")
    headers = cast.headers(cast.omar)
    assert door.post(trip, fix()).status_code == 202
    url = f"/api/trips/{trip.pk}/"
    waiting = fix()
    with database_away():
        answers = {
            "gps": door.post(trip, waiting),
            "phone": door.http.get(f"/api/gps/{cast.tracker_token}/?lat=57.7&lon=11.9"),
            "trip": door.http.get(url, headers=headers),
            "tap": door.http.post(f"{url}status/", json={"action": "complete"}, headers=headers),
            "login": door.http.post(
                "/api/auth/token/", json={"username": "omar", "password": PASSWORD}
            ),
        }
        board = f"{door.http.base_url}".replace("http", "ws", 1).rstrip("/") + "/ws/dispatch/"
        with Screen(board, token=cast.token(cast.dina)) as screen:
            code = screen.closed_with()
    for name, answer in answers.items():
        assert the_problem(answer, 503), name
        assert int(answer.headers["retry-after"]) > 0, name
    # 45xx: come back later, not "who are you".
    assert code == 4503
    wait_until(lambda: door.post(trip, waiting).status_code == 202, 10, "the return of the door")
    wait_until(
        lambda: door.http.get(url, headers=headers).status_code == 200, 10, "the return of the API"
    )
    assert len(kept()) == 2
