"""A web process of a test's own, with a setting or two of its own."""

from __future__ import annotations

import urllib.request
from collections.abc import Mapping

from devtools import programs
from prove.processes import START_S, RealProcess
from tests.plugin import Services


class OwnServer(RealProcess):
    """daphne or uvicorn on a port of its own."""

    def __init__(self, services: Services, kind: str, env: Mapping[str, str]) -> None:
        self._listener = programs.listen("127.0.0.1", 0)
        self.port = self._listener.getsockname()[1]
        program = programs.web(kind, self._listener.fileno(), env, f"own-{kind}")
        super().__init__(services.reaper, program, services.logs / f"own-{kind}.log")

    def answers(self) -> bool:
        """Whether `/healthz` is 200."""
        url = f"http://127.0.0.1:{self.port}/healthz"
        try:
            with urllib.request.urlopen(url, timeout=START_S) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        """End it, and its port."""
        super().stop()
        self._listener.close()
