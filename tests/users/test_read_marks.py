"""What one was told: listed for oneself alone, marked as read on all of one's screens."""

from __future__ import annotations

import json

import pytest

from tests.api.conftest import As, as_user
from tests.api.problems import the_problem
from tests.cast import Cast
from trips.realtime import resume
from trips.realtime.client_state import State, opened, received
from trips.realtime.projections import Audience
from users import notices
from users.models import Notification
from users.notifications import mail, tell

__all__ = ["as_user"]
pytestmark = pytest.mark.django_db

URL = "/api/notifications/"


def told(cast: Cast, count: int) -> list[Notification]:
    for n in range(count):
        tell([cast.omar], kind="trip_assigned", key=f"k{n}", message=f"Notice {n}", trip_id=n)
    return list(Notification.objects.filter(user=cast.omar).order_by("pk"))


def test_omar_lists_and_reads_his_own(cast: Cast, as_user: As) -> None:
    rows, omar = told(cast, 3), as_user(cast.omar)
    mail(kind="welcome", key="user:1", user=cast.omar)
    listed = omar.get(URL).json()["results"]
    assert [one["id"] for one in listed] == [row.pk for row in reversed(rows)]
    assert omar.post(f"{URL}{rows[1].pk}/read/").json() == {"unread": 2}
    assert omar.post(f"{URL}{rows[1].pk}/read/").json() == {"unread": 2}
    unread = omar.get(f"{URL}?unread=true").json()["results"]
    assert [one["id"] for one in unread] == [rows[2].pk, rows[0].pk]
    assert omar.post(f"{URL}read-all/").json() == {"unread": 0}
    assert omar.get(f"{URL}?unread=true&kind=trip_assigned").json()["count"] == 0


def test_the_first_reading_stays_noted(cast: Cast, as_user: As) -> None:
    [row] = told(cast, 1)
    notices.mark_read(cast.omar.pk)
    first = notices.of(cast.omar.pk).get().read_at
    as_user(cast.omar).post(f"{URL}{row.pk}/read/")
    assert notices.of(cast.omar.pk).get().read_at == first


def test_anothers_notice_is_as_absent(cast: Cast, as_user: As) -> None:
    [row] = told(cast, 1)
    for user in (cast.eve, cast.dina, cast.ada):
        answers = [as_user(user).post(f"{URL}{pk}/read/") for pk in (row.pk, 10**9)]
        assert the_problem(answers[0], 404) == the_problem(answers[1], 404)
        assert as_user(user).get(URL).json()["count"] == 0
    assert notices.of(cast.omar.pk).get().read_at is None


def screen() -> State:
    """A screen of Omar's that has seen nothing yet."""
    state = State()
    opened(state, 0)
    received(state, {"type": "hello", "stream": "user:1", "epoch": "e", "seq": 0}, 0)
    empty = {"trips": [], "vehicles": [], "notifications": [], "unread": 0}
    received(state, {"type": "snapshot", "seq": 0, **empty}, 0)
    return state


def catch_up(cast: Cast, state: State) -> State:
    for entry in resume.entries(f"user:{cast.omar.pk}", state.seq or 0):
        received(state, json.loads(entry.text(Audience.DRIVER)), 0)
    return state


def test_every_screen_learns_what_was_read_late_ones_too(cast: Cast) -> None:
    rows = told(cast, 4)
    live = catch_up(cast, screen())
    assert live.unread == 4
    notices.mark_read(cast.omar.pk, only=rows[1].pk)
    assert catch_up(cast, live).unread == catch_up(cast, screen()).unread == 3
    notices.mark_read(cast.omar.pk)
    for state in (catch_up(cast, live), catch_up(cast, screen())):
        assert state.unread == 0
        assert [one["id"] for one in state.notifications] == [row.pk for row in reversed(rows)]
        assert all(one["read_at"] for one in state.notifications)
