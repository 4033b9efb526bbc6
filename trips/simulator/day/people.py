"""Somebody who uses the API, in this process, and remembers each answer that nobody foresaw."""

import json
import re
from collections import Counter
from typing import Any

from rest_framework.test import APIClient

from users.models import User

Json = dict[str, Any]
#: 409: somebody was faster. Nothing else is expected unless a caller says so.
FORESEEN = (200, 201, 202, 204, 409)


class Ledger:
    """What was answered, by path and status, and what surprised."""

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.surprises: list[str] = []

    def note(self, what: str, status: int, content: bytes, foreseen: tuple[int, ...]) -> None:
        """Count an answer; a status that is not foreseen is a surprise."""
        self.answers[str(status)] += 1
        if status == 409:
            words = content.decode().partition('"detail":"')[2].partition('"')[0]
            self.counts["409 " + re.sub(r"\d+", "#", words)[:60]] += 1
        if status not in foreseen:
            self.surprises.append(f"{what}: {status} {content[:300].decode('utf-8', 'replace')}")


class Person:
    """One account."""

    def __init__(self, user: User, ledger: Ledger) -> None:
        self.user = user
        self.ledger = ledger
        self._client = APIClient()
        self._client.force_authenticate(user)

    def get(self, path: str, foreseen: tuple[int, ...] = FORESEEN, **query: Any) -> Json | None:
        """The answer, None where it is a refusal."""
        answer = self._client.get(f"/api/{path}", query)
        found: Json | None = self._read(f"GET {path} {query}", answer, foreseen)
        return found

    def post(
        self,
        path: str,
        body: Any = None,
        foreseen: tuple[int, ...] = FORESEEN,
        method: str = "post",
    ) -> Any:
        """The answer, None where it is a refusal."""
        call = getattr(self._client, method)
        text = json.dumps(body if body is not None else {}, default=str)
        answer = call(f"/api/{path}", text, content_type="application/json")
        return self._read(f"{method} {path} {text[:200]}", answer, foreseen)

    def tap(
        self, trip_id: int, action: str, foreseen: tuple[int, ...] = FORESEEN, **more: Any
    ) -> Any:
        """One tap on a trip."""
        return self.post(f"trips/{trip_id}/status/", {"action": action, **more}, foreseen)

    def _read(self, what: str, answer: Any, foreseen: tuple[int, ...]) -> Any:
        who = f"{self.user.username} {what}"
        self.ledger.note(who, answer.status_code, answer.content, foreseen)
        if answer.status_code >= 400:
            return None
        return answer.json() if answer.content else {}
