"""Every route that the URL conf knows, with its methods."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.contrib.admindocs.views import simplify_regex
from django.urls import URLPattern, URLResolver, get_resolver

#: Django's own pages, with rules of their own: the admin is for staff (tests/ops), accounts are
#: one's own session.
NOT_OURS = ("/admin/", "/accounts/")
WITH_FORM = ("enrol_driver", "setup_vehicle", "setup_driver")
_METHODS = ("get", "post", "put", "patch", "delete")


def routes() -> set[str]:
    """ "GET /api/trips/<pk>/", …; a suffixed twin (".json") is the same view and left out."""
    return {
        f"{method} {path}"
        for pattern, view in _walk(get_resolver().url_patterns)
        if not (path := _path(pattern)).startswith(NOT_OURS) and "<format>" not in path
        for method in _methods(view)
    }


def _walk(patterns: list[Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for one in patterns:
        pattern = before + str(one.pattern).removeprefix("^")
        if isinstance(one, URLResolver):
            yield from _walk(one.url_patterns, pattern)
        elif isinstance(one, URLPattern):
            yield pattern, one.callback


def _path(pattern: str) -> str:
    return re.sub(r"<\w+:(\w+)>", r"<\1>", simplify_regex(pattern))


def _methods(view: Any) -> list[str]:
    if actions := getattr(view, "actions", None):
        return [method.upper() for method in actions if method in _METHODS]
    cls = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if cls is None:
        # A function's decorator tells nobody what it takes: the pages with a form are named.
        return ["GET", "POST"] if view.__name__ in WITH_FORM else ["GET"]
    return [method.upper() for method in _METHODS if hasattr(cls, method)]
