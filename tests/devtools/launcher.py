"""Runs `dev.py` as a person would, and finds every process of an instance."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from devtools.bootstrap import ROOT

READY_S = 60.0
ENDED_S = 20.0
# The suite's own services must not leak into an instance that starts its own.
OWN = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "EMAIL_HOST", "EMAIL_PORT"}
OWN |= {"ATW_DATA", "ATW_BASE_URL", "ATW_ORIGINS", "ATW_PROFILE"}


def clean_environment() -> dict[str, str]:
    """Our environment as it was before the test services."""
    return {key: value for key, value in os.environ.items() if key not in OWN}


class Launcher:
    """One run of `dev.py up` on a free port."""

    def __init__(self, data: Path, *arguments: str) -> None:
        self.data = data
        self.output = data.with_name(f"{time.monotonic_ns()}.out")
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "dev.py", "up", "--port", "0", "--data", str(data), *arguments],
                cwd=ROOT,
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def wait_ready(self) -> str:
        """The address, once it has been printed."""
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline and self.process.poll() is None:
            for line in self.output.read_text().splitlines():
                if line.startswith("ready "):
                    return line.removeprefix("ready ")
            time.sleep(0.1)
        pytest.fail(f"not ready:\n{self.output.read_text()}")

    def end(self, number: int = signal.SIGTERM) -> int:
        """Signal it; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=ENDED_S)

    def wait_no_process(self) -> None:
        """Fail when a process of the instance outlives the launcher."""
        deadline = time.monotonic() + ENDED_S
        while left := processes_of(self.data):
            if time.monotonic() > deadline:
                pytest.fail(f"left behind: {[' '.join(p.cmdline()) for p in left]}")
            time.sleep(0.2)


def running(pid: int) -> bool:
    """Whether a process still does something (a zombie does not)."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def children_of(pid: int) -> list[int]:
    """The process ids of its children."""
    return [child.pid for child in psutil.Process(pid).children()]


def processes_of(data: Path) -> list[psutil.Process]:
    """The running processes that belong to the instance in `data`."""
    return [process for process in psutil.process_iter() if _belongs(process, str(data))]


def _belongs(process: psutil.Process, data: str) -> bool:
    try:
        return running(process.pid) and (
            any(data in word for word in process.cmdline())
            or process.environ().get("ATW_DATA") == data
            or str(process.cwd()).startswith(data)
        )
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
