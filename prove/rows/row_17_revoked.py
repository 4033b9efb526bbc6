"""Row 17: tokens revoked, people logged out and disabled while their sockets are open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import httpx
from django.utils import timezone
from knox.models import AuthToken
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from prove.row import Outcome, Row, scaled
from prove.stack import Stack
from tests.cast import Cast, open_company, person
from trips.realtime.client import PROTOCOL
from users.auth import hash_token
from users.models import User
from users.roles import Role

SOCKETS_EACH = 20
CLOSED_WITHIN_S = 2.0
WAIT_S = 15.0
UNAUTHENTICATED = 4401

Login = tuple[User, str]


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """Each way to end a login, for a person with several boards open; and one who stays."""
    stack.start(web=2, workers=("high",))
    cast, out = open_company(), Outcome()
    ways: dict[str, Callable[[Stack, Login], None]] = {
        "log out": lambda stack, login: _post(stack, login, "/api/auth/logout/"),
        "log out everywhere": lambda stack, login: _post(stack, login, "/api/auth/logoutall/"),
        "token deleted": _delete_token,
        "token expired": _expire_token,
        "account disabled": _disable,
        "new password": _new_password,
    }
    for name, end in ways.items():
        out.add(name, _one_way(stack, cast, name, end, scaled(SOCKETS_EACH, scale, 3)))
    return out


def _one_way(
    stack: Stack, cast: Cast, name: str, end: Callable[[Stack, Login], None], sockets: int
) -> Outcome:
    user = person(name.replace(" ", "-"), Role.DISPATCHER)
    login, other = (user, cast.token(user)), cast.token(cast.dina)
    out = Outcome()
    codes, seconds, stayed = asyncio.run(_watch(stack, login, other, end, sockets))
    out.expect("sockets closed with 4401", codes.count(UNAUTHENTICATED), sockets)
    out.time_s("the last one closed", seconds, CLOSED_WITHIN_S)
    out.expect("another person's socket stayed", stayed, True)
    answer = httpx.get(f"{stack.url}/api/trips/", headers=_headers(login), timeout=WAIT_S)
    out.expect("the old token is answered", answer.status_code, 401)
    out.expect("the old token opens a socket", asyncio.run(_opens(stack, login[1])), False)
    return out


async def _watch(
    stack: Stack, login: Login, other: str, end: Callable[[Stack, Login], None], count: int
) -> tuple[list[int | None], float, bool]:
    """(close codes, seconds until the last of them, whether the other socket is open)."""
    sockets = [await _open(stack, login[1]) for _ in range(count)]
    bystander = await _open(stack, other)
    await asyncio.to_thread(end, stack, login)
    since = time.monotonic()
    codes = await asyncio.gather(*map(_closed, sockets))
    seconds = time.monotonic() - since
    stayed = bystander.close_code is None
    await bystander.close()
    return list(codes), seconds, stayed


async def _open(stack: Stack, token: str) -> ClientConnection:
    protocols = [Subprotocol(PROTOCOL), Subprotocol(f"token.{token}")]
    socket = await connect(f"{stack.ws_url}/ws/dispatch/", subprotocols=protocols)
    await socket.recv()
    return socket


async def _closed(socket: ClientConnection) -> int | None:
    """The close code, or None where the socket is open for longer than anybody waits."""
    try:
        async with asyncio.timeout(WAIT_S):
            while True:
                await socket.recv()
    except ConnectionClosed:
        return socket.close_code
    except TimeoutError:
        await socket.close()
        return None


async def _opens(stack: Stack, token: str) -> bool:
    try:
        await (await _open(stack, token)).close()
    except ConnectionClosed:
        return False
    return True


def _headers(login: Login) -> dict[str, str]:
    return {"Authorization": f"Token {login[1]}"}


def _post(stack: Stack, login: Login, path: str) -> None:
    answer = httpx.post(f"{stack.url}{path}", headers=_headers(login), timeout=WAIT_S)
    answer.raise_for_status()


def _delete_token(stack: Stack, login: Login) -> None:
    AuthToken.objects.filter(digest=hash_token(login[1])).delete()


def _expire_token(stack: Stack, login: Login) -> None:
    AuthToken.objects.filter(digest=hash_token(login[1])).update(expiry=timezone.now())


def _disable(stack: Stack, login: Login) -> None:
    User.objects.filter(pk=login[0].pk).update(is_active=False)


def _new_password(stack: Stack, login: Login) -> None:
    user = User.objects.get(pk=login[0].pk)
    user.set_password("another horse battery")
    user.save()


ROW = Row(
    17,
    fault="revoke, log out, disable with open sockets",
    reach="closed <= 2 s; old token refused",
    bound_s=58,
    run=run,
    quick=0.1,
)
