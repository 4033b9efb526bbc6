"""The GPS door: plain ASGI, ahead of Django's middleware.

    POST /api/trips/{id}/gps/      a driver's own client: one fix, or at most 1,000
    GET|POST /api/gps/{token}/     any phone app, with the token of a vehicle's tracker
    GET|POST /api/gps/             the same, the token in the query, the body or Basic auth

2xx is sent after the commit. 503 with Retry-After means: nothing was kept, send it again.
"""

import asyncio
import base64
import math
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import msgspec
from django.conf import settings

from config.problems import CONTENT_TYPE, RETRY_AFTER_S, problem
from trips import alerts
from trips.realtime import messages
from trips.tracking import dialects
from trips.tracking.counted import FROM_DRIVER, FROM_PHONE, DoorCounts
from trips.tracking.fixes import BadBody, BadFix, Fix, parse_one, split
from trips.tracking.intake import Addressed, Intake, Outcome, Parsed, TooFast
from trips.tracking.lane import Unavailable
from trips.tracking.roster import Reporter
from users.auth import bearer, hash_token

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

TRIP_PATH = re.compile(r"/api/trips/(\d{1,18})/gps/?\Z")
PHONE_PATH = re.compile(r"/api/gps(?:/([^/]+))?/?\Z")
#: GPSLogger sends whatever its user typed.
PHONE_METHODS = ("GET", "POST", "PUT")
# Read once: settings cost a microsecond per look.
MOST_BYTES: int = settings.MAX_BATCH_BYTES
MOST_FIX_BYTES: int = settings.MAX_FIX_BYTES
MOST_FIXES: int = settings.MAX_BATCH_FIXES
#: A phone that stops sending in mid-body is let go.
BODY_WITHIN_S = 20.0

_encode = msgspec.json.Encoder().encode


class Problem(Exception):
    """An answer that is not 2xx."""

    def __init__(self, status: int, detail: str, **more: object) -> None:
        super().__init__(detail)
        self.status = status
        self.body = problem(status, detail, **more)


class GpsDoor:
    """ASGI middleware that answers the GPS paths itself and passes on all others."""

    def __init__(self, otherwise: App) -> None:
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        trip = TRIP_PATH.match(path)
        phone = None if trip else PHONE_PATH.match(path)
        if trip is None and phone is None:
            await self._otherwise(scope, receive, send)
            return
        begun = time.perf_counter()
        try:
            if trip is not None:
                answer = await _from_driver(scope, receive, int(trip[1]))
            else:
                answer = await _from_phone(scope, receive, phone[1] if phone else None)
        except Problem as failed:
            status = await _send_problem(send, failed)
        except Unavailable:
            away = Problem(503, "The fixes were not kept; send them again.")
            status = await _send_problem(send, away)
        except TooFast as fast:
            too_many = Problem(429, "The fixes were not kept: too many; send them later.")
            status = await _send_problem(send, too_many, math.ceil(fast.wait_s))
        else:
            status = await _send(send, *answer)
        route = FROM_PHONE if trip is None else FROM_DRIVER
        _counts.answered(route, scope["method"], status, begun)


Answer = tuple[int, bytes, str]
_intake = Intake()
_counts = DoorCounts()


async def _from_driver(scope: Scope, receive: Receive, trip_id: int) -> Answer:
    if scope["method"] != "POST":
        raise Problem(405, "Only POST is possible here.")
    reporter = await _driver(_header(scope, b"authorization"))
    held = await intake().roster.held(trip_id, reporter.driver_id or 0)
    if not held:
        raise Problem(404, "Not found.")
    parsed = _parse(await _body(scope, receive))
    outcome = await intake().take(reporter, Addressed(trip_id, held), parsed)
    return 202, _encode(outcome), "application/json"


async def _from_phone(scope: Scope, receive: Receive, path_token: str | None) -> Answer:
    if scope["method"] not in PHONE_METHODS:
        raise Problem(405, f"Only {', '.join(PHONE_METHODS)} are possible here.")
    authorization = _header(scope, b"authorization")
    query = scope["query_string"].decode("latin-1")
    token = (
        unquote(path_token)
        if path_token
        else bearer(authorization) or _basic(authorization)[1] or dialects.token_in_query(query)
    )
    reporter = await _tracker(token) if token else None
    body = await _body(scope, receive)
    request = dialects.Request(
        method=scope["method"],
        query=query,
        content_type=_header(scope, b"content-type"),
        body=body,
        user=_header(scope, b"x-limit-u") or _basic(authorization)[0],
    )
    try:
        report = dialects.read(request)
    except dialects.NotRecognised as exc:
        raise Problem(400 if reporter else 401, str(exc)) from None
    if reporter is None:
        reporter = await _tracker(report.token)
    if len(report.fixes) > MOST_FIXES:
        raise Problem(400, f"At most {MOST_FIXES} fixes at once.")
    outcome = await intake().take(reporter, None, report.fixes)
    if report.alarm:
        await alerts.from_phone(reporter.device_id, report)
    if report.dialect == "native":
        return 202, _encode(outcome), "application/json"
    return 200, report.answer, report.answer_type


async def _driver(authorization: str) -> Reporter:
    digest = hash_token(bearer(authorization) or "")
    reporter = await intake().roster.reporter(digest, device=False) if digest else None
    if reporter is None:
        # A valid token of somebody who does not drive finds no trip of theirs here.
        if digest and await intake().roster.known(digest):
            raise Problem(404, "Not found.")
        raise Problem(401, "The token is unknown, expired or revoked.")
    return reporter


async def _tracker(token: str | None) -> Reporter:
    """A vehicle's tracker, or a driver's phone that shows its bearer token."""
    digest = hash_token(token or "")
    if digest:
        for device in (True, False):
            if reporter := await intake().roster.reporter(digest, device=device):
                return reporter
    raise Problem(401, "The device token is unknown or revoked.")


async def take_frame(user_id: int, frame: messages.Gps, trip_id: int | None) -> messages.GpsAck:
    """A `gps` frame of a driver's socket, by the same road; BadFrame, Unavailable, TooFast."""
    if len(frame.fixes) > messages.MOST_GPS_FIXES:
        raise messages.BadFrame(f"At most {messages.MOST_GPS_FIXES} fixes a frame.")
    reporter = await intake().roster.driver(user_id)
    if reporter is None:
        raise messages.BadFrame("This account is no driver's.")
    trip_id = frame.trip_id or trip_id
    addressed = None
    if trip_id is not None:
        held = await intake().roster.held(trip_id, reporter.driver_id or 0)
        addressed = Addressed(trip_id, held) if held else None
    parsed = [_parsed(bytes(raw)) for raw in frame.fixes]
    outcome: Outcome = await intake().take(reporter, addressed, parsed)
    return messages.GpsAck(frame.ref, outcome.accepted, outcome.duplicates, outcome.quarantined)


def intake() -> Intake:
    """The process's road for fixes."""
    return _intake


def _parse(body: bytes) -> Sequence[Parsed]:
    """The fixes of a native body; a single bad one is a 400, in a list it is quarantined."""
    try:
        raws, single = split(body)
    except BadBody as exc:
        raise Problem(400, str(exc)) from None
    if len(raws) > MOST_FIXES:
        raise Problem(400, f"At most {MOST_FIXES} fixes at once.")
    if single and len(body) > MOST_FIX_BYTES:
        raise Problem(413, f"One fix has at most {MOST_FIX_BYTES} bytes.")
    parsed = [_parsed(raw) for raw in raws]
    if single and isinstance(bad := parsed[0][1], BadFix):
        raise Problem(400, str(bad), errors={"reason": bad.reason})
    return parsed


def _parsed(raw: bytes) -> tuple[bytes, Fix | BadFix]:
    try:
        return raw, parse_one(raw)
    except BadFix as bad:
        return raw, bad


async def _body(scope: Scope, receive: Receive) -> bytes:
    """The whole body, refused as soon as it is known to be too large."""
    length = _header(scope, b"content-length")
    if length.isdigit() and int(length) > MOST_BYTES:
        raise _too_large()
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        parts = [message.get("body", b"")]  # whole at once, the usual case: no timer needed
    else:
        parts = await _rest(message, receive)
    if sum(map(len, parts)) > MOST_BYTES:
        raise _too_large()
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large() -> Problem:
    return Problem(413, f"The body may have {MOST_BYTES} bytes.")


async def _rest(message: Mapping[str, Any], receive: Receive) -> list[bytes]:
    """The parts of a body that comes in several, up to the first beyond the limit."""
    parts: list[bytes] = []
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            while message["type"] == "http.request":
                parts.append(message.get("body", b""))
                if not message.get("more_body", False) or sum(map(len, parts)) > MOST_BYTES:
                    return parts
                message = await receive()
    except TimeoutError:
        raise Problem(408, "The body did not arrive in time.") from None
    raise Problem(400, "The body ended early.")


def _header(scope: Scope, wanted: bytes) -> str:
    for name, value in scope["headers"]:
        if name == wanted:
            return str(value, "latin-1")
    return ""


def _basic(authorization: str) -> tuple[str, str | None]:
    """(user, password) of Basic auth; ("", None) where there is none."""
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "basic":
        return "", None
    try:
        user, _, password = base64.b64decode(given, validate=True).decode().partition(":")
    except ValueError:
        return "", None
    return user, password


async def _send(send: Send, status: int, body: bytes, content_type: str) -> int:
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    return status


async def _send_problem(send: Send, failed: Problem, wait_s: int = RETRY_AFTER_S) -> int:
    body = _encode(failed.body)
    headers = [
        (b"content-type", CONTENT_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    if failed.status == 401:
        headers.append((b"www-authenticate", b"Token"))
    if failed.status in (429, 503):
        headers.append((b"retry-after", str(wait_s).encode()))
    await send({"type": "http.response.start", "status": failed.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    return failed.status
