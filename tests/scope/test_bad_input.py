"""Whatever somebody sends to `/api/`, the answer is no 500, and each refusal is a problem.

The routes, fields and parameters come from the OpenAPI document, so a new one is asked too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import transaction
from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from tests.scope.bad_values import LONG, NUL, Json, Schema, bad_values
from tests.scope.house import House
from tests.scope.table import PUBLIC, ROLES, TABLE

pytestmark = pytest.mark.django_db
PROBLEM = "application/problem+json"
#: Bodies that are no object at all, or none that can be read.
BODIES: list[tuple[bytes, str]] = [
    (b"", "application/json"),
    (b"[]", "application/json"),
    (b"null", "application/json"),
    (b'"x"', "application/json"),
    (b'{"a": ', "application/json"),
    (b'{"a": 1, "a": 2}', "application/json"),
    (b"\xff\xfe\x00", "application/json"),
    (b"9" * 5_000, "application/json"),
    (b"a=1", "application/x-www-form-urlencoded"),
    (b"x", "multipart/form-data"),
    (b"x", "multipart/form-data; boundary=x"),
    (b"\x00", "text/csv"),
    (b"\x00", "image/png"),
    (b"{}", "nonsense"),
    (b"{}", "application/json; charset=nonsense"),
]
PATH_VALUES = [2**63, "9" * 18, "9" * 400, "-1", "x", quote(NUL), "%ED%A0%80", "%FF", LONG[:3_000]]


@cache
def document() -> Json:
    result: Json = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return result


def operations() -> list[str]:
    """ "GET /api/trips/{id}/", …; the GPS door is no Django view and has tests of its own."""
    return [
        f"{method.upper()} {path}"
        for path, methods in document()["paths"].items()
        for method in methods
        if "/gps/" not in path
    ]


class Door:
    """One route, in front of it who may use it."""

    def __init__(self, house: House, operation: str) -> None:
        self.method, self.path = operation.split()
        self.spec: Json = document()["paths"][self.path][self.method.lower()]
        ids = {name: model.pk for name, model in house.own.items()}
        self.schema = Schema(document(), ids)
        self.row = next((row for name, row in TABLE.items() if _same(name, operation)), None)
        self.who = _allowed(self.row.who) if self.row else "dina"
        login = {} if _in(PUBLIC, operation) else house.cast.headers(house.user(self.who))
        self.client: Any = APIClient(raise_request_exception=False, headers=login)
        self.pk = house.own_pk(self.row.kind, self.who) if self.row and self.row.kind else 1

    def address(self, value: object | None = None) -> str:
        return re.sub(r"{\w+}", str(self.pk if value is None else value), self.path)

    def bodies(self) -> Iterator[Json]:
        content = self.spec.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return
        schema = self.schema.resolve(content["application/json"]["schema"])
        good = self.schema.required(schema) | dict(self.row.body if self.row else {})
        yield from self.schema.bodies(schema, good)

    def queries(self) -> Iterator[Json]:
        for parameter in self.spec.get("parameters", ()):
            if parameter["in"] == "query":
                for value in bad_values(self.schema.resolve(parameter["schema"])):
                    yield {parameter["name"]: value}

    def ask(self, address: str, body: bytes = b"", kind: str = "application/json") -> None:
        """What comes back is no fault of ours, and a refusal says so as all do."""
        sent = {"data": body, "content_type": kind} if body or self.method != "GET" else {}
        with transaction.atomic():
            answer: HttpResponse = getattr(self.client, self.method.lower())(address, **sent)
            transaction.set_rollback(True)
        about = (self.who, self.method, address[:300], kind, body[:300])
        assert answer.status_code < 500, about
        if answer.status_code >= 400:
            assert answer["Content-Type"] == PROBLEM, (about, answer.status_code)


def _same(named: str, operation: str) -> bool:
    return re.sub(r"<\w+>", "{}", named) == re.sub(r"{\w+}", "{}", operation)


def _in(names: Iterable[str], operation: str) -> bool:
    return any(_same(name, operation) for name in names)


def _allowed(letters: str) -> str:
    """The first role of those that may: who reaches most."""
    return next(who for who, letter in zip(ROLES, letters, strict=True) if letter in "AO")


def _query(fields: Json) -> str:
    return urlencode({k: str(v) for k, v in fields.items()}, errors="surrogatepass")


@pytest.mark.parametrize("operation", operations())
def test_nothing_that_is_sent_is_a_fault_of_ours(house: House, operation: str) -> None:
    door = Door(house, operation)
    here = door.address()
    if "{" in door.path:
        for value in PATH_VALUES:
            door.ask(door.address(value))
    for fields in door.queries():
        door.ask(f"{here}?{_query(fields)}")
    if door.method in ("GET", "DELETE"):
        return
    for body, kind in BODIES:
        door.ask(here, body, kind)
    for good in door.bodies():
        door.ask(here, json.dumps(good).encode())
