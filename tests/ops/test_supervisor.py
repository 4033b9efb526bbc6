"""supervisord's own reading of our file, and its commands against the code."""

from __future__ import annotations

import getpass
import shlex
from configparser import ConfigParser
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from celery.bin.base import CLIContext
from celery.bin.celery import celery
from supervisor.options import ServerOptions  # type: ignore[import-untyped]
from uvicorn.main import main as uvicorn_main

from config.celery import QUEUES, app
from devtools.bootstrap import ROOT
from devtools.programs import uvicorn_argv


@pytest.fixture
def programs(tmp_path: Path) -> dict[str, Any]:
    """{name: program} as supervisord would start them; its folder and user are this machine's."""
    text = (ROOT / "supervisor/supervisord.conf").read_text()
    text = text.replace("/run/atw", str(tmp_path)).replace("user=atw", f"user={getpass.getuser()}")
    path = tmp_path / "supervisor/supervisord.conf"
    path.parent.mkdir()
    path.write_text(text)
    options = ServerOptions()
    # Raises SystemExit for what it does not understand.
    options.realize(["-c", str(path)])
    return {
        one.name: one for group in options.process_group_configs for one in group.process_configs
    }


def test_metrics_have_a_folder_in_memory() -> None:
    read = ConfigParser(interpolation=None)
    read.read(ROOT / "supervisor/supervisord.conf")
    assert read["supervisord"]["environment"] == 'ATW_METRICS_DIR="/run/atw/metrics"'


def words(program: Any) -> list[str]:
    return shlex.split(program.command)


def test_every_part_is_there(programs: dict[str, Any]) -> None:
    assert set(programs) == {
        "web_00", "web_01", "celery-high", "celery-normal", "celery-low", "celery-beat",
    }  # fmt: skip
    assert all(one.autorestart for one in programs.values())


def test_celery_understands_each_command(programs: dict[str, Any]) -> None:
    served = set()
    for name in ("celery-high", "celery-normal", "celery-low", "celery-beat"):
        executable, *arguments = words(programs[name])
        assert executable.endswith("/.venv/bin/celery")
        context = CLIContext(cast(Any, app), True, None)
        # Parses, raises on an unknown option, and runs nothing.
        celery.commands[arguments[2]].make_context(name, arguments[3:], obj=context)
        served |= {queue for flag, queue in pairwise(arguments) if flag == "-Q"}
    assert served == set(QUEUES)


def test_the_web_processes_differ_by_their_port_only(programs: dict[str, Any]) -> None:
    found = [
        uvicorn_main.make_context("uvicorn", words(programs[name])[3:]).params
        for name in ("web_00", "web_01")
    ]
    assert [one.pop("port") for one in found] == [8000, 8001]
    assert found[0] == found[1]
    usual = uvicorn_main.make_context("uvicorn", uvicorn_argv(3)[2:]).params
    for limit in ("ws", "ws_max_size", "ws_ping_interval", "ws_per_message_deflate", "app"):
        assert found[0][limit] == usual[limit], limit


def test_what_stops_has_the_time_that_it_needs(programs: dict[str, Any]) -> None:
    waits = {name: one.stopwaitsecs for name, one in programs.items()}
    assert waits["web_00"] >= 10 + 10
    assert min(waits["celery-normal"], waits["celery-low"]) >= 120
