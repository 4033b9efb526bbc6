"""Log lines without people in them, and what they are about: request, user, trip, task.

An exception is named by its type and its place. The text of one may hold what a person typed or a
row of the database (`Key (email)=(…) already exists`), so it is never written; nor is a path, which
may hold a token: its route is.
"""

import json
import logging
import re
import secrets
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

#: What a client or a proxy may call its request.
SANE = re.compile(r"[A-Za-z0-9._:-]{8,64}\Z")
#: The id that follows a request into its tasks and their tasks; "" where there is none.
request_id: ContextVar[str] = ContextVar("request_id", default="")
_about: ContextVar[Callable[[], Mapping[str, Any]]] = ContextVar("about", default=dict)


def id_for(given: str) -> str:
    """The given id where it is a sane one, else a new one."""
    return given if SANE.match(given) else secrets.token_hex(8)


@contextmanager
def about(name: str, fields: Callable[[], Mapping[str, Any]]) -> Iterator[None]:
    """Within it lines belong to request `name`; `fields` is asked when a line is written."""
    tokens = request_id.set(name), _about.set(fields)
    try:
        yield
    finally:
        request_id.reset(tokens[0])
        _about.reset(tokens[1])


Before = tuple[str, Callable[[], Mapping[str, Any]]]


def begin(name: str, fields: Mapping[str, Any]) -> Before:
    """The same for the rest of this context (a socket's), or until `back_to` what is returned."""
    before = request_id.get(), _about.get()
    back_to((name, lambda: fields))
    return before


def back_to(before: Before) -> None:
    """Lines are about that again."""
    request_id.set(before[0])
    _about.set(before[1])


def fields() -> dict[str, Any]:
    """What lines of this context are about: {"request": …, "user": 3, "trip": 12, …}."""
    name = request_id.get()
    known = {"request": name} if name else {}
    return known | {key: value for key, value in _about.get()().items() if value is not None}


class Formatter(logging.Formatter):
    """Django's and Celery's lines, with each exception reduced to frames and type."""

    def formatException(self, ei: ExcInfo) -> str:
        kind, _, where = ei
        name = kind.__name__ if kind else "unknown exception"
        return "".join(traceback.format_tb(where)) + name

    def format(self, record: logging.LogRecord) -> str:
        quieten(record)
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:
        about = "".join(f" {key}={value}" for key, value in fields().items())
        return super().formatMessage(record) + about


class JsonFormatter(Formatter):
    """One JSON object a line: time (UTC), level, logger, message, what it is about, exception."""

    def format(self, record: logging.LogRecord) -> str:
        quieten(record)
        line = {
            "time": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}"
            f".{int(record.msecs):03}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **fields(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0]:
            line["exception"] = record.exc_info[0].__name__
            line["where"] = "".join(traceback.format_tb(record.exc_info[2]))
        return json.dumps(line, default=str)


def quieten(record: logging.LogRecord) -> None:
    """Take out of a library's line what may be a person's."""
    # Celery puts the exception's text and traceback among the arguments.
    if isinstance(record.args, dict) and "exc" in record.args and record.exc_info:
        kind = record.exc_info[0]
        name = kind.__name__ if kind else "unknown exception"
        record.args = {**record.args, "exc": name, "traceback": ""}
    # Django writes the path of what it refuses.
    request = getattr(record, "request", None)
    if request is not None and isinstance(record.args, tuple):
        path = request.path.encode("unicode_escape").decode("ascii")
        record.args = tuple(
            route_of(request) if value in (path, request.path) else value for value in record.args
        )


def route_of(request: Any) -> str:
    """The pattern of the URL configuration that a request took; "-" where none fits."""
    match = getattr(request, "resolver_match", None)
    return match.route if match else "-"
