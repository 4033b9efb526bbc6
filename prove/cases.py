"""Requests that an OpenAPI document allows, and some that it does not; what it says of the answers.

Schemathesis draws and judges; `Asker` says who asks, and puts keys in that are there.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol
from zlib import crc32

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Err
from schemathesis.specs.openapi import checks

Case = schemathesis.Case[Any]
LANES = 3
ANSWER_S = 30.0
#: Of each answer: is it what the document says?
CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
_SETTINGS = settings(
    database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)


class Asker(Protocol):
    """Who asks, and with which keys."""

    def prepare(self, case: Case, rng: Random) -> dict[str, str]:
        """Put keys that are there into the case; the headers that it is sent with."""

    def answered(self, case: Case, status: int) -> None:
        """What came back."""


@dataclass
class Found:
    """Answers by status, and what was wrong, by its kind: (how often, the first one)."""

    statuses: Counter[int] = field(default_factory=Counter)
    server_errors: dict[str, list[str]] = field(default_factory=dict)
    violations: dict[str, list[str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, case: Case, status: int, content: bytes, failures: Iterable[Failure]) -> None:
        """One answer."""
        label, sample = case.operation.label, f"{case!r:.800} -> {status} {content[:400]!r}"
        with self._lock:
            self.statuses[status] += 1
            if status >= 500:
                self.server_errors.setdefault(f"{label}: {status}", []).append(sample)
            for failure in failures:
                kind = f"{label}: {status}: {failure.title}: {failure.message:.300}"
                self.violations.setdefault(kind, []).append(sample)


class Cases:
    """All operations of a document, against a server."""

    def __init__(self, document: dict[str, Any], url: str, asker: Asker) -> None:
        generation = {"with-security-parameters": False}
        config = SchemathesisConfig.from_dict({"generation": generation})
        schema = schemathesis.openapi.from_dict(document, config=config)
        self.operations = []
        for found in schema.get_all_operations():
            if isinstance(found, Err):
                raise found.err()
            self.operations.append(found.ok())
        self._url, self._asker = url, asker
        self._here = threading.local()
        self.found = Found()

    def run(self, wanted: int, seed_: int, last: Callable[[Any], bool]) -> Found:
        """About `wanted` cases or a few more, the same for a seed; of `last` operations in the end.

        One thread draws, for Hypothesis knows no more; several ask.
        """
        varied = [one for one in self.operations if one.path_parameters or one.query or one.body]
        each = wanted // (2 * len(varied)) + 1
        modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        for is_last in (False, True):
            operations = [one for one in self.operations if last(one) is is_last]
            with ThreadPoolExecutor(LANES) as lanes:
                asked = [
                    asking
                    for operation, mode in itertools.product(operations, modes)
                    for asking in self._draw(lanes, operation, mode, each, seed_)
                ]
            for asking in asked:
                asking.result()
        return self.found

    def _draw(
        self,
        lanes: ThreadPoolExecutor,
        operation: Any,
        mode: GenerationMode,
        count: int,
        seed_: int,
    ) -> list[Future[None]]:
        number = seed_ + crc32(f"{operation.label} {mode.value}".encode())
        rng, asked = Random(number), list[Future[None]]()

        @seed(number)
        @settings(_SETTINGS, max_examples=count)
        @given(operation.as_strategy(mode))
        def draw(case: Case) -> None:
            asked.append(lanes.submit(self._ask, case, self._asker.prepare(case, rng)))

        # Some operations take nothing that could be wrong.
        with suppress(Unsatisfiable):
            draw()
        return asked

    def _ask(self, case: Case, headers: dict[str, str]) -> None:
        if not hasattr(self._here, "session"):
            self._here.session = requests.Session()
        answer = case.call(self._url, self._here.session, headers, timeout=ANSWER_S)
        failures: Iterable[Failure] = ()
        try:
            case.validate_response(answer, CHECKS)
        except FailureGroup as group:
            failures = group.exceptions
        self.found.note(case, answer.status_code, answer.content, failures)
        self._asker.answered(case, answer.status_code)
