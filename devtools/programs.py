"""The command line of each of our processes, in one place."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from devtools.bootstrap import ROOT
from devtools.processes import (
    STAGE_MAIL,
    STAGE_SIMULATOR,
    STAGE_WEB,
    STAGE_WORKER,
    Program,
)
from devtools.signs import shows_life

QUEUES = {"high": "high_priority", "normal": "normal", "low": "low_priority"}
SERVERS = ("daphne", "uvicorn")
MESSAGE_BYTES, PING_S = "16384", "10"


def listen(host: str, port: int, *, backlog: int = 1024) -> socket.socket:
    """A listening socket for web processes to share; OSError where the port is taken.

    Accepted sockets inherit that nothing is held back: uvicorn takes a socket that it was
    handed for a Unix one and does not set it, and answers in two parts would wait 40 ms.
    """
    listener = socket.create_server((host, port), backlog=backlog)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def web(server: str, fd: int, env: Mapping[str, str], name: str = "web") -> Program:
    """A web process that accepts on the listening socket `fd`."""
    argv = daphne_argv(fd) if server == "daphne" else uvicorn_argv(fd)
    return python(name, argv, STAGE_WEB, env, pass_fds=[fd], grace_s=3.0)


def web_at(server: str, port: int, env: Mapping[str, str], name: str = "web") -> Program:
    """A web process that listens on a port of its own, as in a container."""
    argv = daphne_argv(0) if server == "daphne" else uvicorn_argv(0)
    address = ["--bind" if server == "daphne" else "--host", "127.0.0.1", "--port", str(port)]
    at = argv.index("--fd")
    argv = [*argv[:at], *address, *argv[at + 2 :]]
    return python(name, argv, STAGE_WEB, env, grace_s=3.0)


def daphne_argv(fd: int) -> list[str]:
    """Through our launcher, which bounds bodies; silent: its log would hold device tokens."""
    limits = ["--websocket-max-message-size", MESSAGE_BYTES]
    pings = ["--ping-interval", PING_S, "--ping-timeout", PING_S]
    argv = ["-m", "config.daphne_launcher", "--fd", str(fd), "-v", "0"]
    return [*argv, *limits, *pings, "asgi:application"]


def uvicorn_argv(fd: int) -> list[str]:
    """The alternative for large fleets, with the same limits."""
    # The parser without a task of its own; compression would cost 300 KB a socket.
    sockets = ["--ws", "websockets-sansio", "--ws-per-message-deflate", "false"]
    limits = ["--ws-max-size", MESSAGE_BYTES, "--timeout-graceful-shutdown", "2"]
    pings = ["--ws-ping-interval", PING_S, "--ws-ping-timeout", PING_S]
    quiet = ["--no-access-log", "--log-level", "warning"]
    argv = ["-m", "config.uvicorn_launcher", "--fd", str(fd), *sockets, *limits]
    return [*argv, *pings, *quiet, "asgi:application"]


def worker(name: str, env: Mapping[str, str]) -> Program:
    """The worker of one queue; `name` is a key of QUEUES."""
    # Broadcasts take a millisecond each: no child process between broker and sockets.
    pool = "solo" if name == "high" else "prefork"
    program = python(f"worker-{name}", celery_argv([QUEUES[name]], name, pool), STAGE_WORKER, env)
    return replace(program, alive=partial(shows_life, env, QUEUES[name], name))


def celery_argv(
    queues: Sequence[str], name: str, pool: str, concurrency: int | None = None
) -> list[str]:
    """A Celery worker that starts without waiting for neighbours.

    `concurrency`: child processes; None: what config/celery.py says.
    """
    argv = ["-m", "celery", "-A", "config", "worker", "-Q", ",".join(queues), "-n", f"{name}@%h"]
    argv += ["--pool", pool]
    if concurrency is not None:
        argv += ["--concurrency", str(concurrency)]
    return [*argv, "--without-gossip", "--without-mingle", "--loglevel", "WARNING"]


def beat(env: Mapping[str, str]) -> Program:
    """The clock."""
    argv = ["-m", "celery", "-A", "config", "beat", "--pidfile=", "--loglevel", "WARNING"]
    return python("beat", argv, STAGE_WORKER, env)


def flower(env: Mapping[str, str]) -> Program:
    """The queues' web page; its login and port are in `env` (see flowerconfig.py)."""
    return python("flower", ["-m", "celery", "-A", "config", "flower"], STAGE_WORKER, env)


def mail_sink(port: int, folder: Path, env: Mapping[str, str]) -> Program:
    """The local SMTP server."""
    argv = ["-m", "devtools.mailsink", "--port", str(port), "--folder", str(folder)]
    return python("mail", argv, STAGE_MAIL, env, grace_s=1.0)


def manage(command: str, *arguments: str, env: Mapping[str, str]) -> Program:
    """`manage.py command`."""
    argv = [str(ROOT / "manage.py"), command, *arguments]
    return python(command, argv, STAGE_SIMULATOR, env, grace_s=2.0)


def python(
    name: str,
    argv: Sequence[str],
    stage: int,
    env: Mapping[str, str],
    *,
    pass_fds: Sequence[int] = (),
    grace_s: float = 4.0,
) -> Program:
    """A Python process of ours, run in the checkout with `argv` as its arguments."""
    return Program(
        name=name,
        argv=[sys.executable, *argv],
        stage=stage,
        env=env,
        cwd=ROOT,
        pass_fds=pass_fds,
        grace_s=grace_s,
    )
