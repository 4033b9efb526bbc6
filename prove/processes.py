"""One of our processes, to be killed at will and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from devtools.bootstrap import SetupError
from devtools.processes import Program, Reaper, log_tail

START_S = 30.0


class RealProcess:
    """A program that is running, or not; `answers` says whether it does its work."""

    def __init__(self, reaper: Reaper, program: Program, log: Path) -> None:
        self._reaper = reaper
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self.log = log

    @property
    def name(self) -> str:
        """The program's name."""
        return self._program.name

    @property
    def pid(self) -> int:
        """The process id of the leader."""
        return self._started.pid

    @property
    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise SetupError(f"{self.name} is not started")
        return self._process

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def answers(self) -> bool:
        """Whether it does its work."""
        raise NotImplementedError

    def start(self) -> None:
        """Start and wait until it answers. Raises SetupError."""
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Start without waiting."""
        self._process = self._reaper.spawn(self._program, self.log)

    def wait_ready(self) -> None:
        """Return when it answers. Raises SetupError."""
        deadline = time.monotonic() + START_S
        while not self.answers():
            if not self.running or time.monotonic() > deadline:
                raise SetupError(f"{self.name} does not answer:\n{log_tail(self.log)}")
            time.sleep(0.05)

    def kill(self) -> None:
        """kill -9, children included."""
        os.killpg(self.pid, signal.SIGKILL)
        self.gone()

    def terminate(self) -> None:
        """Ask it to end, as an operator would; it may take its time."""
        self._started.send_signal(self._program.end_signal)

    def stop(self) -> None:
        """Ask it to end, and kill it when it does not."""
        self.terminate()
        try:
            self.gone()
        except subprocess.TimeoutExpired:
            self.kill()

    def restart(self) -> None:
        """kill -9 if it runs, and start again."""
        if self._process is not None:
            self.kill()
        self.start()

    def children(self) -> list[int]:
        """The processes below it."""
        return [child.pid for child in psutil.Process(self.pid).children(recursive=True)]

    def gone(self, within_s: float = 10.0) -> None:
        """Return when it has ended, what it left in its group killed; subprocess.TimeoutExpired."""
        self._started.wait(timeout=within_s)
        self._reaper.forget(self._started)
        self._process = None
