"""Every log-in with a password - API, pages, admin - comes through this backend, which counts.

Guessing is slowed down, and nobody can lock somebody else out for good:

- each address has so many attempts a minute, and so many at one account;
- from the sixth failure on an address waits longer after each one, for this account only;
- strangers from many addresses together have so many attempts an hour at one account. Addresses
  from which its owner has logged in before, or chosen a new password, are not among them.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest
from rest_framework import exceptions

from config import limits
from config.addresses import network_of, of_request
from users.models import User

#: Failures that cost nothing: people mistype.
FREE_FAILURES = 5
FIRST_WAIT_S, LONGEST_WAIT_S = 2, 900
#: Failures are forgotten after so long, or at the first success.
FAILURES_FOR_S = 86_400
FAMILIAR_FOR_S = 90 * 86_400
ADMIN = "/admin/"


class GuardedBackend(ModelBackend):
    """Django's backend behind the limits. Raises Throttled (429) where it may not be tried now."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> Any:
        if request is None or username is None or not settings.RATE_LIMITS:
            return super().authenticate(request, username, password, **kwargs)
        network = network_of(of_request(request))
        _check(request, username, network)
        # Unknown names cost as much time as known ones: Django hashes for them, too.
        user = super().authenticate(request, username, password, **kwargs)
        if user is None:
            _failed(username, network)
        else:
            succeeded(username, network)
        return user


def _check(request: HttpRequest, username: str, network: str) -> None:
    """Count an attempt; Throttled where it is one too many, right password or not."""
    if wait_s := limits.counters.left(_wait_key(username, network)):
        raise exceptions.Throttled(wait_s)
    in_admin = request.path.startswith(ADMIN)
    one, all_ = settings.ADMIN_LOGIN_RATE, settings.LOGIN_ADDRESS_RATE
    limits.check(
        "admin" if in_admin else "login",
        one if in_admin else settings.LOGIN_RATE,
        username.lower(),
        network,
    )
    limits.check("login-address", all_, network)
    if not limits.counters.left(_familiar_key(username, network)):
        limits.check("login-strangers", settings.LOGIN_STRANGERS_RATE, username.lower())


def wait_after(failures: int) -> int:
    """Seconds that an address waits after so many failures in a row: 0, then 2, 4, … up to 900."""
    beyond = failures - FREE_FAILURES
    return min(FIRST_WAIT_S * 2 ** min(beyond - 1, 20), LONGEST_WAIT_S) if beyond > 0 else 0


def _failed(username: str, network: str) -> None:
    key = limits.key_of("failures", username.lower(), network)
    failures, _ = limits.counters.add(key, FAILURES_FOR_S)
    if wait_s := wait_after(failures):
        limits.counters.hold(_wait_key(username, network), wait_s)


def succeeded(username: str, network: str) -> None:
    """`username` has shown from `network` who they are: no stranger there from now on."""
    limits.counters.forget(
        limits.key_of("failures", username.lower(), network), _wait_key(username, network)
    )
    limits.counters.hold(_familiar_key(username, network), FAMILIAR_FOR_S)


def _wait_key(username: str, network: str) -> str:
    return limits.key_of("wait", username.lower(), network)


def _familiar_key(username: str, network: str) -> str:
    return limits.key_of("familiar", username.lower(), network)


def owner_at(user: User, request: HttpRequest) -> None:
    """`user` has followed a link that only they were sent."""
    succeeded(user.username, network_of(of_request(request)))
