"""`dev.py up`: starts everything, leaves nothing behind, keeps the data."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from devtools.bootstrap import ROOT
from devtools.tools import read_env
from tests.devtools.launcher import Launcher, clean_environment, processes_of
from tests.fixtures_processes import wait_until


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data folder whose path has a space; one for the module, for its restarts."""
    # Not pytest's own folder: that one is closed, and root's database would go elsewhere.
    with tempfile.TemporaryDirectory(prefix="data of Omar ") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder, "var")


@pytest.fixture(scope="module")
def launchers() -> Iterator[list[Launcher]]:
    """Every launcher that a test has started; the last one may be running."""
    started: list[Launcher] = []
    yield started
    for launcher in started:
        if launcher.process.poll() is None:
            launcher.end()


@pytest.fixture
def running(data: Path, launchers: list[Launcher]) -> Launcher:
    """An instance that is ready: the one of the test before, unless that has ended it."""
    if not launchers or launchers[-1].process.poll() is not None:
        launchers.append(Launcher(data))
    launchers[-1].wait_ready()
    return launchers[-1]


def dev(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run another dev.py command."""
    return subprocess.run(
        [sys.executable, "dev.py", *arguments],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_prints_addresses_that_work_and_ends_with_0(running: Launcher, data: Path) -> None:
    printed = dev("env", "--data", str(data)).stdout
    addresses = dict(line.split("=", 1) for line in printed.splitlines())
    with psycopg.connect(addresses["DATABASE_URL"]) as database:
        superuser, may_create = database.execute(
            "SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        ).fetchone() or (None, None)
    assert (superuser, may_create) == (False, True)
    with redis.Redis.from_url(addresses["REDIS_URL"]) as broker:
        assert broker.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert broker.config_get("appendonly") == {"appendonly": "yes"}
    assert dev("redis", "--data", str(data), "ECHO", "hello").stdout == "hello\n"
    assert running.end() == 0
    running.wait_no_process()


def test_a_killed_launcher_leaves_no_orphan_and_the_next_start_keeps_the_data(
    running: Launcher, data: Path, launchers: list[Launcher]
) -> None:
    before = read_env(data)
    assert len(processes_of(data)) > 8
    with psycopg.connect(before["DATABASE_URL"]) as database:
        database.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 'trip' AS word")
    running.end(signal.SIGKILL)
    again = Launcher(data)
    launchers.append(again)
    again.wait_ready()
    assert read_env(data)["SECRET_KEY"] == before["SECRET_KEY"]
    with psycopg.connect(read_env(data)["DATABASE_URL"]) as database:
        assert database.execute("SELECT word FROM kept").fetchall() == [("trip",)]
    again.end(signal.SIGKILL)
    again.wait_no_process()


def test_a_killed_worker_and_a_killed_valkey_come_back(running: Launcher, data: Path) -> None:
    address = running.wait_ready()
    victims = fragile(data)
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: len(fragile(data) - victims) >= 2, 30, "their return")
    wait_until(lambda: _ready(address), 30, "readiness")
    assert "worker-low was ended by SIGKILL" in running.output.read_text()


def fragile(data: Path) -> set[int]:
    """The processes of the low-priority worker and of Valkey."""
    lines = {process.pid: " ".join(process.cmdline()) for process in processes_of(data)}
    return {pid for pid, line in lines.items() if "low_priority" in line or "valkey-server" in line}


def _ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=10) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False


def test_a_second_start_on_the_same_data_is_refused(running: Launcher, data: Path) -> None:
    second = dev("up", "--port", "0", "--data", str(data))
    assert second.returncode == 1
    assert "in use by another instance" in second.stderr


def test_a_taken_port_is_named(running: Launcher, tmp_path: Path) -> None:
    port = running.wait_ready().rpartition(":")[2]
    second = dev("up", "--port", port, "--data", str(tmp_path / "other"))
    assert second.returncode == 1
    assert f"port {port} of 127.0.0.1 is in use" in second.stderr


def test_secrets_are_for_our_eyes_only(running: Launcher, data: Path) -> None:
    for name in ("instance.env", "instance.json", "valkey/valkey.conf"):
        assert stat.S_IMODE((data / name).stat().st_mode) == 0o600, name
    addresses = [urlsplit(read_env(data)[key]) for key in ("DATABASE_URL", "REDIS_URL")]
    secrets = [str(address.password) for address in addresses]
    assert min(map(len, secrets)) > 30
    shown = [" ".join(process.cmdline()) for process in processes_of(data)]
    assert not [line for line in shown if any(secret in line for secret in secrets)]


def test_env_without_an_instance_fails(tmp_path: Path) -> None:
    answer = dev("env", "--data", str(tmp_path))
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "no instance" in answer.stderr


def test_reset_refuses_a_folder_that_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    answer = dev("up", "--port", "0", "--data", str(tmp_path), "--reset")
    assert answer.returncode == 1
    assert "not wiped" in answer.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
