"""Who is at the other end of a socket, and whether they still may be.

Sessions come with an allowed full Origin, tokens as the subprotocol `token.<token>`. Every
second each process checks all its open sockets against the database, so a revocation by
anybody (admin, SQL) reaches them without Redis.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from knox.models import AuthToken

from trips.realtime.messages import PROTOCOL
from users.auth import hash_token
from users.models import User

TOKEN_PREFIX = "token."  # noqa: S105 - a subprotocol's name


@dataclass(frozen=True, slots=True)
class Credential:
    """A login by `kind` token or session, as small as thousands of open sockets want it.

    `key` is the token's digest or the session's key. `stamp` changes with the password: a new
    one ends the sockets of old sessions.
    """

    kind: str
    key: str
    user_id: int
    role: str
    stamp: str


def _credential(kind: str, key: str, user: User) -> Credential:
    stamp = hashlib.md5(user.password.encode(), usedforsecurity=False).hexdigest()
    return Credential(kind, key, user.pk, user.role, stamp)


def offered(scope: Mapping[str, Any]) -> list[str]:
    """The subprotocols that the client offers."""
    return list(scope.get("subprotocols", ()))


def echoed(scope: Mapping[str, Any]) -> str | None:
    """The subprotocol to accept with; a browser fails on one that it did not offer."""
    return PROTOCOL if PROTOCOL in offered(scope) else None


def origin_allowed(scope: Mapping[str, Any], *, required: bool) -> bool:
    """Whether the Origin (scheme, host, port) is one of ours; absent is fine unless `required`."""
    origins = [value for name, value in scope["headers"] if name == b"origin"]
    if not origins:
        return not required
    return len(origins) == 1 and origins[0].decode("latin-1") in settings.ORIGINS


def authenticate(scope: Mapping[str, Any]) -> tuple[Credential, User] | None:
    """The login that the handshake carries, and whose it is (sync: reads the database)."""
    tokens = [name for name in offered(scope) if name.startswith(TOKEN_PREFIX)]
    if tokens:
        if not origin_allowed(scope, required=False):
            return None
        return _by_token(tokens[0].removeprefix(TOKEN_PREFIX))
    if not origin_allowed(scope, required=True):
        return None
    return _by_session(scope)


def _by_token(token: str) -> tuple[Credential, User] | None:
    digest = hash_token(token)
    held = AuthToken.objects.select_related("user").filter(digest=digest).first()
    if digest is None or held is None or not held.user.is_active:
        return None
    if held.expiry and held.expiry <= timezone.now():
        return None
    return _credential("token", digest, held.user), held.user


def _by_session(scope: Mapping[str, Any]) -> tuple[Credential, User] | None:
    header = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
    try:
        cookie = SimpleCookie(header.decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None
    if cookie is None:
        return None
    request = HttpRequest()
    request.session = SessionStore(cookie.value)
    user = get_user(request)
    if not isinstance(user, User) or not user.is_active:
        return None
    return _credential("session", cookie.value, user), user


def still_valid(credentials: Iterable[Credential]) -> set[Credential]:
    """Those whose token or session, account, role and password are as they were: one query."""
    wanted = list(credentials)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT c.n
               FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[], %s::text[])
                    WITH ORDINALITY AS c (kind, key, user_id, role, stamp, n)
               JOIN users_user u ON u.id = c.user_id AND u.is_active AND u.role = c.role
               LEFT JOIN knox_authtoken t ON c.kind = 'token' AND t.digest = c.key
                    AND (t.expiry IS NULL OR t.expiry > now())
               LEFT JOIN django_session s ON c.kind = 'session' AND s.session_key = c.key
                    AND s.expire_date > now() AND md5(u.password) = c.stamp
               WHERE t.digest IS NOT NULL OR s.session_key IS NOT NULL""",
            [
                [c.kind for c in wanted],
                [c.key for c in wanted],
                [c.user_id for c in wanted],
                [c.role for c in wanted],
                [c.stamp for c in wanted],
            ],
        )
        return {wanted[n - 1] for (n,) in cursor.fetchall()}
