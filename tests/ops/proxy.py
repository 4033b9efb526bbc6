"""Caddy with the shipped Caddyfile, as a process of a test."""

from __future__ import annotations

import os
import signal
import socket
import urllib.error
import urllib.request
from pathlib import Path

from devtools.bootstrap import ROOT, VENV
from devtools.processes import STAGE_MAIL, Program
from tests.fixtures_processes import RealProcess
from tests.plugin import Services

SOON_S = 30.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        return int(reserved.getsockname()[1])


class Answering(RealProcess):
    """A process that serves HTTP at `url`."""

    url: str

    def status(self, path: str = "/healthz") -> int:
        """The status of a GET; 0 where nobody answers."""
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=SOON_S) as answer:  # noqa: S310
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def answers(self) -> bool:
        return self.status() == 200

    def ask_to_end(self) -> None:
        """SIGTERM; `stop` awaits the end."""
        os.kill(self.pid, signal.SIGTERM)


class Proxy(Answering):
    """Caddy with our Caddyfile."""

    def __init__(self, services: Services, upstreams: list[str], home: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.ws_url = f"ws://127.0.0.1:{port}"
        env = {
            "PATH": os.defpath,
            "HOME": str(home),
            "ATW_SITE": self.url,
            "ATW_UPSTREAMS": " ".join(url.removeprefix("http://") for url in upstreams),
        }
        argv = [str(VENV / "bin/caddy"), "run", "--config", str(ROOT / "deploy/Caddyfile")]
        program = Program("caddy", argv, STAGE_MAIL, env, home)
        super().__init__(services.reaper, program, services.logs / "caddy.log")
