"""Start a process in its own group, known to the reaper before it runs its first line."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

STAGE_SIMULATOR, STAGE_WEB, STAGE_WORKER, STAGE_MAIL, STAGE_VALKEY, STAGE_POSTGRES = range(6)
LOG_TAIL_LINES = 20


@dataclass(frozen=True)
class Account:
    """A user to run a service as."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Program:
    """One long-running process: what to run, and when and how to end it."""

    name: str
    argv: Sequence[str]
    stage: int
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    account: Account | None = None
    pass_fds: Sequence[int] = ()
    end_signal: int = signal.SIGTERM
    grace_s: float = 4.0
    #: Whether it does its work; None where that it runs is all that can be told.
    alive: Callable[[], bool] | None = None


def unprivileged_account() -> Account | None:
    """`nobody` when we are root (PostgreSQL refuses root); None for an ordinary user."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid)


class Reaper:
    """The separate process that ends our children, in order, however we end."""

    def __init__(self, keep_open: Sequence[int] = ()) -> None:
        """`keep_open`: descriptors (a lock) that live until the last child has ended."""
        self._keep_open = tuple(keep_open)
        self._lines: dict[int, bytes] = {}
        self._launch()

    @property
    def pid(self) -> int:
        """The reaper's own process id."""
        return self._process.pid

    def spawn(self, program: Program, log: Path) -> subprocess.Popen[bytes]:
        """Start a program with its output appended to `log`."""
        account = program.account
        words = f"{program.stage} {int(program.end_signal)} {program.grace_s}\n".encode()
        with log.open("ab") as output:
            process = subprocess.Popen(
                program.argv,
                env=program.env,
                cwd=program.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=program.pass_fds,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                # From inside the child: a launcher killed right after the fork leaves no orphan.
                preexec_fn=lambda: self._tell(b"add %d %s" % (os.getpid(), words)),
            )
        self._lines[process.pid] = b"add %d %s" % (process.pid, words)
        return process

    def forget(self, process: subprocess.Popen[bytes]) -> None:
        """The process has ended; kill what it left in its group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        del self._lines[process.pid]
        self._tell(b"del %d\n" % process.pid)

    def remove_at_end(self, folder: Path) -> None:
        """Have `folder` deleted when everything has ended."""
        self._tell(f"remove {folder}\n".encode())

    def keep_alive(self) -> None:
        """Replace the reaper process when somebody killed it."""
        if self._process.poll() is None:
            return
        self._launch()
        for line in self._lines.values():
            self._tell(line)

    def end_all(self) -> None:
        """End every child in order; returns when that is done."""
        self.keep_alive()
        self._pipe.close()
        self._process.wait()

    def _launch(self) -> None:
        script = Path(__file__).with_name("reaper.py")
        end, pipe = os.pipe()
        self._pipe = os.fdopen(pipe, "wb", buffering=0)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(script)],
            stdin=end,
            start_new_session=True,
            pass_fds=self._keep_open,
            cwd="/",
        )
        os.close(end)

    def _tell(self, line: bytes) -> None:
        os.write(self._pipe.fileno(), line)


def reachable(path: Path, account: Account) -> bool:
    """Whether `account` may pass every folder above `path` and enter `path` itself."""
    return all(_may_enter(folder, account) for folder in (path, *path.parents))


def _may_enter(folder: Path, account: Account) -> bool:
    status = folder.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & 0o100)
    if status.st_gid == account.gid:
        return bool(status.st_mode & 0o010)
    return bool(status.st_mode & 0o001)


def command_of(pid: int) -> str:
    """The command line of a running process, "" when there is none."""
    proc = Path(f"/proc/{pid}/cmdline")
    if proc.parent.parent.joinpath("self").exists():
        try:
            return proc.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            return ""
    ps = [shutil.which("ps") or "/bin/ps", "-o", "args=", "-p", str(pid)]
    return subprocess.run(ps, capture_output=True, text=True, check=False).stdout.strip()


def end_leftover(pid: int, number: int) -> None:
    """Signal a process that is not our child and wait until it has ended (at most 10 s)."""
    os.kill(pid, number)
    deadline = time.monotonic() + 10
    while command_of(pid) and time.monotonic() < deadline:
        time.sleep(0.05)


def log_tail(log: Path) -> str:
    """The last lines of a log, indented, for an error message."""
    try:
        lines = log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
    except OSError:
        return "  (no log)"
    return "\n".join(f"  {line}" for line in lines)
