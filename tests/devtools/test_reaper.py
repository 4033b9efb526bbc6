"""The reaper ends what a launcher leaves, stage by stage."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devtools.bootstrap import SetupError
from devtools.processes import Program, Reaper
from devtools.supervisor import Supervisor
from tests.devtools.launcher import children_of, running
from tests.fixtures_processes import wait_until

# Writes its name when asked to end; told to, it has a child that ignores being asked.
SCRIPT = """
import os, signal, sys, time
name, deaf, log = sys.argv[1:]
def end(*_):
    with open(log, "a") as file: file.write(name + "\\n")
    sys.exit(0)
if deaf == "deaf" and os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60)
signal.signal(signal.SIGTERM, end)
with open(log, "a") as file: file.write("up\\n")
time.sleep(60)
"""


def program(log: Path, name: str, stage: int, deaf: str = "") -> Program:
    """A process that notes when it is asked to end."""
    argv = [sys.executable, "-c", SCRIPT, name, deaf, str(log)]
    return Program(name=name, argv=argv, stage=stage, env=dict(os.environ), grace_s=0.5)


def words(log: Path) -> list[str]:
    """What the processes have written."""
    return log.read_text().split() if log.exists() else []


def test_stages_end_in_order_and_the_deaf_are_killed(tmp_path: Path) -> None:
    log, output = tmp_path / "log", tmp_path / "out"
    reaper = Reaper()
    database = reaper.spawn(program(log, "database", 5), output)
    web = reaper.spawn(program(log, "web", 1, "deaf"), output)
    wait_until(lambda: words(log).count("up") == 2, 10, "the start")
    [deaf] = children_of(web.pid)
    reaper.end_all()
    assert words(log)[2:] == ["web", "database"]
    assert [web.wait(), database.wait()] == [0, 0]
    assert not running(deaf)


def test_a_launcher_killed_right_after_a_start_leaves_nothing(tmp_path: Path) -> None:
    launch = (
        "import os, pathlib, sys; from devtools.processes import *; reaper = Reaper();"
        "program = Program(name='x', argv=['sleep', '61'], stage=0, env={'PATH': os.defpath});"
        "print(reaper.spawn(program, pathlib.Path(sys.argv[1])).pid, flush=True);"
        "os.kill(os.getpid(), 9)"
    )
    command = [sys.executable, "-c", launch, str(tmp_path / "log")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    pid = int(done.stdout)
    wait_until(lambda: not running(pid), 10, "the end of the orphan")


def test_a_killed_reaper_is_replaced(tmp_path: Path) -> None:
    log = tmp_path / "log"
    reaper = Reaper()
    child = reaper.spawn(program(log, "web", 1), tmp_path / "out")
    wait_until(lambda: words(log) == ["up"], 10, "the start")
    os.kill(reaper.pid, signal.SIGKILL)
    wait_until(lambda: not running(reaper.pid), 5, "the end of the reaper")
    reaper.keep_alive()
    reaper.end_all()
    assert child.wait() == 0
    assert words(log) == ["up", "web"]


def test_a_program_that_does_not_stay_up_is_named(tmp_path: Path) -> None:
    said: list[str] = []
    reaper = Reaper()
    supervisor = Supervisor(reaper, tmp_path, said.append)
    bad = Program(name="bad", argv=[sys.executable, "-c", "raise SystemExit(3)"], stage=0)
    supervisor.start(bad)
    deadline = time.monotonic() + 20
    while not supervisor.crashed_often() and time.monotonic() < deadline:
        supervisor.tick()
    reaper.end_all()
    assert supervisor.crashed_often() == bad
    assert said[0].startswith("bad ended with exit code 3; again in 0.5 s")


def test_a_failing_step_shows_its_output(tmp_path: Path) -> None:
    reaper = Reaper()
    supervisor = Supervisor(reaper, tmp_path, print)
    step = Program(name="migrate", argv=[sys.executable, "-c", "raise ValueError(7)"], stage=0)
    with pytest.raises(SetupError, match="ValueError: 7"):
        supervisor.run(step)
    reaper.end_all()
