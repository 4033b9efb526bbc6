"""Signed bodies between servers (pure).

`t=<unix seconds>,v1=<hex>`, where `v1` is the HMAC-SHA256 of `<t>.<body>`.
"""

import hashlib
import hmac

#: How far the two clocks may be apart; an older body is a replay.
TOLERANCE_S = 300
MOST_SIGNATURES = 8


def sign(secret: str, body: bytes, at_s: int) -> str:
    """The header's value for a body that is sent at `at_s`."""
    return f"t={at_s},v1={_digest(secret, body, str(at_s))}"


def is_valid(header: str, secret: str, body: bytes, now_s: float) -> bool:
    """Whether one of the header's signatures is right and its time is near."""
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit() and len(times[0]) < 16):
        return False
    if abs(now_s - int(times[0])) > TOLERANCE_S:
        return False
    given = [value for name, _, value in parts if name == "v1"][:MOST_SIGNATURES]
    right = _digest(secret, body, times[0])
    return any(hmac.compare_digest(one.encode(), right.encode()) for one in given)


def _digest(secret: str, body: bytes, at: str) -> str:
    return hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
