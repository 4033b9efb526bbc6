"""Promise: the live path needs no right to destroy, and goes over TLS.

The server is the embedded one, started by the script that the containers use. It was built
without TLS, so a relay of this file's own speaks it in front.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import redis

from devtools import programs
from devtools.bootstrap import ROOT
from devtools.processes import STAGE_VALKEY, STAGE_WORKER, Program
from devtools.valkey import _binary
from tests.cast import PASSWORD, Cast
from tests.fixtures_processes import RealProcess, WebServer, wait_until
from tests.plugin import Services
from tests.sockets.screen import Screen

SECRET = "only-for-this-test"
SOON_S = 60.0
#: A second user, so that the test may ask the server what it refused.
WATCHER = "user watcher on nopass ~* &* +@all\n"


class Guarded(RealProcess):
    """Valkey with the shipped users, and one more for the test."""

    def __init__(self, services: Services, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "deploy/valkey", folder / "valkey")
        with (folder / "valkey/users.acl").open("a") as users:
            users.write(WATCHER)
        with socket.create_server(("127.0.0.1", 0)) as reserved:
            self.port = int(reserved.getsockname()[1])
        env = {
            "PATH": f"{_binary().parent}:{os.defpath}",
            "REDIS_PASSWORD": SECRET,
            "TMPDIR": str(folder),
        }
        script = str(folder / "valkey/start.sh")
        own = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder)]
        program = Program("guarded", ["sh", script, *own], STAGE_VALKEY, env, folder)
        super().__init__(services.reaper, program, services.logs / "guarded.log")

    def as_user(self, name: str, password: str = "") -> redis.Redis:
        """A client of that user."""
        return redis.Redis(port=self.port, username=name, password=password, decode_responses=True)

    def answers(self) -> bool:
        """Whether the watcher is answered."""
        try:
            return bool(self.as_user("watcher").ping())
        except redis.ConnectionError:
            return False


@pytest.fixture(scope="module")
def guarded(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    server = Guarded(services, tmp_path_factory.mktemp("guarded"))
    server.start()
    yield server
    server.stop()


REFUSED = [
    "FLUSHALL", "FLUSHDB", "KEYS *", "CONFIG GET maxmemory", "CONFIG SET appendonly no",
    "SHUTDOWN NOSAVE", "SAVE", "MONITOR", "CLIENT LIST", "CLIENT KILL TYPE normal",
    "ACL LIST", "ACL SETUSER default on", "SCRIPT FLUSH", "FUNCTION FLUSH", "MODULE LIST",
    "REPLICAOF NO ONE", "SWAPDB 0 1", "MIGRATE h 1 k 0 1", "SORT list",
]  # fmt: skip


@pytest.mark.parametrize("command", REFUSED)
def test_the_application_may_not(guarded: Guarded, command: str) -> None:
    with (
        guarded.as_user("atw", SECRET) as client,
        pytest.raises(redis.exceptions.NoPermissionError),
    ):
        client.execute_command(*command.split())


def test_nobody_comes_in_without_the_name_and_the_password(guarded: Guarded) -> None:
    for name, password in (("default", ""), ("default", SECRET), ("atw", "wrong"), ("atw", "")):
        with guarded.as_user(name, password) as client, pytest.raises(redis.AuthenticationError):
            client.ping()
    with pytest.raises(redis.AuthenticationError), redis.Redis(port=guarded.port) as client:
        client.ping()


def test_the_password_stands_in_no_file_and_on_no_command_line(guarded: Guarded) -> None:
    assert SECRET not in Path(f"/proc/{guarded.pid}/cmdline").read_text()
    texts = [path.read_text() for path in guarded.folder.rglob("*.acl")]
    assert any("user atw on #" in text for text in texts)
    assert not any(SECRET in text for text in texts)


def test_it_keeps_what_it_has_taken(guarded: Guarded) -> None:
    with guarded.as_user("watcher") as client:
        kept = {
            name: client.config_get(name)[name]
            for name in ("appendonly", "appendfsync", "save", "maxmemory-policy")
        }
    assert kept == {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
    }


# --- the live path as `atw`, over TLS


def certificate(folder: Path) -> Path:
    """A self-signed one for 127.0.0.1, with its key in the same file."""
    path = folder / "tls.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    command += ["-subj", "/CN=atw", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [*command, "-keyout", str(path), "-out", str(folder / "cert.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_text(path.read_text() + (folder / "cert.pem").read_text())
    return path


class TlsRelay:
    """TLS outside, the plain server inside, on an event loop of its own."""

    def __init__(self, port_inside: int, pem: Path) -> None:
        self._port_inside = port_inside
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pem)
        listening = asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(SOON_S)
        self.port = int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inside = await asyncio.open_connection("127.0.0.1", self._port_inside)
        await asyncio.gather(_carry(reader, inside[1]), _carry(inside[0], writer))


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65_536):
            target.write(data)
            await target.drain()
    target.close()


@dataclass
class House:
    """All of our processes, as `atw` on the guarded server."""

    web: WebServer
    worker: RealProcess
    beat: RealProcess
    env: dict[str, str]


class Own(RealProcess):
    """A process that is ready when the web says so."""

    def answers(self) -> bool:
        return True


@pytest.fixture
def house(
    services: Services, process_env: dict[str, str], guarded: Guarded, tmp_path: Path
) -> Iterator[House]:
    with guarded.as_user("watcher") as watcher:
        watcher.acl_log_reset()
    pem = certificate(tmp_path)
    relay = TlsRelay(guarded.port, pem)
    query = f"ssl_cert_reqs=required&ssl_ca_certs={tmp_path}/cert.pem"
    env = {**process_env, "REDIS_URL": f"rediss://atw:{SECRET}@127.0.0.1:{relay.port}?{query}"}
    argv = programs.celery_argv(list(programs.QUEUES.values()), "guarded", "prefork")
    worker = programs.python("guarded-worker", argv, STAGE_WORKER, env)
    house = House(
        WebServer(services, env),
        Own(services.reaper, worker, services.logs / "guarded-worker.log"),
        Own(services.reaper, programs.beat(env), services.logs / "guarded-beat.log"),
        env,
    )
    for process in (house.worker, house.beat, house.web):
        process.start()
    yield house
    for process in (house.web, house.beat, house.worker):
        process.stop()
    relay.close()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_everything_works_and_nothing_that_it_needs_is_refused(
    house: House, cast: Cast, guarded: Guarded
) -> None:
    trip = cast.trip_in("in_progress")
    http = httpx.Client(base_url=house.web.base_url, timeout=SOON_S)
    wait_until(lambda: http.get("/readyz").status_code == 200, SOON_S, "a ready house")
    board = Screen(f"{house.web.ws_url}/ws/dispatch/", token=cast.token(cast.dina))
    with guarded.as_user("watcher") as watcher, board as screen:
        screen.next_of("snapshot", SOON_S)
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        fix = {"latitude": 57.7, "longitude": 11.97, "recorded_at": at}
        driver, dispatcher = cast.headers(cast.omar), cast.headers(cast.dina)
        assert http.post(f"/api/trips/{trip.pk}/gps/", json=fix, headers=driver).status_code == 202
        screen.next_of("gps.batch", SOON_S)
        tap = {"action": "arrive_dropoff", "client_event_id": "guarded-1"}
        answer = http.post(f"/api/trips/{trip.pk}/status/", json=tap, headers=driver)
        assert answer.status_code == 200, answer.text
        screen.next_of("trip.event", SOON_S)
        login = {"username": "dina", "password": PASSWORD}
        assert http.post("/api/auth/token/", json=login).is_success
        assert http.get("/api/trips/", headers=dispatcher).status_code == 200
        assert round_trips(house.env).count("round trip") == 3
        assert watcher.acl_log() == []
    http.close()


def round_trips(env: dict[str, str]) -> str:
    """What the manager says of a task through each queue and its result."""
    command = [sys.executable, "manage.py", "celery_manager", "test", "--count", "1"]
    done = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
