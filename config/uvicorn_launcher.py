"""`python -m config.uvicorn_launcher …`: uvicorn that leaves as `config.drain` says.

Its own shutdown would close all sockets at once, with 1012, while proxies still send to it.
"""

import importlib
import os
import socket
from importlib.util import find_spec

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import uvicorn
from uvicorn.config import HTTP_PROTOCOLS

from config import drain
from config.watchdog import notify

CLOSE = (b"connection", b"close")


class DrainingServer(uvicorn.Server):
    """uvicorn's server: it tells systemd when it accepts, and drains before its shutdown."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start up; returns once it accepts."""
        await super().startup(sockets)
        notify("READY=1")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Leave, then shut down."""
        self.server_state.default_headers = [*self.server_state.default_headers, CLOSE]
        shared = self.config.fd is not None
        await drain.leave(stop_listening=self._stop_listening if shared else None)
        await super().shutdown(sockets)

    def _stop_listening(self) -> None:
        for server in self.servers:
            server.close()


def main() -> None:
    """Run uvicorn with the arguments of the command line."""
    # By name: the package shows a function of the same name in the module's place.
    command_line = importlib.import_module("uvicorn.main")
    command_line.Server = DrainingServer  # type: ignore[attr-defined]
    if find_spec("httptools"):
        HTTP_PROTOCOLS["auto"] = "config.patient_protocol:PatientProtocol"
    command_line.main()


if __name__ == "__main__":
    main()
