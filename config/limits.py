"""How often is too often: counted in Redis, for all processes together.

Counting and judging are one step there, so a thousand requests at once are no way around it.
Where Redis is away each process counts for itself: closing the doors would let a dead cache
stop the company, opening them would let who can hurt the cache guess passwords.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from config.addresses import network_of, of_request
from config.middleware import Middleware

logger = logging.getLogger(__name__)

#: Redis is waited for so long, and left alone so long after it failed.
ANSWER_WITHIN_S = 0.5
AWAY_FOR_S = 2.0
#: Threads of a process that ask it at once. Of hundreds, each would wait for the others so long
#: that a Redis in its best health counted as away.
ASK_AT_ONCE = 8
#: Counters that a process keeps while Redis is away.
MOST_LOCAL = 10_000
_UNITS_S = {"s": 1, "min": 60, "hour": 3_600, "day": 86_400}
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` in the `seconds` after the first one."""

    count: int
    seconds: int


@lru_cache(maxsize=64)
def rate(text: str) -> Rate:
    """`10/min` as a Rate; the units are s, min, hour and day. ValueError for anything else."""
    count, slash, unit = text.partition("/")
    if not slash or unit not in _UNITS_S or not count.isdigit() or int(count) < 1:
        raise ValueError(f"a rate is like 10/min or 100/hour, not {text!r}")
    return Rate(int(count), _UNITS_S[unit])


def key_of(scope: str, *about: str) -> str:
    """The key of a counter; who it is about cannot be read from it."""
    # JSON may hold halves of surrogate pairs.
    words = "\0".join(about).encode(errors="replace").decode()
    return f"limit:{scope}:{salted_hmac('atw.limits', words, algorithm='sha256').hexdigest()[:32]}"


def check(scope: str, limit: str, *about: str) -> None:
    """Count one more of `scope` about somebody; Throttled where that is more than `limit`."""
    if settings.RATE_LIMITS and (wait_s := hit(key_of(scope, *about), rate(limit))):
        raise exceptions.Throttled(wait_s)


def hit(key: str, most: Rate) -> float:
    """Count one more; 0.0, or the seconds to wait where it was one too many."""
    count, left_s = counters.add(key, most.seconds)
    return 0.0 if count <= most.count else max(left_s, 0.001)


class _Local:
    """Counters of this process alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, tuple[int, float]] = {}

    def add(self, key: str, seconds: float) -> tuple[int, float]:
        with self._lock:
            now = time.monotonic()
            if len(self._held) > MOST_LOCAL:
                self._held.clear()
            count, until = self._held.get(key, (0, 0.0))
            if until <= now:
                count, until = 0, now + seconds
            self._held[key] = (count + 1, until)
            return count + 1, until - now

    def left(self, key: str) -> float:
        return max(0.0, self._held.get(key, (0, 0.0))[1] - time.monotonic())

    def hold(self, key: str, seconds: float) -> None:
        with self._lock:
            self._held[key] = (1, time.monotonic() + seconds)

    def forget(self, *keys: str) -> None:
        with self._lock:
            for key in keys:
                self._held.pop(key, None)


class Counters:
    """Named counters that end by themselves."""

    def __init__(self) -> None:
        self._local = _Local()
        self._turn = threading.Semaphore(ASK_AT_ONCE)
        self._away_until = 0.0

    def add(self, key: str, seconds: float) -> tuple[int, float]:
        """(how many by now, seconds until it begins anew); the first one starts the clock."""
        # NX: a refused attempt does not put off the end. In one MULTI, so no counter is left
        # without an end.
        answers = self._ask(
            lambda pipe: pipe.incr(key).pexpire(key, int(seconds * 1_000), nx=True).pttl(key)
        )
        if answers is None:
            return self._local.add(key, seconds)
        return int(answers[0]), int(answers[2]) / 1_000

    def left(self, key: str) -> float:
        """Seconds until `key` ends; 0.0 where it is not there."""
        answers = self._ask(lambda pipe: pipe.pttl(key))
        return self._local.left(key) if answers is None else max(0, int(answers[0])) / 1_000

    def hold(self, key: str, seconds: float) -> None:
        """Keep `key` for so long from now."""
        if self._ask(lambda pipe: pipe.set(key, 1, px=int(seconds * 1_000))) is None:
            self._local.hold(key, seconds)

    def forget(self, *keys: str) -> None:
        """End `keys` now."""
        if self._ask(lambda pipe: pipe.delete(*keys)) is None:
            self._local.forget(*keys)

    def _ask(self, fill: Callable[[Any], Any]) -> list[Any] | None:
        """The answers of one transaction; None while Redis is away."""
        with self._turn:
            # Whoever waited for one that failed does not try as well.
            if time.monotonic() < self._away_until:
                return None
            try:
                with _client(settings.CACHE_URL).pipeline(transaction=True) as pipe:
                    fill(pipe)
                    return list(pipe.execute())
            except redis.RedisError as exc:
                self._away_until = time.monotonic() + AWAY_FOR_S
                logger.warning("limits are counted per process: %s", type(exc).__name__)
                return None


@lru_cache(maxsize=4)
def _client(url: str) -> "redis.Redis":
    return redis.Redis.from_url(
        url, socket_timeout=ANSWER_WITHIN_S, socket_connect_timeout=ANSWER_WITHIN_S
    )


counters = Counters()


class Throttle(BaseThrottle):
    """DRF's throttles on these counters: subclasses say the scope, the limit and about whom."""

    scope = ""
    _wait_s = 0.0

    def limit(self) -> str:
        """The rate, as settings have it at the moment."""
        raise NotImplementedError

    def about(self, request: Request) -> str:
        """Whose requests are counted together."""
        return network_of(of_request(request._request))

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the request; False where it is one too many."""
        if not settings.RATE_LIMITS:
            return True
        self._wait_s = hit(key_of(self.scope, self.about(request)), rate(self.limit()))
        return not self._wait_s

    def wait(self) -> float:
        """Seconds, for Retry-After."""
        return self._wait_s


class HookThrottle(Throttle):
    """What other companies' systems tell us, by address, signed or not; ATW_HOOK_RATE."""

    scope = "hook"

    def limit(self) -> str:
        """The setting."""
        return str(settings.HOOK_RATE)


def limited(scope: str, limit: Callable[[], str]) -> Callable[[View], View]:
    """A Django view that one address may ask for at `limit` only."""

    def decorate(view: View) -> View:
        @wraps(view)
        def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            check(scope, limit(), network_of(of_request(request)))
            return view(request, *args, **kwargs)

        return cast(View, counted)

    return decorate


class TooManyMiddleware(Middleware):
    """429 with Retry-After, as a page, where a plain Django view was asked too often."""

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        if not isinstance(exc, exceptions.Throttled):
            return None
        wait_s = math.ceil(getattr(exc, "wait", None) or 1)
        response = render(request, "429.html", {"wait_s": wait_s}, status=429)
        response["Retry-After"] = str(wait_s)
        return response
