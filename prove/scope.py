"""Route by route: what is one's own, what is a stranger's, what is absent, as answers to roles.

Each function gives the faults that it found. What is expected is in `tests/scope/table.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from rest_framework.test import APIClient

from tests.scope.house import ABSENT, ABSENT_TASK, PERSONAL, House
from tests.scope.table import ANYBODY, ROLES, TABLE, Row

#: A form's token differs each time.
CSRF = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')
#: For browsers: behind the login page, and with forms.
PAGES = ("/dispatch/", "/billing/", "/manage/", "/me/")
OF_OBJECTS = [name for name in TABLE if "<" in name]
OF_NONE = [name for name in TABLE if "<" not in name]
#: To log out is of one's own tokens, and ends them.
OF_ANYBODY = [name for name in sorted(ANYBODY) if "/auth/" not in name]
#: What only strangers are called.
STRANGERS = (b"Lars", b"Westside")


def of_object(house: House, name: str) -> list[str]:
    """Each role asks for its own, a stranger's and an absent object."""
    row = TABLE[name]
    faults = []
    for who, letter in zip(ROLES, row.who, strict=True):
        keys = (house.own_pk(row.kind, who), house.foreign[row.kind].pk, absent_pk(row.kind))
        own, foreign, absent = (ask(house, who, name, key) for key in keys)
        wrong = _object_faults(letter, own, foreign, absent)
        faults += [f"{name} as {who}: {fault}" for fault in wrong]
    return faults


def _object_faults(
    letter: str, own: HttpResponse, foreign: HttpResponse, absent: HttpResponse
) -> Iterator[str]:
    if own.status_code >= 500 or foreign.status_code >= 500:
        yield f"a fault of ours: {own.status_code}, {foreign.status_code}"
    if absent.status_code != (403 if letter == "N" else 404):
        yield f"absent is answered {absent.status_code}"
    if letter != "A" and (fault := difference(foreign, absent)):
        yield f"a stranger's is not as absent: {fault}"
    if letter in "XN" and (fault := difference(own, absent)):
        yield f"one's own is not as absent: {fault}"
    if letter in "AO" and own.status_code in (401, 403, 404):
        yield f"one's own is answered {own.status_code}"
    if letter == "A" and foreign.status_code in (401, 403, 404):
        yield f"any is answered {foreign.status_code}"


def of_none(house: House, name: str) -> list[str]:
    """Who may ask, and what a list holds."""
    row = TABLE[name]
    faults = []
    for who, letter in zip(ROLES, row.who, strict=True):
        answer = ask(house, who, name)
        status = answer.status_code
        if (status == 403) != (letter == "N") or status in (401, 404) or status >= 500:
            faults.append(f"{name} as {who}: {status} {answer.content[:200]!r}")
        elif row.kind and letter != "N" and _listed(house, who, row, answer) != _expected(letter):
            faults.append(f"{name} as {who}: the list is not what may be seen")
    return faults


def without_login(house: House, name: str) -> list[str]:
    """Nobody is told whether it is there."""
    kind = TABLE[name].kind
    pk = (house.personal[kind, "dina"] if kind in PERSONAL else house.own[kind]).pk if kind else 0
    own, absent = (ask(house, None, name, each) for each in (pk, absent_pk(kind)))
    if name.split()[1].startswith(PAGES):
        led = own.status_code == absent.status_code == 302 and "/accounts/login/" in own["Location"]
        return [] if led else [f"{name}: {own.status_code}, {absent.status_code}"]
    fault = difference(own, absent)
    return [] if own.status_code == 401 and not fault else [f"{name}: {own.status_code} {fault}"]


def of_anybody(house: House, name: str) -> list[str]:
    """What every login may ask holds nothing of strangers."""
    faults = []
    for who in ROLES:
        answer = _send(client_of(house, who, name.split()[1]), *name.split())
        text = b"" if answer.streaming else answer.content
        if answer.status_code >= 300 or any(word in text for word in STRANGERS):
            faults.append(f"{name} as {who}: {answer.status_code} {text[:200]!r}")
    return faults


def ask(house: House, who: str | None, name: str, pk: Any = None) -> HttpResponse:
    """The answer to `who` (None: nobody), and what it changed undone."""
    method, path = name.split()
    path = re.sub(r"<\w+>", str(pk), path)
    client, more = client_of(house, who, path), dict[str, Any]()
    if method not in ("GET", "DELETE"):
        more = {"data": TABLE[name].body}
        if isinstance(client, APIClient):
            more = {"data": json.dumps(TABLE[name].body), "content_type": "application/json"}
    return _send(client, method, path, **more)


def _send(client: Any, method: str, path: str, **more: Any) -> HttpResponse:
    with transaction.atomic():
        answer: HttpResponse = getattr(client, method.lower())(path, **more)
        transaction.set_rollback(True)
    return answer


def client_of(house: House, who: str | None, path: str) -> Any:
    """A browser for a page, else a program; with a login of `who`."""
    kind: Any = Client if path.startswith(PAGES) else APIClient
    client = kind(raise_request_exception=False)
    if who is not None and isinstance(client, APIClient):
        client.force_authenticate(house.user(who))
    elif who is not None:
        client.force_login(house.user(who))
    return client


def absent_pk(kind: str) -> Any:
    """A key that no object of the kind has."""
    return ABSENT_TASK if kind in ("task", "dry_run") else ABSENT


def difference(one: HttpResponse, other: HttpResponse) -> str:
    """In status, body or headers, but for the second of expiry and the request's number; or ""."""
    if one.status_code != other.status_code:
        return f"{one.status_code}, not {other.status_code}"
    if CSRF.sub(b"", one.content) != CSRF.sub(b"", other.content):
        return f"{one.content[:200]!r}, not {other.content[:200]!r}"
    left, right = ({**each.headers, "Expires": "", "X-Request-ID": ""} for each in (one, other))
    return "" if left == right else f"{left}, not {right}"


def _listed(house: House, who: str, row: Row, answer: HttpResponse) -> tuple[bool, bool]:
    """Whether the list holds one's own, and the strangers'."""
    ids = {str(one["id"]) for one in json.loads(answer.content)["results"]}
    keys = (house.own_pk(row.kind, who), house.foreign[row.kind].pk)
    return str(keys[0]) in ids, str(keys[1]) in ids


def _expected(letter: str) -> tuple[bool, bool]:
    return letter in "AO", letter == "A"
