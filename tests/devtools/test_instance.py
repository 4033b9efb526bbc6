"""The data folder: remembered ports and secrets, folders that `nobody` cannot reach."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from devtools import instance as instance_module
from devtools.instance import Instance, free_port
from devtools.processes import Account, reachable, unprivileged_account


def test_ports_and_secrets_stay_the_same(tmp_path: Path) -> None:
    first, later = (Instance.create(tmp_path / "var") for _ in range(2))
    assert first.port("postgres") == later.port("postgres")
    assert first.secret("django") == later.secret("django")
    assert len({first.secret("django"), first.secret("postgres"), str(first.port("postgres"))}) == 3


def test_a_folder_that_is_copied_forgets_its_ports_and_keeps_its_secrets(tmp_path: Path) -> None:
    instance = Instance.create(tmp_path / "var")
    instance.port("postgres")
    secret = instance.secret("django")
    instance.forget_ports()
    assert "postgres_port" not in (instance.data / "instance.json").read_text()
    assert instance.secret("django") == secret


def test_a_port_taken_by_somebody_else_is_not_used(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as eve:
        taken = eve.getsockname()[1]
        assert free_port(taken) != taken
    assert free_port(taken) == taken


def test_wiping_keeps_the_folder_ours(tmp_path: Path) -> None:
    instance = Instance.create(tmp_path / "var")
    secret = instance.secret("django")
    instance.folder("mail").joinpath("one.eml").write_text("hello")
    instance.wipe()
    instance.require_ours()
    assert instance.secret("django") != secret
    assert not (instance.data / "mail").exists()


def test_a_closed_parent_is_noticed(tmp_path: Path) -> None:
    stranger = Account(uid=os.getuid() + 12345, gid=os.getgid() + 12345)
    closed = tmp_path / "closed"
    (closed / "open").mkdir(parents=True)
    closed.chmod(0o700)
    assert not reachable(closed / "open", stranger)
    assert reachable(Path("/"), stranger)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts PostgreSQL as another user")
def test_root_keeps_the_database_elsewhere_when_the_data_is_in_a_closed_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    area = tmp_path / "state"
    area.mkdir()
    monkeypatch.setattr(instance_module, "STATE_AREA", area)
    closed = tmp_path / "root"
    closed.mkdir(mode=0o700)
    instance = Instance.create(closed / "var")
    shelter = instance.shelter(unprivileged_account())
    assert shelter.parent == area
    assert instance.shelter(unprivileged_account()) == shelter
    assert closed.stat().st_mode & 0o777 == 0o700
    instance.wipe()
    assert not shelter.exists()
