"""What every refusal must look like, by whichever door it came."""

from __future__ import annotations

from typing import Any


def the_problem(answer: Any, status: int) -> dict[str, Any]:
    """The RFC 9457 body of a refusal with this status."""
    assert answer.status_code == status, answer.content
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail"} <= set(body)
    assert body["status"] == status
    return body
