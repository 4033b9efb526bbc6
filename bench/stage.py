"""The two systems under measurement, started and stopped on the same embedded services."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from bench import procs
from bench.fixes import Fleet
from devtools import programs
from devtools.bootstrap import SetupError
from devtools.instance import Instance
from devtools.postgres import Postgres
from devtools.processes import STAGE_WEB, STAGE_WORKER, Program, Reaper, log_tail
from devtools.valkey import Valkey

OURS, TEXTBOOK = "ours", "textbook"
READY_S = 60.0
BACKLOG = 2_048
#: The text-book opens one per request in flight; with fewer it would answer 500.
MOST_CONNECTIONS = "1000"


@dataclass(frozen=True)
class System:
    """One of the two: its environment, its fleet, and where its queues are."""

    name: str
    env: Mapping[str, str]
    fleet: Fleet
    broker_db: int
    fast_queue: str
    slow_queue: str

    @property
    def ours(self) -> bool:
        """Whether it speaks our protocol."""
        return self.name == OURS


@dataclass(frozen=True)
class Running:
    """A system that serves: its port and the processes of each part."""

    system: System
    port: int
    parts: Mapping[str, list[int]]
    broker: redis.Redis

    def cpu_s(self) -> dict[str, float]:
        """CPU seconds so far by part."""
        return procs.cpu_s(self.parts)

    def queued(self, queue: str) -> int:
        """Tasks that wait in a queue or are being worked on."""
        return int(self.broker.llen(queue)) + int(self.broker.hlen("unacked"))

    def drained(self, within_s: float) -> float | None:
        """Seconds until nothing waits to be pushed any more; None: not within that time."""
        start = time.monotonic()
        while time.monotonic() - start < within_s:
            if not self.queued(self.system.fast_queue):
                return time.monotonic() - start
            time.sleep(0.02)
        return None


class Stage:
    """PostgreSQL, Valkey and a mail server in a scratch folder, and what runs on them."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._data = Path(tempfile.mkdtemp(prefix="atw-bench-"))
        self._data.chmod(0o711)
        self._instance = Instance(self._data)
        self._logs = self._instance.folder("log")
        self._reaper = Reaper()
        self._reaper.remove_at_end(self._data)
        self._listener = programs.listen("127.0.0.1", 0, backlog=BACKLOG)
        self._services: dict[str, list[int]] = {}

    def start(self) -> None:
        """Start the services; raises SetupError."""
        postgres = Postgres.of(self._instance, max_connections=MOST_CONNECTIONS)
        valkey = Valkey.of(self._instance)
        for service in (postgres, valkey):
            service.prepare()
            program = service.program()
            process = self._reaper.spawn(program, self._log(program.name))
            service.wait_ready(process)
            self._services[program.name] = [process.pid]
        smtp = self._instance.port("smtp")
        mail = programs.mail_sink(smtp, self._instance.folder("mail"), os.environ)
        self._reaper.spawn(mail, self._log("mail"))
        self._url, self._redis_url = postgres.url, valkey.url
        origin = f"http://127.0.0.1:{self._port}"
        self._env = {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(smtp),
            "SECRET_KEY": self._instance.secret("django"),
            "ATW_DATA": str(self._data),
            "ATW_PROFILE": "dev",
            "ATW_DEMO": "1",
            "ATW_RATE_LIMITS": "off",
            "ATW_BASE_URL": origin,
            "ATW_ORIGINS": origin,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }

    def ours(self, vehicles: int, watchers: int) -> System:
        """Our system, seeded."""
        self._run("migrate", ["manage.py", "migrate", "--no-input"], self._env)
        sizes = ["--vehicles", str(vehicles), "--watchers", str(watchers)]
        fleet = self._run("seed", ["-m", "bench.seed", *sizes], self._env)
        self._flush()
        return System(OURS, self._env, Fleet.from_json(fleet), 0, "high_priority", "low_priority")

    def textbook(self, vehicles: int) -> System:
        """The text-book system, in a database of its own, seeded."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE textbook")
        env = {**self._env, "DJANGO_SETTINGS_MODULE": "bench.textbook.settings"}
        migrate = ["-m", "django", "migrate", "--run-syncdb", "--no-input"]
        self._run("textbook-migrate", migrate, env)
        seed = ["-m", "bench.textbook.seed", "--vehicles", str(vehicles)]
        fleet = self._run("textbook-seed", seed, env)
        return System(TEXTBOOK, env, Fleet.from_json(fleet), 4, "celery", "celery")

    @contextlib.contextmanager
    def serving(self, system: System, server: str, web: int = 1) -> Iterator[Running]:
        """Run a system's processes; everything in its queues is gone afterwards."""
        started = self._programs(system, server, web)
        processes = {
            name: [self._reaper.spawn(program, self._log(program.name)) for program in found]
            for name, found in started.items()
        }
        parts = {name: [p.pid for p in found] for name, found in processes.items()}
        broker = redis.Redis.from_url(self._redis_url, db=system.broker_db)
        running = Running(system, self._port, parts | self._services, broker)
        try:
            self._wait_ready(running, [p for found in processes.values() for p in found])
            yield running
        finally:
            self._flush()
            self._end([p for found in processes.values() for p in found])
            broker.close()

    def run(self, name: str, argv: list[str], system: System) -> str:
        """Run a Python program in a system's environment to its end; its output."""
        return self._run(name, argv, system.env)

    def query(self, system: System, sql: str) -> list[tuple[object, ...]]:
        """Rows of a system's database."""
        url = self._url if system.ours else self._url.rpartition("/")[0] + "/textbook"
        with psycopg.connect(url, autocommit=True) as connection:
            return connection.execute(sql.encode()).fetchall()

    def end(self) -> None:
        """End everything and delete the folder."""
        self._listener.close()
        self._reaper.end_all()
        shutil.rmtree(self._data, ignore_errors=True)

    @property
    def _port(self) -> int:
        return int(self._listener.getsockname()[1])

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _programs(self, system: System, server: str, web: int) -> dict[str, list[Program]]:
        fd, env = self._listener.fileno(), system.env
        names = [f"{system.name}-web-{n}" for n in range(1, web + 1)]
        if system.ours:
            slow = [programs.worker(name, env) for name in ("normal", "low")]
            return {
                "web": [programs.web(server, fd, env, name) for name in names],
                "worker": [programs.worker("high", env)],
                "other workers": [*slow, programs.beat(env)],
            }
        return {
            "web": [_textbook_web(server, fd, env, name) for name in names],
            "worker": [_textbook_worker(env)],
            "other workers": [],
        }

    def _wait_ready(self, running: Running, processes: list[subprocess.Popen[bytes]]) -> None:
        deadline = time.monotonic() + READY_S
        while not _answers(running):
            if time.monotonic() > deadline or any(p.poll() is not None for p in processes):
                tails = [log_tail(path) for path in sorted(self._logs.glob("*.log"))]
                raise SetupError("a system does not start:\n" + "\n".join(tails))
            time.sleep(0.1)
        _wait_idle(running)

    def _run(self, name: str, argv: list[str], env: Mapping[str, str]) -> str:
        program = programs.python(name, argv, STAGE_WORKER, env)
        done = subprocess.run(
            program.argv, env=program.env, cwd=program.cwd, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise SetupError(f"{name} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _flush(self) -> None:
        with redis.Redis.from_url(self._redis_url) as client:
            client.flushall()

    def _end(self, processes: list[subprocess.Popen[bytes]]) -> None:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(3)
            self._reaper.forget(process)
            process.wait()


def _textbook_web(server: str, fd: int, env: Mapping[str, str], name: str) -> Program:
    application = "bench.textbook.asgi:application"
    if server == "daphne":
        argv = ["-m", "daphne", "--fd", str(fd), "-v", "0", application]
    else:
        argv = ["-m", "uvicorn", *programs.uvicorn_argv(fd)[2:-1], application]
    return programs.python(name, argv, STAGE_WEB, env, pass_fds=[fd])


def _textbook_worker(env: Mapping[str, str]) -> Program:
    argv = ["-m", "celery", "-A", "bench.textbook", "worker", "-c", "2", "-l", "WARNING"]
    return programs.python("textbook-worker", argv, STAGE_WORKER, env)


def _answers(running: Running) -> bool:
    path = "/readyz" if running.system.ours else "/api/trips/"
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{running.port}{path}", timeout=5):
            return True
    except urllib.error.HTTPError as error:
        return error.code == 401
    except OSError:
        return False


def _wait_idle(running: Running) -> None:
    """Until what starts has started: a second web process, a worker's children."""
    used = 0.0
    for _ in range(20):
        before, used = used, sum(running.cpu_s().values())
        if used - before < 0.1:
            return
        time.sleep(0.5)
