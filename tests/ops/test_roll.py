"""Promise: web processes are replaced one after the other, and nobody notices.

The proxy is the one that we ship (`deploy/Caddyfile`), one process is daphne, the other uvicorn.
"""

from __future__ import annotations

import asyncio
import socket
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from itertools import count, cycle, pairwise, product
from pathlib import Path
from typing import Any

import httpx
import pytest

from devtools import programs
from tests.cast import Cast
from tests.fixtures_processes import wait_until
from tests.ops.proxy import SOON_S, Answering, Proxy, free_port
from tests.plugin import Services
from trips.realtime.client import BoardClient

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SCREENS = 12
SERVERS_IN_TURN = ("daphne", "uvicorn", "daphne")


class Web(Answering):
    """One web process at a port of its own, as in a container."""

    def __init__(self, services: Services, server: str, env: dict[str, str]) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        program = programs.web_at(server, port, env, f"roll-{server}")
        super().__init__(services.reaper, program, services.logs / f"roll-{server}.log")


@dataclass
class Front:
    """The proxy, and what is behind it."""

    proxy: Proxy
    webs: list[Web]


@pytest.fixture
def front(services: Services, process_env: dict[str, str], tmp_path: Path) -> Iterator[Front]:
    env = {**process_env, "ATW_DRAIN_S": "3"}
    webs = [Web(services, server, env) for server in programs.SERVERS]
    front = Front(Proxy(services, [web.url for web in webs], tmp_path), webs)
    with ThreadPoolExecutor() as together:
        list(together.map(Answering.start, [*webs, front.proxy]))
    yield front
    for process in (front.proxy, *webs):
        process.stop()


@dataclass
class Logins:
    dina: str
    omar: str
    trips: list[int]
    driven: int


@pytest.fixture
def logins(cast: Cast) -> Logins:
    trips = [cast.book().pk for _ in range(3)]
    driven = cast.trip_in("in_progress").pk
    return Logins(cast.token(cast.dina), cast.token(cast.omar), trips, driven)


@dataclass
class Load:
    """What everybody did so far."""

    screens: list[BoardClient]
    answered: int = 0
    failed: list[str] = field(default_factory=list)
    #: {trip: the version that the last answer told}
    versions: dict[int, int] = field(default_factory=dict)

    def all_shown(self) -> bool:
        """Whether each screen has what was answered last."""
        return all(
            screen.state.trips[trip]["version"] == version
            for screen in self.screens
            for trip, version in self.versions.items()
        )


async def until(condition: Callable[[], bool]) -> None:
    """Return when `condition` holds, looked at in a thread; TimeoutError."""
    await asyncio.to_thread(wait_until, condition, SOON_S, "what was waited for")


@asynccontextmanager
async def load(proxy: Proxy, who: Logins) -> AsyncIterator[Load]:
    """Screens that look, a dispatcher who taps and a phone that drives, until it ends."""
    board, stop = f"{proxy.ws_url}/ws/dispatch/", asyncio.Event()
    work = Load([BoardClient(board, token=who.dina) for _ in range(SCREENS)])
    async with AsyncExitStack() as stack:
        for screen in work.screens:
            await stack.enter_async_context(screen)
        for screen in work.screens:
            await screen.wait_until(lambda state: state.status == "live", SOON_S)
        people = [
            asyncio.create_task(tap(proxy.url, who, work, stop)),
            asyncio.create_task(drive(proxy.url, who, work, stop)),
        ]
        yield work
        stop.set()
        await asyncio.gather(*people)
        await until(work.all_shown)


async def post(http: httpx.AsyncClient, path: str, body: dict[str, Any], work: Load) -> Any:
    """The answer's JSON, or None where it failed; never sent again."""
    try:
        answer = await http.post(path, json=body)
    except httpx.TransportError as error:
        work.failed.append(repr(error))
        return None
    if not answer.is_success:
        work.failed.append(f"{answer.status_code} {answer.text}")
        return None
    work.answered += 1
    return answer.json()


async def tap(url: str, who: Logins, work: Load, stop: asyncio.Event) -> None:
    """Schedule trips, take that back, and so on."""
    headers = {"Authorization": f"Token {who.dina}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=SOON_S) as http:
        for action, trip in cycle(product(("schedule", "undo"), who.trips)):
            if stop.is_set():
                return
            body = {"action": action, "client_event_id": uuid.uuid4().hex, "reason": "not yet"}
            if told := await post(http, f"/api/trips/{trip}/status/", body, work):
                work.versions[trip] = told["version"]
            await asyncio.sleep(0.05)


async def drive(url: str, who: Logins, work: Load, stop: asyncio.Event) -> None:
    """A fix every 30 ms."""
    headers = {"Authorization": f"Token {who.omar}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=SOON_S) as http:
        for number in count():
            if stop.is_set():
                return
            at = datetime.now(UTC).isoformat()
            fix = {"latitude": 57.7 + number * 1e-6, "longitude": 11.97, "recorded_at": at}
            await post(http, f"/api/trips/{who.driven}/gps/", fix, work)
            await asyncio.sleep(0.03)


async def test_both_are_replaced_under_load(front: Front, logins: Logins) -> None:
    async with load(front.proxy, logins) as work:
        for web in front.webs:
            before = work.answered
            web.ask_to_end()
            await until_it_leaves(web)
            await asyncio.to_thread(web.stop)
            await asyncio.to_thread(web.start)
            assert work.answered > before + 20
        closes = [code for screen in work.screens for code in screen.close_codes]
    assert work.failed == []
    assert len(closes) >= SCREENS
    assert set(closes) == {4012}


async def until_it_leaves(web: Web) -> None:
    """It says so by both addresses, while it still answers."""
    await until(lambda: web.status() == 503)
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"{web.url}/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"] == {"web": "leaving"}
    assert answer.headers["connection"] == "close"


def test_on_a_shared_socket_the_next_process_has_what_the_last_one_does_not_take(
    services: Services, process_env: dict[str, str]
) -> None:
    env = {**process_env, "ATW_DRAIN_S": "1"}
    with programs.listen("127.0.0.1", 0) as listener:
        webs = [Shared(services, server, listener, env) for server in SERVERS_IN_TURN]
        webs[0].start()
        for leaving, following in pairwise(webs):
            with closing(kept_alive(leaving)) as line:
                leaving.ask_to_end()
                while healthz(line) != 503:
                    time.sleep(0.02)
            with closing(HTTPConnection(*webs[0].address, timeout=SOON_S)) as waiting:
                waiting.request("GET", "/healthz")
                following.start()
                assert waiting.getresponse().status == 200
            leaving.stop()
        webs[-1].stop()


@pytest.mark.parametrize("server", programs.SERVERS)
def test_systemd_is_told_once_a_web_process_accepts(
    services: Services, process_env: dict[str, str], tmp_path: Path, server: str
) -> None:
    with (
        programs.listen("127.0.0.1", 0) as listener,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd,
    ):
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(SOON_S)
        env = {**process_env, "ATW_DRAIN_S": "0", "NOTIFY_SOCKET": str(tmp_path / "notify")}
        web = Shared(services, server, listener, env)
        web.launch()
        try:
            assert systemd.recv(100) == b"READY=1"
            assert web.answers()
        finally:
            web.stop()


def kept_alive(web: Shared) -> HTTPConnection:
    """A connection that `web` has accepted."""
    line = HTTPConnection(*web.address, timeout=SOON_S)
    assert healthz(line) == 200
    return line


def healthz(line: HTTPConnection) -> int:
    line.request("GET", "/healthz")
    answer = line.getresponse()
    answer.read()
    return answer.status


class Shared(Answering):
    """A web process on a socket that it was handed."""

    def __init__(
        self, services: Services, server: str, listener: socket.socket, env: dict[str, str]
    ) -> None:
        self.address: tuple[str, int] = listener.getsockname()
        self.url = f"http://127.0.0.1:{self.address[1]}"
        program = programs.web(server, listener.fileno(), env)
        super().__init__(services.reaper, program, services.logs / f"shared-{server}.log")
