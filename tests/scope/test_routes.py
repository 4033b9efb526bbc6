"""Route by route, for six roles: what is one's own, what is foreign, what is absent.

The routes come from the URL conf, what is expected from `table.py`. A foreign object is answered
as an absent one, byte for byte; 403 is only for what a role may never do.
"""

from __future__ import annotations

import re

import pytest
from django.contrib.admindocs.views import simplify_regex

from prove import scope
from prove.scope import OF_NONE, OF_OBJECTS
from tests.scope.house import House
from tests.scope.routes import routes
from tests.scope.table import ANYBODY, PUBLIC, TABLE
from trips.realtime import consumers

pytestmark = pytest.mark.django_db


def test_every_route_is_in_the_table() -> None:
    known, found = TABLE.keys() | PUBLIC | ANYBODY, routes()
    assert not found - known, "a new route: say in tests/scope/table.py who may see what by it"
    assert not known - found, "a route that is no more"


def test_the_table_is_complete() -> None:
    assert all(re.fullmatch("[AOXN]{6}", row.who) for row in TABLE.values())
    assert all(TABLE[name].kind for name in OF_OBJECTS)


@pytest.mark.parametrize("name", OF_OBJECTS)
def test_of_objects_own_foreign_and_absent(house: House, name: str) -> None:
    assert scope.of_object(house, name) == []


@pytest.mark.parametrize("name", OF_OBJECTS + OF_NONE)
def test_without_a_login_nothing_is_there(house: House, name: str) -> None:
    assert scope.without_login(house, name) == []


@pytest.mark.parametrize("name", OF_NONE)
def test_of_none_who_may_and_what_is_listed(house: House, name: str) -> None:
    assert scope.of_none(house, name) == []


@pytest.mark.parametrize("name", scope.OF_ANYBODY)
def test_what_anybody_may_ask_holds_nobody_elses(house: House, name: str) -> None:
    assert scope.of_anybody(house, name) == []


#: Who may open each, and that foreign is absent: tests/sockets/test_handshake.py.
SOCKETS = {"ws/dispatch/", "ws/trips/<trip_id>/", "ws/me/", "ws/track/<signed>/", ""}


def test_every_socket_is_known() -> None:
    found = {simplify_regex(str(one.pattern)).strip("/") for one in consumers.routes}
    assert found == {one.strip("/") for one in SOCKETS}
