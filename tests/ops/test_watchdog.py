"""A worker that hangs is noticed and replaced, one that rests or was stopped for a while is not."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devtools import supervisor as supervising
from devtools.bootstrap import ROOT
from devtools.processes import Program, Reaper
from devtools.supervisor import Supervisor
from tests.devtools.launcher import running
from tests.fixtures_processes import wait_until

HANGS = """
import sys, time
sys.path.insert(0, "config")
import watchdog
watchdog.EVERY_S = 0.05
dog = watchdog.Watchdog(hung_after_s=1.0)
dog.seen()
print("watched", flush=True)
if sys.argv[1] == "rests":
    dog.rest()
    time.sleep(2)
elif sys.argv[1] == "lives":
    for _ in range(40):
        time.sleep(0.05)
        dog.seen()
else:
    time.sleep(60)
"""


BEATS = """
import pathlib, sys, time
while True:
    pathlib.Path(sys.argv[1]).touch()
    time.sleep(0.05)
"""


def watched(how: str, **env: str) -> subprocess.Popen[str]:
    """A process whose loop hangs, rests or lives; started once it is watched."""
    process = subprocess.Popen(
        [sys.executable, "-c", HANGS, how],
        cwd=ROOT, env={**os.environ, **env}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "watched\n"
    return process


def test_a_loop_that_hangs_takes_its_process_along() -> None:
    assert watched("hangs").wait(30) == -signal.SIGKILL


@pytest.mark.parametrize("how", ["rests", "lives"])
def test_a_loop_that_rests_or_lives_is_left_alone(how: str) -> None:
    assert watched(how).wait(30) == 0


def test_a_process_that_was_stopped_for_a_while_has_not_hung() -> None:
    process = watched("lives")
    process.send_signal(signal.SIGSTOP)
    time.sleep(1.5)
    process.send_signal(signal.SIGCONT)
    assert process.wait(30) == 0


def test_systemd_is_told_while_the_process_lives(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(30)
        process = watched("lives", NOTIFY_SOCKET=str(tmp_path / "notify"))
        assert systemd.recv(100) == b"WATCHDOG=1"
        assert process.wait(30) == 0


def test_the_launcher_replaces_a_stopped_program_that_shows_no_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGSTOP stops the worker's own watchdog, too: only somebody outside can notice."""
    monkeypatch.setattr(supervising, "LOOK_S", 0.05)
    monkeypatch.setattr(supervising, "HUNG_S", 0.5)
    monkeypatch.setattr(supervising, "BACKOFF_S", (0.05,))
    sign = tmp_path / "sign"

    def alive() -> bool:
        return sign.exists() and time.time() - sign.stat().st_mtime < 1.0

    argv = [sys.executable, "-c", BEATS, str(sign)]
    program = Program("worker", argv, 1, dict(os.environ), grace_s=0.5, alive=alive)
    reaper, said = Reaper(), list[str]()
    supervisor = Supervisor(reaper, tmp_path, said.append)
    try:
        process = supervisor.start(program)

        def ticked(condition: object) -> bool:
            supervisor.tick()
            return bool(condition)

        wait_until(lambda: ticked(alive()) and alive(), 30, "the start")
        for _ in range(3):
            supervisor.tick()
        os.kill(process.pid, signal.SIGSTOP)
        wait_until(
            lambda: ticked(True) and supervisor.state()["worker"]["starts"] == 2, 30, "a new one"
        )
        assert not running(process.pid)
        wait_until(lambda: ticked(True) and alive(), 30, "a sign of the new one")
        assert any("does nothing" in line for line in said)
    finally:
        reaper.end_all()
