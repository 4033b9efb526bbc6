"""The launcher's door: fixed verbs only, and what they do to the programs that it keeps running."""

from __future__ import annotations

import json
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from devtools import control
from devtools.control import Control
from devtools.processes import STAGE_WORKER, Program, Reaper
from devtools.supervisor import Supervisor
from tests.fixtures_processes import wait_until

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
SOON_S = 30.0


class House:
    """A supervisor with its door, and three programs that only wait."""

    def __init__(self, folder: Path) -> None:
        self.reaper = Reaper()
        self.supervisor = Supervisor(self.reaper, folder, lambda _: None)
        self.door = Control(self.supervisor, folder)
        self.supervisor.on_tick = self.door.tick
        for name in ("web-1", "web-2", "worker-high"):
            self.supervisor.start(Program(name, SLEEPER, STAGE_WORKER, grace_s=0.1))

    def ask(self, line: bytes) -> dict[str, Any]:
        """One line in, one out; the loop turns once meanwhile."""
        with socket.socket(socket.AF_UNIX) as caller:
            caller.settimeout(SOON_S)
            caller.connect(str(self.door.path))
            caller.sendall(line)
            self.supervisor.tick()
            answer: dict[str, Any] = json.loads(caller.makefile().readline())
        return answer

    def tick_until(self, condition: Callable[[], bool], what: str) -> None:
        """Turn the loop until it has happened."""

        def ticked() -> bool:
            self.supervisor.tick()
            return condition()

        wait_until(ticked, SOON_S, what)

    def program(self, name: str) -> Any:
        """Its entry in the status."""
        return self.supervisor.state()[name]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.door.close()
    house.reaper.end_all()


def test_status_lists_the_programs_and_the_verbs_that_fit_them(house: House) -> None:
    answer = house.ask(b"status\n")
    assert answer["verbs"] == ["kill-high", "kill-web"]
    assert answer["programs"]["web-2"] == {"up": True, "frozen": False, "starts": 1}


@pytest.mark.parametrize(
    "line", [b"kill 1\n", b"kill-postgres\n", b"\n", b"\xff\xfe\n", b"x" * 500]
)
def test_anything_but_a_known_verb_is_refused(house: House, line: bytes) -> None:
    assert house.ask(line) == {"ok": False, "why": "unknown verb"}
    assert all(one["starts"] == 1 for one in house.supervisor.state().values())


def test_what_this_launcher_did_not_start_cannot_be_broken(house: House) -> None:
    assert not house.ask(b"freeze-valkey\n")["ok"]


def test_what_is_killed_is_started_again_and_its_neighbour_lives(house: House) -> None:
    answer = house.ask(b"kill-web\n")
    assert (answer["ok"], answer["program"], answer["starts"]) == (True, "web-1", 1)
    house.tick_until(lambda: not house.program("web-1")["up"], "its death")
    assert not house.ask(b"kill-web\n")["ok"]
    house.tick_until(lambda: house.program("web-1")["up"], "a new one")
    assert house.program("web-1")["starts"] == 2
    assert house.program("web-2")["starts"] == 1


def test_what_is_frozen_thaws_by_itself(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(control.VERBS, "freeze-high", ("freeze", "worker-high"))
    monkeypatch.setattr(control, "FROZEN_S", 1.0)
    [pid] = [child.process.pid for child in house.supervisor._children[2:]]
    house.ask(b"freeze-high\n")
    stopped = psutil.STATUS_STOPPED
    house.tick_until(lambda: bool(psutil.Process(pid).status() == stopped), "a frozen program")
    assert house.program("worker-high")["frozen"]
    assert house.ask(b"freeze-high\n")["why"] == "worker-high is frozen already"
    house.tick_until(lambda: not house.program("worker-high")["frozen"], "its thaw")
    wait_until(lambda: psutil.Process(pid).status() != stopped, SOON_S, "its thaw")


def test_only_its_owner_opens_the_door_and_nothing_is_left_of_it(house: House) -> None:
    assert stat.S_IMODE(house.door.path.stat().st_mode) == 0o600
    house.door.close()
    assert not house.door.path.exists()


def test_a_caller_who_says_nothing_holds_nobody_up(house: House) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(house.door.path))
        assert house.ask(b"status\n")["ok"]


def test_a_data_folder_with_a_long_path_has_a_door_too(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 20) / ("path" * 20)
    folder.mkdir(parents=True)
    reaper = Reaper()
    door = Control(Supervisor(reaper, folder, lambda _: None), folder)
    try:
        assert door.path.exists()
        assert len(str(door.path)) <= control.LONGEST_PATH
    finally:
        door.close()
        reaper.end_all()
