"""What of each request goes into the audit: everything that is not named here as showing nobody.

A middleware, so that no view can forget it. Ids come from the address and, for lists, from the
answer; a view behind a signed link names what it showed with `users.audit.entries.shown`.
"""

import logging
import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.db import Error
from django.http import HttpRequest, HttpResponseBase

from config import addresses, logs
from config.middleware import Middleware
from users.audit.entries import MOST_IDS, Entry, address_of, append_change, append_read, shown
from users.models import AuditEntry, User

logger = logging.getLogger(__name__)
Action = AuditEntry.Action

#: Addresses that show nobody, or only the reader's own account, as `pattern_of` gives them.
SHOW_NOBODY = frozenset(
    {
        "/",
        "/api/",
        "/api/asyncapi.yaml",
        "/api/docs/",
        "/api/preferences/",
        "/api/schema/",
        "/dispatch/streets.geojson",
        "/driver/",
        "/driver/enrol/",
        "/driver/manifest.webmanifest",
        "/driver/worker.js",
        "/healthz",
        "/i18n/setlang/",
        "/me/settings/",
        "/metrics",
        "/readyz",
        "/styleguide/",
        "/track/<signed>/streets.geojson",
    }
)
#: Changes that the trip's own chained events tell already, in the transaction of the change.
EVENTS_TELL = frozenset({"POST /api/trips/<pk>/status/"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_ACTIONS = {"POST": Action.CHANGE, "PUT": Action.CHANGE, "PATCH": Action.CHANGE}
_REFUSED = frozenset({403, 404})


class AuditMiddleware(Middleware):
    """Appends what was seen or changed before the answer leaves.

    Without the audit's row a reader gets the answer all the same, and the log has an error: who
    waits for a ride is not made to wait for a table.
    """

    def __call__(self, request: HttpRequest) -> Any:
        if iscoroutinefunction(self):
            return self._answer(request)
        response = self.get_response(request)
        _audit(request, response)
        return response

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = await self.get_response(request)
        # In the thread of the view, whose connection it is. Who hangs up does not end this:
        # config/unhurried.py.
        await sync_to_async(_audit)(request, response)
        return response


def _audit(request: HttpRequest, response: HttpResponseBase) -> None:
    match = request.resolver_match
    pattern = pattern_of(match.route) if match else ""
    route = f"{request.method} {pattern}"
    action = _action(str(request.method), response.status_code)
    # Before anybody is asked who it is: that needs the database, which may be what is away.
    if match is None or action is None or pattern in SHOW_NOBODY or route in EVENTS_TELL:
        return
    try:
        entry = _entry(request, response, action, pattern)
        if entry is not None:
            _append(entry)
    except Error as exc:
        logger.error("not audited: %s: %s", route, type(exc).__name__)


def audit_within(page: HttpRequest, request: HttpRequest, response: HttpResponseBase) -> None:
    """What a view of the API showed or changed that `page` asked without the network.

    Rows that were shown are a look of their own; a change says what the page's own entry is about.
    """
    match = request.resolver_match
    if match is None or response.status_code >= 300:
        return
    kind, ids = _what(request.path, pattern_of(match.route), response)
    if ids and request.method in _SAFE:
        _audit(request, response)
    elif ids:
        shown(page, kind, ids)


def _append(entry: Entry) -> None:
    if entry.action in {Action.READ, Action.REFUSED}:
        append_read(entry)
    else:
        append_change(entry)


def _entry(
    request: HttpRequest, response: HttpResponseBase, action: Action, pattern: str
) -> Entry | None:
    """What `request` saw or changed, or None where nobody is signed in and no link says whose."""
    user = _user(request)
    named = getattr(request, "audited", None)
    if user is None and named is None:
        return None
    kind, ids = named or _what(request.path, pattern, response)
    return Entry(
        action=action,
        actor_id=user.pk if user else None,
        role=user.role if user else "",
        address=address_of(addresses.of_request(request)),
        route=f"{request.method} {pattern}"[:200],
        kind=kind[:64],
        ids=ids[:MOST_IDS],
        fields=[] if action in {Action.READ, Action.REFUSED} else _fields(request, response),
        status=response.status_code,
        request_id=logs.request_id.get()[:64],
    )


def _user(request: HttpRequest) -> User | None:
    user = getattr(request, "user", None)
    return user if isinstance(user, User) else None


def _action(method: str, status: int) -> Action | None:
    if status in _REFUSED:
        return Action.REFUSED
    if status >= 400:
        return None
    if method in _SAFE:
        return Action.READ if status < 300 else None
    if method == "DELETE":
        return Action.DELETE
    return Action.CREATE if status == 201 else _ACTIONS.get(method)


def pattern_of(route: str) -> str:
    r"""`/api/trips/<pk>/` of Django's `api/^trips/(?P<pk>\d{1,18})/$`."""
    named = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", route)
    return "/" + re.sub(r"<\w+:(\w+)>", r"<\1>", named).replace("^", "").replace("$", "").replace(
        "\\", ""
    )


def _what(path: str, pattern: str, response: HttpResponseBase) -> tuple[str, list[int]]:
    """(kind, ids): the first number in the address and the word before it, or a list's rows."""
    words = [word for word in path.split("/") if word]
    for before, word in pairwise(words):
        if word.isascii() and word.isdigit():
            # The admin's pages have a model's name there, which is in the singular.
            return (f"{before}s" if words[0] == "admin" else before), [int(word[:18])]
    fixed = [word for word in pattern.split("/") if word and "<" not in word]
    return fixed[-1] if fixed else "", _ids(getattr(response, "data", None))


def _ids(data: Any) -> list[int]:
    rows = data.get("results", [data]) if isinstance(data, Mapping) else data
    if not isinstance(rows, list | tuple):
        return []
    found = (row.get("id") for row in rows if isinstance(row, Mapping))
    return [number for number in found if isinstance(number, int)]


def _fields(request: HttpRequest, response: HttpResponseBase) -> list[str]:
    """Names that the body gave, in their order; what is no name of ours is left out."""
    parsed = getattr(response, "renderer_context", {}).get("request")
    data = getattr(parsed, "_full_data", None) if parsed else request.POST
    names = [str(name) for name in data] if isinstance(data, Mapping) else []
    return [name for name in names[:100] if re.fullmatch(r"[a-z_0-9.]{1,64}", name)]
