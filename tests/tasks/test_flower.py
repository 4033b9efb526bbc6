"""Flower asks for a login, and does not start without one."""

from __future__ import annotations

import socket
import subprocess
import sys

import httpx

from devtools import programs
from devtools.bootstrap import ROOT
from tests.fixtures_processes import RealProcess
from tests.plugin import Services

LOGIN = ("ops", "a long pass phrase")


class Flower(RealProcess):
    """`celery -A config flower`."""

    def __init__(self, services: Services, env: dict[str, str]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = str(free.getsockname()[1])
        user, password = LOGIN
        login = {"CELERY_FLOWER_USER": user, "CELERY_FLOWER_PASSWORD": password}
        program = programs.flower({**env, **login, "CELERY_FLOWER_PORT": port})
        super().__init__(services.reaper, program, services.logs / "flower.log")
        self.page = f"http://127.0.0.1:{port}/workers"

    def answers(self) -> bool:
        """Whether its page answers, if only with 401."""
        try:
            return httpx.get(self.page).status_code > 0
        except httpx.TransportError:
            return False


def test_flower_asks_who_is_there(services: Services, process_env: dict[str, str]) -> None:
    flower = Flower(services, process_env)
    flower.start()
    try:
        assert httpx.get(flower.page).status_code == 401
        assert httpx.get(flower.page, auth=("ops", "flower")).status_code == 401
        assert httpx.get(flower.page, auth=LOGIN).status_code == 200
    finally:
        flower.stop()


def test_flower_has_no_default_login(process_env: dict[str, str]) -> None:
    command = [sys.executable, "-m", "celery", "-A", "config", "flower"]
    env = {**process_env, "CELERY_FLOWER_USER": "ops", "CELERY_FLOWER_PASSWORD": ""}
    done = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "CELERY_FLOWER_PASSWORD" in done.stderr
