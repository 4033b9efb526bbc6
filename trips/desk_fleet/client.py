"""Asking the public API from within a page: what a page can do, any other client can.

The request goes through the same routes, permissions, filters and serializers as one that came
over the network, as the person who looks at the page; only the network is left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.urls import resolve, reverse

from config.audit import audit_within

#: What of the page's own request the API may want to know: addresses for links and limits.
_KEPT = (
    "HTTP_HOST",
    "HTTP_X_FORWARDED_FOR",
    "REMOTE_ADDR",
    "SERVER_NAME",
    "SERVER_PORT",
    "wsgi.url_scheme",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API says: its status, and JSON as Python values."""

    status: int
    body: Any

    @property
    def ok(self) -> bool:
        """Whether it is a 2xx."""
        return self.status < 300

    @property
    def errors(self) -> dict[str, list[str]]:
        """{field: sentences} of a refusal; under "" what belongs to no field."""
        found: dict[str, list[str]] = {}
        if self.ok:
            return found
        for name, part in _fields((self.body or {}).get("errors")):
            found.setdefault(name, []).extend(_sentences(part))
        return found or {"": [str((self.body or {}).get("detail", self.status))]}


def ask(
    request: HttpRequest,
    method: str,
    route: str,
    *args: object,
    query: Mapping[str, Any] | None = None,
    body: Mapping[str, Any] | None = None,
    rows: int | None = None,
) -> Answer:
    """One request to the API's `route`, as who asked for the page.

    `rows` of a list in one page, more than a client gets: what a file holds is of one moment.
    """
    path = reverse(route, args=args)
    content = b"" if body is None else json.dumps(body).encode()
    inner = WSGIRequest(
        {name: request.META[name] for name in _KEPT if name in request.META}
        | {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": urlencode(query or {}, doseq=True),
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(content)),
            "HTTP_ACCEPT": "application/json",
            "wsgi.input": BytesIO(content),
        }
    )
    inner.user = request.user
    inner.request_id = getattr(request, "request_id", "")  # type: ignore[attr-defined]
    inner.rows = rows  # type: ignore[attr-defined]
    # The form's own token was checked when the page was asked.
    inner._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
    match = inner.resolver_match = resolve(path)
    answer = match.func(inner, *match.args, **match.kwargs)
    audit_within(request, inner, answer)
    return Answer(answer.status_code, getattr(answer, "data", None))


def _fields(errors: Any) -> list[tuple[str, Any]]:
    if isinstance(errors, dict) and "message" not in errors:
        return [("" if name == "non_field_errors" else name, part) for name, part in errors.items()]
    return [("", errors)] if errors else []


def _sentences(part: Any) -> list[str]:
    if isinstance(part, dict):
        said = [part] if "message" in part else list(part.values())
        return [text for one in said for text in _said(one)]
    return [text for one in part for text in _said(one)]


def _said(one: Any) -> list[str]:
    if isinstance(one, dict) and "message" in one:
        return [str(one["message"])]
    return _sentences(one) if isinstance(one, dict | list) else [str(one)]
