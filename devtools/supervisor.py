"""Keeps programs running: starts them, restarts what crashes, ends all in order."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from devtools.bootstrap import SetupError
from devtools.processes import Program, Reaper, log_tail

BACKOFF_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
HEALTHY_S = 30.0
#: How often a program is asked whether it does its work, and how long it may not.
LOOK_S, HUNG_S = 5.0, 30.0
TICK_S = 0.1


@dataclass
class Child:
    """A program, its process, and when it may run again after a crash."""

    program: Program
    process: subprocess.Popen[bytes]
    started_s: float
    crashes: int = 0
    restart_s: float | None = None
    thaw_s: float | None = None
    starts: int = 1
    looked_s: float = 0.0
    alive_s: float = 0.0


class Supervisor:
    """The children of one launcher. Times are monotonic seconds."""

    def __init__(self, reaper: Reaper, log_folder: Path, say: Callable[[str], None]) -> None:
        self._reaper = reaper
        self._log_folder = log_folder
        self._say = say
        self._children: list[Child] = []
        #: What else wants a turn of the loop.
        self.on_tick: Callable[[], None] = lambda: None

    def start(self, program: Program) -> subprocess.Popen[bytes]:
        """Start a program and keep it running."""
        log = self.log_of(program.name)
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        process = self._reaper.spawn(program, log)
        self._children.append(Child(program, process, time.monotonic()))
        return process

    def run(self, program: Program) -> str:
        """Run a program to its end, keeping the others alive; its output. Raises SetupError."""
        log = self.log_of(program.name)
        log.unlink(missing_ok=True)
        process = self._reaper.spawn(program, log)
        while process.poll() is None:
            self.tick()
        self._reaper.forget(process)
        if process.returncode != 0:
            raise SetupError(f"{program.name} failed:\n{log_tail(log)}")
        return log.read_text(errors="replace")

    def tick(self) -> None:
        """Look after every child once, then rest for a moment."""
        self._reaper.keep_alive()
        for child in self._children:
            self._look_after(child)
        self.on_tick()
        time.sleep(TICK_S)

    def state(self) -> dict[str, dict[str, bool | int]]:
        """{program: {"up", "frozen", "starts"}} of all children."""
        return {
            child.program.name: {
                "up": child.process.poll() is None,
                "frozen": child.thaw_s is not None,
                "starts": child.starts,
            }
            for child in self._children
        }

    def kill(self, name: str) -> None:
        """kill -9 of a program and all that it started; soon it is started again."""
        child = self._child(name)
        # On purpose: it must not wait as long as what cannot stay up.
        child.crashes, child.thaw_s = 0, None
        _signal(child, signal.SIGKILL)

    def freeze(self, name: str, seconds: float) -> None:
        """Stop a program in mid-air for a while: its connections stay open and silent."""
        child = self._child(name)
        child.thaw_s = time.monotonic() + seconds
        _signal(child, signal.SIGSTOP)

    def _child(self, name: str) -> Child:
        return next(child for child in self._children if child.program.name == name)

    def crashed_often(self) -> Program | None:
        """A program that does not stay up, if there is one."""
        return next((child.program for child in self._children if child.crashes >= 4), None)

    def log_of(self, name: str) -> Path:
        """The file with a program's output."""
        return self._log_folder / f"{name}.log"

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.restart_s is not None:
            if now >= child.restart_s:
                child.process = self._reaper.spawn(child.program, self.log_of(child.program.name))
                child.started_s, child.restart_s = now, None
                child.starts += 1
        elif child.process.poll() is not None:
            self._schedule_restart(child, now)
        elif child.thaw_s is not None:
            child.alive_s = now
            if now >= child.thaw_s:
                _thaw(child)
        elif _hangs(child, now):
            self._say(f"{child.program.name} runs but does nothing")
            _signal(child, signal.SIGKILL)

    def _schedule_restart(self, child: Child, now: float) -> None:
        self._reaper.forget(child.process)
        if now - child.started_s > HEALTHY_S:
            child.crashes = 0
        pause_s = BACKOFF_S[min(child.crashes, len(BACKOFF_S) - 1)]
        child.crashes += 1
        child.restart_s = now + pause_s
        name = child.program.name
        how = _describe(child.process.returncode)
        self._say(f"{name} {how}; again in {pause_s:g} s (log: {self.log_of(name)})")

    def end_all(self) -> None:
        """End everything in order, deaf to further signals meanwhile."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for child in self._children:
            if child.thaw_s is not None:
                _thaw(child)
        self._reaper.end_all()
        for child in self._children:
            child.process.wait()


def _hangs(child: Child, now: float) -> bool:
    if child.program.alive is None or now - child.looked_s < LOOK_S:
        return False
    child.looked_s = now
    if child.program.alive():
        child.alive_s = now
    # What has just been started takes the time that it takes.
    return child.alive_s > child.started_s and now - child.alive_s > HUNG_S


def _thaw(child: Child) -> None:
    child.thaw_s = None
    _signal(child, signal.SIGCONT)


def _signal(child: Child, number: int) -> None:
    if child.process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.process.pid, number)


def _describe(returncode: int) -> str:
    if returncode < 0:
        return f"was ended by {signal.Signals(-returncode).name}"
    return f"ended with exit code {returncode}"
