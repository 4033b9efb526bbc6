"""Row 14: ten thousand requests drawn from the OpenAPI document, by every role."""

from __future__ import annotations

import itertools
from random import Random
from typing import Any

from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from knox.models import AuthToken

from prove.cases import Case, Cases
from prove.row import Outcome, Row, scaled
from prove.stack import Stack
from tests.cast import open_company
from tests.scope.house import House, furnish
from tests.scope.table import ROLES, row_of
from users.models import User

CASES = 10_000
#: How often it is somebody who may, and with keys that are there.
KNOWN = 0.6


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """Each role in turn, with keys of its own, of strangers and of nobody."""
    stack.start(web=1)
    house = furnish(open_company(), ROLES)
    document = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    cases = Cases(document, stack.url, Roles(house))
    found = cases.run(scaled(CASES, scale), seed, last=_ends_things)
    out = Outcome()
    out.note("cases", found.statuses.total())
    out.note("operations", len(cases.operations))
    out.note("answers", " ".join(f"{status} x{n}" for status, n in sorted(found.statuses.items())))
    out.faults("operations that answered 5xx", _told(found.server_errors))
    out.faults("schema violations", _told(found.violations))
    return out


def _told(kinds: dict[str, list[str]]) -> list[str]:
    return [f"{kind}, {len(samples)} times; {samples[0]}" for kind, samples in kinds.items()]


def _ends_things(operation: Any) -> bool:
    """Whether others would get no farther than a 401 or 404 after it."""
    return operation.method == "delete" or "/auth/" in operation.path


class Roles:
    """Who asks; a login that a case has ended is begun anew."""

    def __init__(self, house: House) -> None:
        self._house, self._turn = house, itertools.cycle(ROLES)
        self._headers = {who: house.cast.headers(house.user(who)) for who in ROLES}

    def prepare(self, case: Case, rng: Random) -> dict[str, str]:
        """Keys of what is there, and the next one's token."""
        who, row = next(self._turn), row_of(case.operation.label)
        if row and rng.random() < KNOWN:
            who = next(one for one in self._turn if row.who[ROLES.index(one)] != "N")
        if row and row.kind and rng.random() < KNOWN:
            own, foreign = self._house.own_pk(row.kind, who), self._house.foreign[row.kind].pk
            key = own if rng.random() < KNOWN else foreign
            case.path_parameters = dict.fromkeys(case.path_parameters, str(key))
        if rng.random() < KNOWN:
            case.body = self._with_keys(case.body)
        return self._headers[who]

    def _with_keys(self, body: Any) -> Any:
        if isinstance(body, list):
            return [self._with_keys(one) for one in body]
        if not isinstance(body, dict):
            return body
        own = self._house.own
        keys = {name: own[kind].pk for name in body if (kind := _kind(name)) in own}
        return {name: self._with_keys(value) for name, value in body.items()} | keys

    def answered(self, case: Case, status: int) -> None:
        """Whoever was not known has logged out, or was disabled."""
        if status != 401:
            return
        for who in ROLES:
            user = self._house.user(who)
            User.objects.filter(pk=user.pk).update(is_active=True)
            token = AuthToken.objects.create(user)[1]
            self._headers[who] = {"Authorization": f"Token {token}"}
        close_old_connections()


def _kind(name: Any) -> str:
    return str(name).removesuffix("_id")


ROW = Row(
    14,
    fault="schemathesis, 10,000 cases",
    reach="0 5xx; 0 schema violations",
    bound_s=400,
    run=run,
    quick=0.1,
)
