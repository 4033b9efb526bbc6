"""A second terminal: a shell in the checkout that knows nothing but where the instance is."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from devtools.bootstrap import ROOT
from tests.docs.blocks import Command, missing

DONE_S, READY_S, ENDED_S = 60.0, 60.0, 30.0
#: Most of the time a command waits for workers to answer.
AT_ONCE = 3


class Terminal:
    """Types commands; fails the test where one does not do what the guide shows."""

    def __init__(self, data: Path, scratch: Path) -> None:
        # What activating the environment does to PATH; a terminal is not buffered either.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        keep = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
        self._env = {**keep, "PATH": path, "ATW_DATA": str(data), "PYTHONUNBUFFERED": "1"}
        self._scratch = scratch

    def run(self, typed: str, stdin: str = "") -> str:
        """What a command prints that ends by itself, with exit code 0."""
        done = subprocess.run(
            ["bash", "-c", typed],
            cwd=ROOT,
            env=self._env,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=DONE_S,
            check=False,
        )
        if done.returncode != 0:
            pytest.fail(f"$ {typed}\nexit code {done.returncode}:\n{done.stdout}")
        return done.stdout

    def type(self, commands: list[Command]) -> None:
        """Each in a terminal of its own; what Ctrl-C is to end runs while the others do."""
        with contextlib.ExitStack() as terminals, ThreadPoolExecutor(AT_ONCE) as typists:
            started = [
                terminals.enter_context(self._started(command))
                for command in commands
                if command.ctrl_c
            ]
            ending = [command for command in commands if not command.ctrl_c]
            list(typists.map(lambda command: _check(command, self.run(command.typed)), ending))
            for running in started:
                running.wait_ready()
            for running in started:
                running.ctrl_c()

    @contextlib.contextmanager
    def _started(self, command: Command) -> Iterator[Running]:
        output = self._scratch / f"{time.monotonic_ns()}.out"
        with output.open("wb") as out:
            process = subprocess.Popen(
                ["bash", "-c", command.typed],
                cwd=ROOT,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield Running(command, process, output)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Running:
    """A command that runs until Ctrl-C."""

    def __init__(self, command: Command, process: subprocess.Popen[bytes], output: Path) -> None:
        self._command, self._process, self._output = command, process, output

    def wait_ready(self) -> None:
        """Until it has printed what the guide shows."""
        deadline = time.monotonic() + READY_S
        while missing(self._command.expected, self._output.read_text()) is not None:
            if self._process.poll() is not None or time.monotonic() > deadline:
                _check(self._command, self._output.read_text())
            time.sleep(0.1)

    def ctrl_c(self) -> None:
        """What the terminal does: the whole foreground group is interrupted."""
        os.killpg(self._process.pid, signal.SIGINT)
        try:
            self._process.wait(timeout=ENDED_S)
        except subprocess.TimeoutExpired:
            pytest.fail(f"$ {self._command.typed}\nCtrl-C does not end it")
        output = self._output.read_text()
        assert "Traceback" not in output, f"$ {self._command.typed}\n{output}"


def _check(command: Command, output: str) -> None:
    absent = missing(command.expected, output)
    if absent is not None:
        pytest.fail(f"$ {command.typed}\nno line {absent!r} in order in:\n{output}")
