"""`dev.py up` and `dev.py demo`: the whole system, from the services to the fleet."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from devtools import programs
from devtools.bootstrap import SetupError, say
from devtools.control import Control
from devtools.instance import Instance
from devtools.postgres import Postgres
from devtools.processes import Reaper, log_tail
from devtools.supervisor import Supervisor
from devtools.valkey import Valkey

READY_S = 90.0
POLL_S = 0.3
#: So much past has a new demo, so that reports and invoices show something at once.
HISTORY_DAYS = 14
FLOWER_LOGIN = ("CELERY_FLOWER_USER", "CELERY_FLOWER_PASSWORD")


@dataclass(frozen=True)
class Options:
    """What the command line of `up` and `demo` says."""

    port: int
    data: Path
    host: str
    server: str
    web: int
    demo: bool
    reset: bool
    vehicles: int
    flower: bool = False


def run(options: Options) -> int:
    """Run until a signal comes; the exit code."""
    if options.flower:
        require_flower_login()
    instance = Instance.create(options.data)
    if options.reset:
        instance.require_ours()
    lock = instance.lock()
    if options.reset:
        instance.wipe()
    listener = listen(options.host, options.port)
    supervisor = Supervisor(Reaper(keep_open=[lock]), instance.folder("log"), say)
    control = Control(supervisor, instance.data) if options.demo else None
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        start(instance, supervisor, listener, options, control)
        while True:
            supervisor.tick()
    finally:
        say("stopping …")
        supervisor.end_all()
        if control:
            control.close()


def require_flower_login() -> None:
    """Flower can revoke tasks: nobody starts it with a login that others know."""
    missing = [key for key in FLOWER_LOGIN if not os.environ.get(key)]
    if missing:
        raise SetupError(f"flower has no default login: set {' and '.join(missing)}")


def listen(host: str, port: int) -> socket.socket:
    """The socket that all web processes accept on. Raises SetupError."""
    try:
        return programs.listen(host, port)
    except OSError as error:
        why = (
            "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
        )
        raise SetupError(f"port {port} of {host} {why}; choose another with --port") from None


def start(
    instance: Instance,
    supervisor: Supervisor,
    listener: socket.socket,
    options: Options,
    control: Control | None,
) -> None:
    """Start everything, in order; returns when `/readyz` says so."""
    port = listener.getsockname()[1]
    values = services(instance, supervisor) | identity(instance, options, port)
    if control:
        supervisor.on_tick = control.tick
        values["ATW_CONTROL"] = str(control.path)
    instance.write_env(values)
    env = {**os.environ, "PYTHONUNBUFFERED": "1", "ATW_DATA": str(instance.data), **values}
    supervisor.run(programs.manage("migrate", "--no-input", env=env))
    for number in range(1, options.web + 1):
        name = "web" if options.web == 1 else f"web-{number}"
        supervisor.start(programs.web(options.server, listener.fileno(), env, name))
    for queue in programs.QUEUES:
        supervisor.start(programs.worker(queue, env))
    supervisor.start(programs.beat(env))
    if options.flower:
        supervisor.start(programs.flower(env))
        say(f"flower http://127.0.0.1:{os.environ.get('CELERY_FLOWER_PORT') or 5555}")
    seeded = seed(supervisor, options, env) if options.demo else None
    address = f"http://{_local(options.host)}:{port}"
    wait_ready(supervisor, address)
    say(f"ready {address}")
    if seeded is not None:
        fleet = ["--vehicles", str(options.vehicles)]
        supervisor.start(programs.manage("simulate", *fleet, env=env))
        say(welcome(address, seeded, instance.data))


def services(instance: Instance, supervisor: Supervisor) -> dict[str, str]:
    """Start the services that the environment does not name; the addresses of all."""
    given = {key: os.environ.get(key, "") for key in ("DATABASE_URL", "REDIS_URL", "EMAIL_HOST")}
    waits: list[tuple[Postgres | Valkey, subprocess.Popen[bytes]]] = []
    if not given["DATABASE_URL"]:
        postgres = Postgres.of(instance)
        postgres.prepare()
        waits.append((postgres, supervisor.start(postgres.program())))
        given["DATABASE_URL"] = postgres.url
    if not given["REDIS_URL"]:
        valkey = Valkey.of(instance)
        valkey.prepare()
        waits.append((valkey, supervisor.start(valkey.program())))
        given["REDIS_URL"] = valkey.url
    for service, process in waits:
        service.wait_ready(process)
    if given["EMAIL_HOST"]:
        return given | {"EMAIL_PORT": os.environ.get("EMAIL_PORT", "25")}
    return given | start_mail_sink(instance, supervisor)


def start_mail_sink(instance: Instance, supervisor: Supervisor) -> dict[str, str]:
    """Start the local SMTP server; its address."""
    port = instance.port("smtp")
    supervisor.start(programs.mail_sink(port, instance.folder("mail"), dict(os.environ)))
    return {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(port)}


def identity(instance: Instance, options: Options, port: int) -> dict[str, str]:
    """The settings that are not services; the environment's values win."""
    hosts = dict.fromkeys(("127.0.0.1", "localhost", _local(options.host)))
    origins = [f"http://{host}:{port}" for host in hosts]
    if os.environ.get("ATW_ORIGINS"):
        origins.append(os.environ["ATW_ORIGINS"])
    own = {
        "SECRET_KEY": instance.secret("django"),
        "ATW_PROFILE": "dev",
        "ATW_BASE_URL": f"http://{_local(options.host)}:{port}",
        "ATW_RATE_LIMITS": "on",
    }
    fixed = {"ATW_DEMO": "1" if options.demo else "0", "ATW_ORIGINS": ",".join(origins)}
    return {key: os.environ.get(key) or value for key, value in own.items()} | fixed


def seed(
    supervisor: Supervisor, options: Options, env: dict[str, str]
) -> dict[str, list[dict[str, str]]]:
    """Seed the demo company; the users by role."""
    arguments = ["--json", "--vehicles", str(options.vehicles), "--history", str(HISTORY_DAYS)]
    output = supervisor.run(programs.manage("seed_demo", *arguments, env=env))
    supervisor.log_of("seed_demo").unlink()
    users: dict[str, list[dict[str, str]]] = json.loads(output[output.index("{") :])["users"]
    return users


def wait_ready(supervisor: Supervisor, address: str) -> None:
    """Poll `/readyz` until it is 200. Raises SetupError when it never is."""
    deadline = time.monotonic() + READY_S
    answer = "no answer"
    while time.monotonic() < deadline:
        supervisor.tick()
        if failing := supervisor.crashed_often():
            tail = log_tail(supervisor.log_of(failing.name))
            raise SetupError(f"{failing.name} does not stay up:\n{tail}")
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=10):  # noqa: S310
                return
        except urllib.error.HTTPError as error:
            answer = f"{error.code} {error.read(2000).decode(errors='replace')}"
        except OSError as error:
            answer = str(error)
        time.sleep(POLL_S)
    raise SetupError(f"not ready after {READY_S:g} s; /readyz says: {answer}")


def welcome(address: str, users: dict[str, list[dict[str, str]]], data: Path) -> str:
    """What somebody who typed `make demo` wants to know."""
    logins = [
        f"    {role:<11} {people[0]['username']} / {people[0]['password']}"
        for role, people in users.items()
        if people
    ]
    return "\n".join(
        [
            "",
            f"  board   {address}/dispatch/",
            f"  break   {address}/demo/break/ (kill parts of it, and see what is lost)",
            "  logins",
            *logins,
            f"  mails   {data / 'mail'}",
            f"  logs    {data / 'log'}",
            "  stop    Ctrl-C (the data is kept; RESET=1 or --reset starts afresh)",
            "",
        ]
    )


def _local(host: str) -> str:
    return "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104
