"""Every route that the URL conf knows, with its methods."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.contrib.admindocs.views import simplify_regex
from django.urls import URLPattern, URLResolver, get_resolver

#: Django's own pages, with rules of their own: the admin is for staff (tests/ops), accounts are
#: one's own session; the way to a picture; and what only a demo has (tests/browser/test_break.py).
NOT_OURS = ("/admin/", "/accounts/", "/favicon.ico", "/demo/")
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
    cls = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if cls is None:
        return [name.upper() for name in _METHODS if name.upper() in _allowed(view)]
    taken = getattr(view, "actions", None) or {name for name in _METHODS if hasattr(cls, name)}
    return [name.upper() for name in _METHODS if name in taken and name in cls.http_method_names]


def _allowed(view: Any) -> list[str]:
    """What `require_http_methods` lets through to a function; a GET where nobody asked."""
    names = view.__code__.co_freevars
    if "request_method_list" in names:
        kept: list[str] = view.__closure__[names.index("request_method_list")].cell_contents
        return kept
    return _allowed(view.__wrapped__) if hasattr(view, "__wrapped__") else ["GET"]
