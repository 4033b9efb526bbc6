"""The real processes of one row: PostgreSQL, Valkey, SMTP, and what of ours the row starts."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import psycopg

from devtools import programs
from devtools.bootstrap import ROOT, SetupError
from devtools.instance import Instance
from devtools.postgres import Postgres
from devtools.processes import Reaper
from devtools.valkey import Valkey
from prove.parts import Beat, Broker, Database, Mail, Web, WebAlone, Worker
from prove.processes import RealProcess
from prove.proxy import FaultProxy

#: Connections may wait here while every web process is dead.
BACKLOG = 2_048
MIGRATE_S = 120.0


class Stack:
    """Everything in a scratch folder that is deleted at the end, by the reaper if need be."""

    def __init__(self, prepared: Path) -> None:
        """`prepared` is a folder that `prepare` made."""
        self.data = Path(tempfile.mkdtemp(prefix="atw-prove-"))
        self._reaper = Reaper()
        self._reaper.remove_at_end(self.data)
        subprocess.run(["cp", "-a", f"{prepared}/.", str(self.data)], check=True)
        self._instance = Instance(self.data)
        self._logs = self._instance.folder("log")
        self.folder = self._instance.folder("ledger")
        self._listener = programs.listen("127.0.0.1", 0, backlog=BACKLOG)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}"
        self.postgres = Database(self._reaper, Postgres.of(self._instance), self._log("postgres"))
        self.valkey = Broker(self._reaper, Valkey.of(self._instance), self._log("valkey"))
        self._mail_folder = self._instance.folder("mail")
        smtp = self._instance.port("smtp")
        self.env = environment(self._instance, self.postgres.url, self.valkey.url, smtp, self.url)
        self._mail = Mail(self._reaper, smtp, self._mail_folder, self.env, self._log("mail"))
        self.webs: list[Web] = []
        self.workers: dict[str, Worker] = {}
        self.beat: Beat | None = None
        self._proxies: list[FaultProxy] = []

    def open(self) -> None:
        """Start the services. Raises SetupError."""
        for service in (self.postgres, self.valkey, self._mail):
            service.start()

    def start(
        self,
        web: int = 1,
        workers: Sequence[str] = (),
        *,
        beat: bool = False,
        server: str = "daphne",
        pools: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Start processes of ours and wait until each does its work. Raises SetupError.

        `workers` are names of queues: high, normal, low. `pools` replaces the pool that the worker
        of a queue has as shipped. `env` comes on top of the stack's own.
        """
        env = {**self.env, **(env or {})}
        started: list[RealProcess] = []
        for _ in range(web):
            self.webs.append(self._web(server, env))
            started.append(self.webs[-1])
        for name in workers:
            log, pool = self._log(f"worker-{name}"), (pools or {}).get(name, "")
            self.workers[name] = Worker(self._reaper, name, pool, env, self.valkey, log)
            started.append(self.workers[name])
        if beat:
            self.beat = Beat(self._reaper, env, self._log("beat"))
            started.append(self.beat)
        for process in started:
            process.launch()
        for process in started:
            process.wait_ready()

    def _web(self, server: str, env: Mapping[str, str]) -> Web:
        name = f"web-{len(self.webs) + 1}"
        return Web(self._reaper, name, server, self._listener, env, self._log(name))

    def web_alone(self, server: str, env: Mapping[str, str]) -> WebAlone:
        """A web process at a port of its own, started; `env` comes on top of the stack's."""
        port = self._instance.port(name := f"alone-{len(self.logs())}")
        web = WebAlone(self._reaper, name, server, port, {**self.env, **env}, self._log(name))
        web.start()
        return web

    def proxy(self, target: int | Callable[[], int], seed: int = 0) -> FaultProxy:
        """A fault proxy in front of a port, or of whichever `target()` says."""
        self._proxies.append(FaultProxy(target, seed))
        return self._proxies[-1]

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Rows of the database, on a connection of their own."""
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            cursor = connection.execute(sql.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    def run(self, *argv: str) -> str:
        """Run a Python program (`manage.py …`, `-m …`) in the stack's environment; its output."""
        return run_python(argv, self.env)

    def mails(self) -> list[EmailMessage]:
        """What the SMTP server has, oldest first."""
        found = sorted(self._mail_folder.glob("*.eml"))
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in found]

    def logs(self) -> list[Path]:
        """What the processes have written."""
        return sorted(self._logs.glob("*.log"))

    def close(self) -> None:
        """End everything and delete the folder."""
        for proxy in self._proxies:
            proxy.close()
        if self.valkey.running:
            # A frozen process is deaf to its end.
            os.kill(self.valkey.pid, signal.SIGCONT)
        self._listener.close()
        self._reaper.end_all()
        shutil.rmtree(self.data, ignore_errors=True)

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"


def prepare(folder: Path) -> None:
    """Make a migrated database in `folder`, for `Stack` to copy. Raises SetupError."""
    folder.chmod(0o711)
    instance = Instance(folder)
    reaper = Reaper()
    try:
        database = Database(reaper, Postgres.of(instance), instance.folder("log") / "postgres.log")
        database.start()
        env = environment(instance, database.url, "redis://127.0.0.1:1", 1, "http://127.0.0.1:1")
        run_python(["manage.py", "migrate", "--no-input", "-v0"], env)
        database.stop()
        instance.forget_ports()
    finally:
        reaper.end_all()


def environment(
    instance: Instance, database_url: str, redis_url: str, smtp: int, origin: str
) -> dict[str, str]:
    """What every process of a stack is told."""
    return {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(smtp),
        "SECRET_KEY": instance.secret("django"),
        "ATW_DATA": str(instance.data),
        "ATW_PROFILE": "dev",
        "ATW_RATE_LIMITS": "off",
        "ATW_QUIET_HOURS": "off",
        "ATW_BASE_URL": origin,
        "ATW_ORIGINS": origin,
    }


def run_python(argv: Sequence[str], env: Mapping[str, str]) -> str:
    """Run a Python program in the checkout to its end; its output. Raises SetupError."""
    done = subprocess.run(
        [sys.executable, *argv], env=env, cwd=ROOT, capture_output=True, text=True,
        check=False, timeout=MIGRATE_S,
    )  # fmt: skip
    if done.returncode != 0:
        raise SetupError(f"{' '.join(argv)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def wait_gone(folder: Path, within_s: float) -> None:
    """Return when a stack whose owner died has been cleared away, or the time is over."""
    deadline = time.monotonic() + within_s
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
