"""Route by route, for six roles: what is one's own, what is foreign, what is absent.

The routes come from the URL conf, what is expected from `table.py`. A foreign object is answered
as an absent one, byte for byte; 403 is only for what a role may never do.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.admindocs.views import simplify_regex
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from rest_framework.test import APIClient

from tests.scope.house import ABSENT, ABSENT_TASK, PERSONAL, House
from tests.scope.routes import routes
from tests.scope.table import ANYBODY, PUBLIC, ROLES, TABLE, Row
from trips.realtime import consumers

pytestmark = pytest.mark.django_db
#: A form's token differs each time.
CSRF = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')
#: For browsers: behind the login page, and with forms.
PAGES = ("/dispatch/", "/billing/", "/manage/", "/me/")
OF_OBJECTS = [name for name in TABLE if "<" in name]
OF_NONE = [name for name in TABLE if "<" not in name]


def test_every_route_is_in_the_table() -> None:
    known, found = TABLE.keys() | PUBLIC | ANYBODY, routes()
    assert not found - known, "a new route: say in tests/scope/table.py who may see what by it"
    assert not known - found, "a route that is no more"


def test_the_table_is_complete() -> None:
    assert all(re.fullmatch("[AOXN]{6}", row.who) for row in TABLE.values())
    assert all(TABLE[name].kind for name in OF_OBJECTS)


def ask(house: House, who: str | None, name: str, pk: Any = None) -> HttpResponse:
    """The answer to `who` (None: nobody), and what it changed undone."""
    method, path = name.split()
    path = re.sub(r"<\w+>", str(pk), path)
    client = client_for(path)
    if who is not None:
        _log_in(client, house, who)
    more: dict[str, Any] = {}
    if method not in ("GET", "DELETE"):
        more = {"data": TABLE[name].body}
    if more and isinstance(client, APIClient):
        more = {"data": json.dumps(TABLE[name].body), "content_type": "application/json"}
    with transaction.atomic():
        answer: HttpResponse = getattr(client, method.lower())(path, **more)
        transaction.set_rollback(True)
    assert answer.status_code < 500, (name, who, answer.content)
    return answer


def client_for(path: str) -> Any:
    """A browser for a page, else a program."""
    return Client() if path.startswith(PAGES) else APIClient()


def _log_in(client: Any, house: House, who: str) -> None:
    if isinstance(client, APIClient):
        client.force_authenticate(house.user(who))
    else:
        client.force_login(house.user(who))


def absent_pk(kind: str) -> Any:
    return ABSENT_TASK if kind in ("task", "dry_run") else ABSENT


def same(one: HttpResponse, other: HttpResponse) -> None:
    """In status, body and headers, but for the second in which it expires and its own number."""
    assert one.status_code == other.status_code
    assert CSRF.sub(b"", one.content) == CSRF.sub(b"", other.content)
    left, right = ({**each.headers, "Expires": "", "X-Request-ID": ""} for each in (one, other))
    assert left == right


@pytest.mark.parametrize("name", OF_OBJECTS)
def test_of_objects_own_foreign_and_absent(house: House, name: str) -> None:
    row = TABLE[name]
    for who, letter in zip(ROLES, row.who, strict=True):
        own = ask(house, who, name, house.own_pk(row.kind, who))
        foreign = ask(house, who, name, house.foreign[row.kind].pk)
        absent = ask(house, who, name, absent_pk(row.kind))
        assert absent.status_code == (403 if letter == "N" else 404), (who, absent.content)
        if letter != "A":
            same(foreign, absent)
        if letter in "XN":
            same(own, absent)
        else:
            assert own.status_code not in (401, 403, 404), (who, own.content)
        if letter == "A":
            assert foreign.status_code not in (401, 403, 404), (who, foreign.content)


@pytest.mark.parametrize("name", OF_OBJECTS + OF_NONE)
def test_without_a_login_nothing_is_there(house: House, name: str) -> None:
    kind = TABLE[name].kind
    pk = (house.personal[kind, "dina"] if kind in PERSONAL else house.own[kind]).pk if kind else 0
    own, absent = (ask(house, None, name, each) for each in (pk, absent_pk(kind)))
    assert own.status_code == absent.status_code
    if name.split()[1].startswith(PAGES):
        assert own.status_code == 302
        assert "/accounts/login/" in own["Location"]
    else:
        assert own.status_code == 401
        same(own, absent)


@pytest.mark.parametrize("name", OF_NONE)
def test_of_none_who_may_and_what_is_listed(house: House, name: str) -> None:
    row = TABLE[name]
    for who, letter in zip(ROLES, row.who, strict=True):
        answer = ask(house, who, name)
        assert (answer.status_code == 403) == (letter == "N"), (who, answer.content)
        assert answer.status_code not in (401, 404), (who, answer.content)
        if row.kind and letter != "N":
            assert listed(house, who, row, answer) == _expected(letter), who


def listed(house: House, who: str, row: Row, answer: HttpResponse) -> tuple[bool, bool]:
    """Whether the list holds one's own, and the strangers'."""
    ids = [one["id"] for one in json.loads(answer.content)["results"]]
    own, foreign = house.own_pk(row.kind, who), house.foreign[row.kind].pk
    return _text(own) in map(_text, ids), _text(foreign) in map(_text, ids)


def _text(key: Any) -> str:
    return str(key)


def _expected(letter: str) -> tuple[bool, bool]:
    return letter in "AO", letter == "A"


@pytest.mark.parametrize("name", [one for one in sorted(ANYBODY) if "/auth/" not in one])
def test_what_anybody_may_ask_holds_nobody_elses(house: House, name: str) -> None:
    method, path = name.split()
    for who in ROLES:
        client = client_for(path)
        _log_in(client, house, who)
        with transaction.atomic():
            answer = getattr(client, method.lower())(path)
            transaction.set_rollback(True)
        assert answer.status_code < 300, (who, answer.content)
        text = b"" if answer.streaming else answer.content
        assert b"Lars" not in text
        assert b"Westside" not in text


#: Who may open each, and that foreign is absent: tests/sockets/test_handshake.py.
SOCKETS = {"ws/dispatch/", "ws/trips/<trip_id>/", "ws/me/", "ws/track/<signed>/", ""}


def test_every_socket_is_known() -> None:
    found = {simplify_regex(str(one.pattern)).strip("/") for one in consumers.routes}
    assert found == {one.strip("/") for one in SOCKETS}
