"""What the pages share: who may see them, lists with filters and pages, files, refusals."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from trips.desk_fleet.client import Answer, ask
from trips.models import Company
from trips.reports.csv_files import csv_answer
from trips.setup_pages import dispatchers_only

Row = dict[str, Any]
View = Callable[..., HttpResponseBase]
#: In one file; a longer list is narrowed first.
MOST_ROWS = 10_000


def dispatch_page(view: View) -> View:
    """For dispatchers, kept by no cache; the page's clock is the company's."""

    @wraps(view)
    def timed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with timezone.override(ZoneInfo(Company.get().time_zone)):
            return view(request, *args, **kwargs)

    return never_cache(dispatchers_only(timed))  # type: ignore[arg-type]


@dataclass
class Listing:
    """A page of the API's rows, the filters that were asked for, and what is wrong with them."""

    rows: list[Row]
    count: int = 0
    number: int = 1
    more: bool = False
    asked: dict[str, str] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    status: int = 200

    @property
    def query(self) -> str:
        """The filters as a query, for links to other pages and to the file."""
        return urlencode(self.asked)


def listing(
    request: HttpRequest,
    route: str,
    *names: str,
    usual: dict[str, str] | None = None,
    fixed: dict[str, Any] | None = None,
) -> Listing:
    """The rows of a list by the filters `names` of the address; empty ones count as not given.

    `usual` stands where the address names no filter at all; `fixed` is not the reader's choice.
    """
    asked = {name: request.GET[name].strip() for name in names if request.GET.get(name, "").strip()}
    if not any(name in request.GET for name in names):
        asked = dict(usual or {})
    wanted = {name: value for name, value in asked.items() if value != ANY} | (fixed or {})
    given = request.GET.get("page", "1")
    answer = ask(request, "GET", route, query={**wanted, "page": given})
    if not answer.ok:
        return Listing([], asked=asked, errors=answer.errors, status=answer.status)
    body, number = answer.body, int(given) if given.isdecimal() else 1
    return Listing(body["results"], body["count"], number, body["next"] is not None, asked=asked)


#: A filter that `usual` would narrow, widened by the reader.
ANY = "any"


def file_of(
    request: HttpRequest, route: str, wanted: Listing, header: Sequence[str], name: str
) -> HttpResponseBase:
    """All rows of a list as CSV, times in UTC; back to the list where a file cannot hold them."""
    if wanted.count > MOST_ROWS:
        text = _("A file has room for %(most)s rows, and these are %(count)s: choose fewer.")
        messages.error(request, text % {"most": MOST_ROWS, "count": wanted.count})
        return redirect(f"{request.path}?{wanted.query}")
    query = {one: value for one, value in wanted.asked.items() if value != ANY}
    with timezone.override(UTC):
        rows = all_rows(request, route, query)
    return csv_answer(request, header, (_flat(row, header) for row in rows), name)


def all_rows(request: HttpRequest, route: str, query: dict[str, Any]) -> list[Row]:
    """The rows of a list whose filters make sense, MOST_ROWS at most, as they are at one moment."""
    rows: list[Row] = _needed(route, ask(request, "GET", route, query=query, rows=MOST_ROWS))[
        "results"
    ]
    return rows


def _flat(row: Row, header: Sequence[str]) -> Row:
    return {name: _cell(row[name]) for name in header}


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        return value.get("name", "")
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def one(request: HttpRequest, route: str, *args: object, **query: Any) -> Any:
    """What the API says of something that the page cannot do without; its 404 is the page's."""
    return _needed(route, ask(request, "GET", route, *args, query=query))


def _needed(route: str, answer: Answer) -> Any:
    if answer.status == 404:
        raise Http404
    if not answer.ok:  # the database went away: the page answers 503, too
        raise OperationalError(f"{route}: {answer.status}")
    return answer.body


def told(request: HttpRequest, answer: Answer, done: str) -> bool:
    """Say on the next page that it is done, or why not; whether it is."""
    if answer.status == 404:
        raise Http404
    if answer.ok:
        messages.success(request, done)
    else:
        messages.error(request, " ".join(sentences(answer.errors)))
    return answer.ok


def sentences(errors: dict[str, list[str]]) -> list[str]:
    """What is wrong, with the field in front where there is one."""
    return [
        f"{name.replace('_', ' ')}: {text}" if name else text
        for name, texts in errors.items()
        for text in texts
    ]


def back(request: HttpRequest, route: str, *args: object) -> HttpResponse:
    """To where the form stood, filters and all; else to `route`."""
    given = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(given, allowed_hosts=None) and given.startswith(
        "/dispatch/"
    ):
        return redirect(given)
    return redirect(reverse(route, args=args))


def given(request: HttpRequest, *names: str) -> Row:
    """The fields of a form; empty ones are left out."""
    return {name: value for name in names if (value := request.POST.get(name, "").strip())}


def moments(fields: Row, *names: str) -> Row:
    """`fields` with the company's local times as ISO 8601 with their offset."""
    local = {
        name: timezone.make_aware(at).isoformat()
        for name in names
        if (at := parse_datetime(fields.get(name, "") or "")) is not None and timezone.is_naive(at)
    }
    return fields | local


def fresh_key() -> str:
    """What makes a form count once, however often it is sent."""
    return str(uuid.uuid4())


def show(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A page of this folder."""
    return render(request, f"trips/desk_fleet/{template}.html", context, status=status)
