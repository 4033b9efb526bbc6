"""Row 19: bodies of 400 MB, 200 requests that never end, and 500 who guess at once."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx

from prove.row import Outcome, Row, scaled
from prove.stack import Stack
from prove.strain import (
    MEBIBYTE,
    Server,
    endless_headers,
    post_chunked,
    post_counted,
    slow_requests,
)
from tests.cast import open_company

LARGE_MIB, SLOW, AT_ONCE = 400, 200, 500
MOST_GROWTH_MB = 20
MEGABYTE = 1_000_000
REQUEST_WITHIN_S = 10
CUT_WITHIN_S, ANSWER_S = 40.0, 60.0
LOGINS, CODES = 10, 20
#: Limits count here; what would slow a guesser down besides them is out of the way.
LIMITED = {
    "ATW_RATE_LIMITS": "on",
    "ATW_LOGIN_RATE": f"{LOGINS}/hour",
    "ATW_LOGIN_ADDRESS_RATE": "100000/min",
    "ATW_LOGIN_STRANGERS_RATE": "100000/hour",
    "ATW_ENROL_RATE": f"{CODES}/hour",
}
MOST_EXCESS = 0.01


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """Both servers, each with a process of its own; then two processes behind one address."""
    open_company()
    out = Outcome()
    for kind in ("daphne", "uvicorn"):
        web = stack.web_alone(kind, {"ATW_REQUEST_WITHIN_S": str(REQUEST_WITHIN_S)})
        out.add(kind, _strain(Server(web.port, web.pid), scale))
        web.stop()
    stack.start(web=2, env=LIMITED)
    attempts = scaled(AT_ONCE, scale, 100)
    code = {"code": "x" * 32}
    guess = {"username": "omar", "password": "wrong"}
    out.add("codes", asyncio.run(_race(stack.url, "/api/auth/enrol/", code, attempts, CODES)))
    out.add("log-ins", asyncio.run(_race(stack.url, "/api/auth/token/", guess, attempts, LOGINS)))
    return out


def _strain(server: Server, scale: float) -> Outcome:
    out = Outcome()
    answered, left = slow_requests(server, scaled(SLOW, scale, 50), CUT_WITHIN_S)
    out.expect("others are answered beside slow requests", answered, True)
    out.expect("slow requests that were not cut", left, 0)
    size, before = scaled(LARGE_MIB, scale, 40) * MEBIBYTE, server.resident_bytes
    for path in ("/api/trips/1/gps/", "/api/auth/token/"):
        counted, chunked = post_counted(server, path, size), post_chunked(server, path, size)
        for name, answer in (("announced", counted), ("without end", chunked)):
            # Cut off, too large, or refused for its lack of a login before it is read.
            refused = answer[9:12] in (b"", b"413", b"401", b"400")
            out.expect(f"a body {name} is refused at {path}", refused, True)
    growth = (server.resident_bytes - before) / MEGABYTE
    out.at_most("memory after large bodies, MB", growth, MOST_GROWTH_MB)
    endless = endless_headers(server)[:12] in (b"", b"HTTP/1.1 400")
    out.expect("headers without end are refused", endless, True)
    out.expect("it answers in the end", server.answers(), True)
    return out


async def _race(url: str, path: str, body: dict[str, str], attempts: int, allowed: int) -> Outcome:
    """All at once; how many were looked at."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=ANSWER_S) as http:
        answers = await asyncio.gather(*(http.post(path, json=body) for _ in range(attempts)))
    codes = Counter(answer.status_code for answer in answers)
    out = Outcome()
    out.note("attempts at once", attempts)
    out.note("answers", " ".join(f"{code} x{n}" for code, n in sorted(codes.items())))
    looked_at = attempts - codes[429]
    out.at_most("too many, of all", (looked_at - allowed) / attempts, MOST_EXCESS)
    out.control("refused", codes[429])
    return out


ROW = Row(
    19,
    fault="400 MB POST, 200 slow-loris, 500-way throttle race",
    reach="RSS < +20 MB; excess <= 1 %",
    bound_s=95,
    run=run,
    quick=0.1,
)
