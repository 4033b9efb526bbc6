"""The units, checked by systemd itself where it is installed, and against the code everywhere."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest
from celery.bin.base import CLIContext
from celery.bin.celery import celery
from uvicorn.main import main as uvicorn_main

from config.celery import QUEUES, app
from devtools.bootstrap import ROOT
from devtools.programs import uvicorn_argv
from tests.ops.test_configuration import variables_in_the_table

FOLDER = ROOT / "systemd"
UNITS = {path.name: path.read_text() for path in FOLDER.glob("*.*") if path.is_file()}
HOME = "/srv/atw"


def values(unit: str, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", UNITS[unit], re.MULTILINE)


def command(unit: str, queue: str = "normal") -> list[str]:
    """The words that systemd would run, `queue` in place of the instance."""
    text = values(unit, "ExecStart")[0].replace("%%", "%").replace("$CELERYD_OPTS", "")
    return shlex.split(re.sub(r"%i", queue, text))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    for path in FOLDER.rglob("*.*"):
        if path.is_file():
            target = tmp_path / path.relative_to(FOLDER)
            target.parent.mkdir(exist_ok=True)
            # The programs must be there: these are the ones of this checkout.
            target.write_text(path.read_text().replace(f"{HOME}/.venv", str(ROOT / ".venv")))
    names = [name.replace("@.", f"@{one}.") for name in UNITS for one in ("normal",)]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *names],
        cwd=tmp_path, env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    ours = [line for line in done.stderr.splitlines() if any(name in line for name in UNITS)]
    assert (done.returncode, ours) == (0, []), done.stderr


def test_each_queue_has_a_worker_that_the_common_unit_starts() -> None:
    wanted = values("celery-worker.service", "Wants")[0].split()
    assert wanted == [f"celery-worker@{queue}.service" for queue in QUEUES]


@pytest.mark.parametrize("queue", QUEUES)
def test_celery_understands_the_workers_command(queue: str) -> None:
    program, *arguments = command("celery-worker@.service", queue)
    assert program == f"{HOME}/.venv/bin/celery"
    understood(arguments)
    assert arguments[arguments.index("-Q") + 1] == queue


def test_celery_understands_beats_command() -> None:
    understood(command("celery-beat.service")[1:])


def understood(arguments: list[str]) -> None:
    """Parses, raises on an unknown option, and runs nothing."""
    assert arguments[:2] == ["-A", "config"]
    name, options = arguments[2], arguments[3:]
    celery.commands[name].make_context(name, options, obj=CLIContext(cast(Any, app), True, None))


def test_the_web_has_the_same_limits_as_everywhere() -> None:
    _, _, module, *ours = command("atw-web@.service")
    assert module == "config.uvicorn_launcher"
    given = uvicorn_main.make_context("uvicorn", ours).params
    usual = uvicorn_main.make_context("uvicorn", uvicorn_argv(3)[2:]).params
    # Here there is time to finish.
    assert given.pop("timeout_graceful_shutdown") > usual.pop("timeout_graceful_shutdown")
    assert given == usual


def test_two_web_processes_share_one_socket() -> None:
    assert values("atw-web.service", "Wants")[0].split() == [
        "atw-web@1.service", "atw-web@2.service",
    ]  # fmt: skip
    assert values("atw-web@.service", "Sockets") == ["atw-web.socket"]
    assert values("atw-web.socket", "ListenStream") == ["127.0.0.1:8000"]


def test_what_stops_has_the_time_that_it_needs() -> None:
    drain_s = int(re.findall(r"ATW_DRAIN_S=(\d+)", UNITS["atw-web@.service"])[0])
    assert int(values("atw-web@.service", "TimeoutStopSec")[0]) >= drain_s + 15
    assert int(values("celery-worker@.service", "TimeoutStopSec")[0]) >= 120


OURS = [name for name, text in UNITS.items() if "User=atw" in text]


@pytest.mark.parametrize("unit", OURS)
def test_processes_hold_nothing_that_they_do_not_need(unit: str) -> None:
    for line in ("NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict"):
        assert f"\n{line}\n" in UNITS[unit], line
    assert "root" not in UNITS[unit]


@pytest.mark.parametrize("unit", OURS)
def test_metrics_have_a_folder_that_every_process_shares_and_may_write(unit: str) -> None:
    folder = "/run/" + values(unit, "RuntimeDirectory")[0]
    assert re.findall(r"ATW_METRICS_DIR=(\S+)", UNITS[unit]) == [f"{folder}/metrics"]
    assert values(unit, "RuntimeDirectoryPreserve") == ["yes"]


@pytest.mark.parametrize("unit", ["atw-web@.service", "celery-worker@.service"])
def test_a_restart_waits_until_there_is_somebody_who_works(unit: str) -> None:
    assert values(unit, "Type") == ["notify"]


def test_every_variable_exists() -> None:
    named = {name for text in UNITS.values() for name in re.findall(r"\b(ATW_[A-Z_]+)=", text)}
    assert named <= variables_in_the_table()
