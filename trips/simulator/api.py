"""The HTTP side of the simulator: one patient client per login, on a shared connection pool."""

import asyncio
import json
import logging
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from trips.simulator.backoff import backoff_s

TIMEOUT_S = 10.0
LATENCIES_KEPT = 20_000


class Refused(Exception):
    """The server said no, and asking again would not help."""

    def __init__(self, status: int, body: Any) -> None:
        detail = body.get("detail") or body.get("title") if isinstance(body, dict) else None
        super().__init__(f"{status}: {detail or 'no reason given'}")
        self.status = status
        self.body = body


class Unreachable(Exception):
    """No answer within the caller's patience."""


@dataclass
class Stats:
    """What was done over HTTP; `counts` by plain names, latencies in seconds."""

    counts: Counter[str] = field(default_factory=Counter)
    latencies_s: deque[float] = field(default_factory=lambda: deque(maxlen=LATENCIES_KEPT))

    def percentile_ms(self, share: float) -> float | None:
        """The latency that `share` (0-1) of the answers stayed below, in ms; None without any."""
        ordered = sorted(self.latencies_s)
        if not ordered:
            return None
        return round(ordered[min(int(share * len(ordered)), len(ordered) - 1)] * 1000, 1)

    def add_receipt(self, receipt: Any, sent: int) -> None:
        """Count the answer to `sent` fixes: 202 `{accepted, duplicates, quarantined}`."""
        self.counts["posted"] += sent
        for name in ("accepted", "duplicates"):
            self.counts[name] += receipt[name]
        self.counts["quarantined"] += len(receipt["quarantined"])


@dataclass
class Login:
    """Who speaks. A token that is refused is renewed with the password, where there is one."""

    username: str
    password: str = ""
    token: str = ""


def new_client(base_url: str, connections: int = 40) -> httpx.AsyncClient:
    """The connection pool that all personas share."""
    # httpx logs each URL, and a device token may stand in one.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    # A pool slot may be waited for longer than an answer: a slow server must not raise errors here.
    timeout = httpx.Timeout(TIMEOUT_S, pool=6 * TIMEOUT_S)
    return httpx.AsyncClient(base_url=base_url, limits=limits, timeout=timeout, trust_env=False)


class Api:
    """Calls that outlast restarts, overload and lost connections.

    `patience_s` bounds how long one call is tried again (None: for ever).
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        login: Login,
        stats: Stats,
        rng: Random,
        patience_s: float | None = None,
    ) -> None:
        self.login = login
        self.stats = stats
        self._client = client
        self._rng = rng
        self._patience_s = patience_s

    async def get(self, path: str, **params: Any) -> Any:
        """The JSON answer. Raises `Refused` on a final 4xx, `Unreachable` out of patience."""
        return await self.call("GET", path, params=params)

    async def post(self, path: str, body: Any) -> Any:
        """As `get`."""
        return await self.call("POST", path, body=body)

    async def log_in(self) -> None:
        """Fetch a token with the password. Raises as `get`."""
        credentials = {"username": self.login.username, "password": self.login.password}
        answer = await self._answered("POST", "/api/auth/token/", {}, credentials, {})
        self.login.token = answer["token"]

    async def call(
        self, method: str, path: str, *, body: Any = None, params: dict[str, Any] | None = None
    ) -> Any:
        """One request with the login's token. Raises as `get`."""
        if not self.login.token and self.login.password:
            await self.log_in()
        try:
            return await self._answered(method, path, params or {}, body, self._headers())
        except Refused as refused:
            if refused.status != 401 or not self.login.password:
                raise
        await self.log_in()
        return await self._answered(method, path, params or {}, body, self._headers())

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Token {self.login.token}"} if self.login.token else {}

    async def _answered(
        self, method: str, path: str, params: dict[str, Any], body: Any, headers: dict[str, str]
    ) -> Any:
        started = time.monotonic()
        for attempt in range(1_000_000):
            asked_to_wait = await self._try(method, path, params, body, headers)
            if isinstance(asked_to_wait, _Answer):
                return asked_to_wait.body
            wait = backoff_s(attempt, self._rng, asked_to_wait)
            waited = time.monotonic() - started + wait
            if self._patience_s is not None and waited > self._patience_s:
                raise Unreachable(f"{method} {path}: no answer in {self._patience_s:g} s")
            self.stats.counts["retried"] += 1
            await asyncio.sleep(wait)
        raise AssertionError("a year of attempts")

    async def _try(
        self, method: str, path: str, params: dict[str, Any], body: Any, headers: dict[str, str]
    ) -> "_Answer | float | None":
        """The answer, or how long the server wants us to wait (None: it does not say)."""
        sent = time.monotonic()
        try:
            response = await self._client.request(
                method, path, params=params or None, json=body, headers=headers
            )
        except httpx.TransportError:
            self.stats.counts["unanswered"] += 1
            return None
        self.stats.latencies_s.append(time.monotonic() - sent)
        status = response.status_code
        if status == 429 or status >= 500:
            self.stats.counts[f"http_{status}"] += 1
            return _seconds(response.headers.get("Retry-After"))
        if status >= 400:
            raise Refused(status, _json(response))
        return _Answer(_json(response))


@dataclass(frozen=True, slots=True)
class _Answer:
    body: Any


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except json.JSONDecodeError:
        return None


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.isdigit() else None
