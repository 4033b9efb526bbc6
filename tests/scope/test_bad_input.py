"""Whatever somebody sends to `/api/`, the answer is no 500, and each refusal is a problem.

The routes, fields and parameters come from the OpenAPI document, so a new one is asked too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
from django.db import transaction
from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from knox.models import AuthToken
from rest_framework.test import APIClient

from tests.scope.bad_values import LONG, NUL, Json, Schema, bad_values
from tests.scope.house import House
from tests.scope.table import PUBLIC, ROLES, row_of, same_route
from trips.models import Trip

pytestmark = pytest.mark.django_db
PROBLEM = "application/problem+json"
#: Bodies that are no object at all, or none that can be read.
BODIES: list[tuple[bytes, str]] = [
    (b"", "application/json"),
    (b"[]", "application/json"),
    (b"null", "application/json"),
    (b'{"a": ', "application/json"),
    (b'{"a": 1, "a": 2}', "application/json"),
    (b"\xff\xfe\x00", "application/json"),
    (b"9" * 5_000, "application/json"),
    (b"x", "multipart/form-data"),
    (b"\x00", "text/csv"),
    (b"\x00", "image/png"),
    (b"{}", "nonsense"),
    (b"{}", "application/json; charset=nonsense"),
]
_HEAD = b"invoice,amount,date,reference\n"
SHEETS = [
    b"\x00",
    b'"',
    b"\xff\xfe\x00\xd8",
    b"a,b\n1",
    _HEAD + b"a\x00b,1,2026-01-01,r",
    _HEAD + b"x,1,2026-01-01,a\x00b",
    _HEAD + b"x,9999999999,0001-01-01,r",
    _HEAD + b"x" * 131_073 + b",1,2026-01-01,r",
]
#: Without these a body gets no farther than to who is meant.
NEEDED = {
    "POST /api/payments/": ("patient",),
    "POST /api/rates/quote/": ("mobility", "distance_m"),
    "POST /api/shifts/": ("driver_id", "reason"),
}
GOOD: dict[str, Json] = {
    "POST /api/messages/": {"to": "drivers"},
    "PATCH /api/trips/{id}/": {"expected_version": 1},
}
PATH_VALUES = [2**63, "9" * 18, "-1", quote(NUL), "%ED%A0%80", LONG[:3_000]]


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
        self.operation = operation
        self.method, self.path = operation.split()
        self.spec: Json = document()["paths"][self.path][self.method.lower()]
        ids = {name: model.pk for name, model in house.own.items()}
        self.schema = Schema(document(), ids)
        self.row = row_of(operation)
        self.who = _allowed(self.row.who) if self.row else "dina"
        self.client: Any = APIClient(raise_request_exception=False)
        self.public = any(same_route(name, operation) for name in PUBLIC)
        self.user = house.user(self.who)
        self.pk = house.own_pk(self.row.kind, self.who) if self.row and self.row.kind else 1
        if operation == "PATCH /api/trips/{id}/":
            # Booked, and not yet under way: all of it may be changed.
            self.pk = Trip.objects.filter(status="requested").values_list("pk", flat=True)[0]

    def address(self, value: object | None = None) -> str:
        return re.sub(r"{\w+}", str(self.pk if value is None else value), self.path)

    def bodies(self) -> Iterator[Json]:
        content = self.spec.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return
        schema = self.schema.resolve(content["application/json"]["schema"])
        yield from self.schema.bodies(schema, self.good(schema))

    def good(self, schema: Json) -> Json:
        """A body that gets as far as it can."""
        needed = self.schema.named(schema, *NEEDED.get(self.operation, ()))
        known = dict(self.row.body if self.row else {}) | GOOD.get(self.operation, {})
        return self.schema.required(schema) | needed | known

    def queries(self) -> Iterator[Json]:
        for parameter in self.spec.get("parameters", ()):
            if parameter["in"] == "query":
                for value in bad_values(self.schema.resolve(parameter["schema"])):
                    yield {parameter["name"]: value}

    def ask(self, address: str, body: bytes = b"", kind: str = "application/json") -> None:
        """What comes back is no fault of ours, and a refusal says so as all do."""
        sent = {"data": body, "content_type": kind} if body or self.method != "GET" else {}
        with transaction.atomic():
            if not self.public:
                self._log_in()
            answer: HttpResponse = getattr(self.client, self.method.lower())(address, **sent)
            transaction.set_rollback(True)
        about = (self.who, self.method, address[:300], kind, body[:300])
        assert answer.status_code < 500, about
        if answer.status_code >= 400:
            assert answer["Content-Type"] == PROBLEM, (about, answer.status_code)

    def _log_in(self) -> None:
        # With a row of its own each time: to log out deletes it.
        token = AuthToken(user=self.user, digest=uuid4().hex, token_key="x")
        token.save()
        self.client.force_authenticate(self.user, token=token)


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


@pytest.mark.parametrize("path", ["/api/payments/remittances/", "/api/trips/import/"])
@pytest.mark.parametrize("sheet", SHEETS)
def test_a_file_is_judged_by_its_cells(house: House, path: str, sheet: bytes) -> None:
    door = Door(house, f"POST {path}")
    for query in ("", "?dry_run=1"):
        door.ask(f"{path}{query}", sheet, "text/csv")


@pytest.mark.parametrize("parts", [1, 2_000])
def test_a_form_that_is_too_large(house: House, parts: int) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n%b\r\n' % (
        b"y" * (9_000_000 // parts)
    )
    door = Door(house, "POST /api/trips/import/")
    door.ask(door.path, part * parts + b"--x--\r\n", "multipart/form-data; boundary=x")


@pytest.mark.parametrize("day", ["0001-01-01", "1850-01-01", "9999-12-31"])
def test_a_rate_of_any_day_can_be_withdrawn(house: House, day: str) -> None:
    door = Door(house, "POST /api/rates/")
    body = {"mobility": "ambulatory", "valid_from": day, "base_cents": 1, "mile_cents": 1}
    with transaction.atomic():
        door.client.force_authenticate(door.user)
        made = door.client.post(door.path, body)
        if made.status_code == 201:
            door.ask(f"{door.path}{made.json()['id']}/withdraw/", b'{"reason": "x"}')
        transaction.set_rollback(True)
    assert made.status_code in (201, 400)


@pytest.mark.parametrize("name", ["scheduled_at", "appointment_at"])
@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_trip_beyond_all_calendars_is_refused(house: House, name: str, at: str) -> None:
    cast = house.cast
    end = {"address": "x", "latitude": 57.7, "longitude": 11.97}
    body = {"patient_id": cast.patient.pk, "pickup": end, "dropoff": end, name: at}
    client = APIClient()
    client.force_authenticate(cast.dina)
    with transaction.atomic():
        answer = client.post("/api/trips/", body)
        transaction.set_rollback(True)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [name])
