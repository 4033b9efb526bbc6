"""The processes of a stack, each with what says that it does its work."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg
import redis

from devtools import programs
from devtools.postgres import Postgres
from devtools.processes import STAGE_WORKER, Reaper
from devtools.valkey import Valkey
from prove.processes import START_S, RealProcess

#: The database of the channel layer.
LAYER_DB = 2
ANSWER_S = 5.0


class Database(RealProcess):
    """PostgreSQL with its default, durable settings."""

    def __init__(self, reaper: Reaper, postgres: Postgres, log: Path) -> None:
        postgres.prepare()
        self.url = postgres.url
        self.port = postgres.port
        self._settings = postgres.cluster / "postgresql.conf"
        super().__init__(reaper, postgres.program(), log)

    def answers(self) -> bool:
        """Whether the application's role can connect."""
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def set(self, **settings: str) -> None:
        """Further settings, from its next start on."""
        lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
        self._settings.write_text(self._settings.read_text() + "".join(lines))

    def kill(self) -> None:
        """kill -9; its children have sessions of their own, and may not outlive it."""
        server = psutil.Process(self.pid)
        children = server.children(recursive=True)
        for process in (server, *children):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.gone()
        # The next server refuses to start while one of them has the shared memory.
        deadline = time.monotonic() + START_S
        while any(_runs(child) for child in children) and time.monotonic() < deadline:
            time.sleep(0.01)


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


class Broker(RealProcess):
    """Valkey on a port that stays its own."""

    def __init__(self, reaper: Reaper, valkey: Valkey, log: Path) -> None:
        valkey.prepare()
        self._valkey = valkey
        self.url, self.port = valkey.url, valkey.port
        super().__init__(reaper, valkey.program(), log)

    def answers(self) -> bool:
        """Whether it answers with its data loaded."""
        try:
            return bool(self.run("PING"))
        except redis.ConnectionError:
            return False

    def url_at(self, port: int) -> str:
        """The address of a proxy in front of it."""
        return Valkey(self._valkey.folder, port, self._valkey.password).url

    def run(self, *command: str | bytes, db: int = 0) -> Any:
        """One command on database `db`."""
        with redis.Redis.from_url(self.url, db=db) as client:
            return client.execute_command(*command)

    def freeze(self) -> None:
        """It takes connections and answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it was."""
        os.kill(self.pid, signal.SIGCONT)

    def queued(self, queue: str) -> int:
        """Tasks that wait in a queue; "high", "normal" or "low"."""
        return int(self.run("LLEN", programs.QUEUES[queue]))


class Web(RealProcess):
    """daphne or uvicorn, on a listening socket that outlives it."""

    def __init__(
        self,
        reaper: Reaper,
        name: str,
        server: str,
        listener: socket.socket,
        env: Mapping[str, str],
        log: Path,
    ) -> None:
        self._listener = listener
        self.port: int = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}"
        super().__init__(reaper, programs.web(server, listener.fileno(), env, name), log)

    def answers(self) -> bool:
        """Whether this very process accepts connections, and the socket's processes answer."""
        if not accepts(self.pid, os.fstat(self._listener.fileno()).st_ino):
            return False
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=ANSWER_S) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False


class WebAlone(RealProcess):
    """A web process at a port of its own, as in a container: behind a proxy."""

    def __init__(
        self, reaper: Reaper, name: str, server: str, port: int, env: Mapping[str, str], log: Path
    ) -> None:
        self.port = port
        self._url = f"http://127.0.0.1:{port}/healthz"
        super().__init__(reaper, programs.web_at(server, port, env, name), log)

    def answers(self) -> bool:
        """Whether `/healthz` is 200: it does not when it is leaving."""
        try:
            with urllib.request.urlopen(self._url, timeout=ANSWER_S) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False


def accepts(pid: int, inode: int) -> bool:
    """Whether a process waits for connections on a socket that others may share with it."""
    for info in Path(f"/proc/{pid}/fdinfo").glob("*"):
        with contextlib.suppress(OSError):
            lines = info.read_text().splitlines()
            if any(line.startswith("tfd:") and f"ino:{inode:x} " in line for line in lines):
                return True
    return False


class Worker(RealProcess):
    """The worker of one queue; `pool` "" is the one that it has as shipped."""

    def __init__(
        self,
        reaper: Reaper,
        name: str,
        pool: str,
        env: Mapping[str, str],
        broker: Broker,
        log: Path,
    ) -> None:
        self._broker = broker
        self._queue = programs.QUEUES[name]
        program = programs.worker(name, env)
        if pool:
            argv = programs.celery_argv([self._queue], name, pool)
            program = programs.python(f"worker-{name}", argv, STAGE_WORKER, env)
        super().__init__(reaper, program, log)

    def answers(self) -> bool:
        """Whether it shows a sign of life."""
        try:
            return bool(self._signs())
        except redis.RedisError:
            return False

    def gone(self, within_s: float = 10.0) -> None:
        """The sign of life of the dead is taken away."""
        super().gone(within_s)
        with contextlib.suppress(redis.RedisError):
            for name in self._signs():
                self._broker.run("DEL", name)

    def _signs(self) -> list[bytes]:
        # Not before the environment names the stack's own services.
        from config.workers import key

        found: list[bytes] = self._broker.run("KEYS", key(self._queue))
        return found


class Beat(RealProcess):
    """The clock; ready as soon as it runs."""

    def __init__(self, reaper: Reaper, env: Mapping[str, str], log: Path) -> None:
        super().__init__(reaper, programs.beat(env), log)

    def answers(self) -> bool:
        """Whether it runs."""
        return self.running


class Mail(RealProcess):
    """An SMTP server that keeps mails as files."""

    def __init__(
        self, reaper: Reaper, port: int, folder: Path, env: Mapping[str, str], log: Path
    ) -> None:
        self._port = port
        super().__init__(reaper, programs.mail_sink(port, folder, env), log)

    def answers(self) -> bool:
        """Whether it listens."""
        try:
            socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
        except OSError:
            return False
        return True
