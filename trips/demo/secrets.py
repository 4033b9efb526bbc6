"""Passwords and tokens derived from the secret key, so that each run prints the same ones."""

import hmac

from django.conf import settings


class NotADemo(RuntimeError):
    """Demo data is refused in production."""


def _secret(purpose: str, name: str) -> str:
    return hmac.digest(
        settings.SECRET_KEY.encode(), f"demo {purpose} {name}".encode(), "sha256"
    ).hex()


def password_for(username: str) -> str:
    """The derived password of a demo account."""
    return f"demo-{_secret('password', username)[:10]}"


def token_for(username: str) -> str:
    """The derived bearer token of a demo account."""
    return _secret("token", username)


def device_token_for(vehicle_name: str) -> str:
    """The derived token of a demo vehicle's tracker."""
    return _secret("device", vehicle_name)[:32]
