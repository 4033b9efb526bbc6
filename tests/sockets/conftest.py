"""Sockets of the real server."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cast import Cast
from tests.fixtures_processes import WebServer
from tests.sockets.screen import Screen
from users.models import User

#: `opens(user, "/ws/dispatch/")`: a screen of that user, by token.
Opens = Callable[..., Screen]


@pytest.fixture
def opens(web_server: WebServer, cast: Cast) -> Opens:
    """Open a socket as somebody."""

    def screen(user: User, path: str, *, heals: bool = True) -> Screen:
        return Screen(f"{web_server.ws_url}{path}", token=cast.token(user), heals=heals)

    return screen
