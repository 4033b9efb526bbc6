"""Credentials: bearer tokens (knox keeps only a hash) and the browser's session.

`token_holders` and `hash_token` serve the doors outside DRF (GPS, sockets).
"""

import re
from typing import Any

from django.utils import timezone
from knox.auth import TokenAuthentication as KnoxAuthentication
from knox.crypto import hash_token as knox_hash
from knox.models import AuthToken
from rest_framework import authentication, exceptions
from rest_framework.request import Request

TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}\Z")


def hash_token(token: str) -> str | None:
    """The digest under which `token` would be stored; None where it cannot be a token."""
    return knox_hash(token) if TOKEN.match(token) else None


def bearer(header: str) -> str | None:
    """The token of an Authorization header value (`Token …` or `Bearer …`), or None."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() in {"token", "bearer"} else None


class TokenAuthentication(KnoxAuthentication):  # type: ignore[misc]
    """`Authorization: Token <token>`; `Bearer` is accepted too. 401 where it is not valid."""

    def authenticate(self, request: Request) -> tuple[Any, AuthToken] | None:
        token = bearer(request.headers.get("Authorization", ""))
        if token is None:
            return None
        digest = hash_token(token)
        held = (
            AuthToken.objects.select_related("user")
            .filter(digest=digest, user__is_active=True)
            .first()
        )
        if digest is None or held is None or (held.expiry and held.expiry <= timezone.now()):
            raise exceptions.AuthenticationFailed("The token is unknown, expired or revoked.")
        return held.user, held


class SessionAuthentication(authentication.SessionAuthentication):
    """Django's session with CSRF; answers 401, not 403, to who is not logged in."""

    def authenticate_header(self, request: Request) -> str:
        return "Token"
