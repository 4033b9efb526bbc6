"""Asking the launcher (`devtools.control`) to break a part: it started them and restarts them."""

import json
import socket
from typing import Any

from django.conf import settings

WITHIN_S = 3.0
MOST_BYTES = 65_536


class LauncherAway(OSError):
    """Nobody listens: the parts were not started by `dev.py demo`, or it is going down."""


def ask(verb: str) -> dict[str, Any]:
    """The answer to one verb, as `devtools.control` describes it; LauncherAway."""
    # Windows has no such sockets in Python; nor can our launcher run there.
    if not settings.CONTROL_SOCKET or not hasattr(socket, "AF_UNIX"):
        raise LauncherAway("no launcher")
    try:
        answer: dict[str, Any] = json.loads(_talk(verb))
    except (OSError, ValueError) as error:
        raise LauncherAway(str(error)) from None
    return answer


def _talk(verb: str) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(WITHIN_S)
        line.connect(settings.CONTROL_SOCKET)
        line.sendall(verb.encode() + b"\n")
        with line.makefile("rb") as answer:
            return answer.readline(MOST_BYTES)
