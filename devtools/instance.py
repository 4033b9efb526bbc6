"""The data folder of one instance: marker, lock, remembered ports and secrets, instance.env."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
import shutil
import socket
import tempfile
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from devtools.bootstrap import SetupError
from devtools.processes import Account, command_of, reachable

MARKER = ".atw-instance"
STATE_AREA = Path("/var/lib")
LOCK_WAIT_S = 20.0


@dataclass(frozen=True)
class Instance:
    """A data folder. `create` makes it; everything in it is made on demand and then kept."""

    data: Path

    @classmethod
    def create(cls, data: Path) -> Instance:
        """Make the folder, or use the one that is there."""
        data = data.absolute()
        if not data.exists() or not any(data.iterdir()):
            # PostgreSQL, as nobody, must pass through root's folder; what is secret is 600.
            data.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
            (data / MARKER).write_text("Made by dev.py, which may wipe it (RESET=1).\n")
        return cls(data)

    @property
    def env_file(self) -> Path:
        """Where other terminals find this instance's addresses."""
        return self.data / "instance.env"

    def folder(self, name: str) -> Path:
        """A folder of the instance, for our eyes only."""
        path = self.data / name
        path.mkdir(mode=0o700, exist_ok=True)
        return path

    def secret(self, name: str) -> str:
        """A random value that stays the same over restarts."""
        key = f"{name}_secret"
        return str(self._keep(key, self._known().get(key) or secrets.token_urlsafe(32)))

    def port(self, name: str) -> int:
        """A free TCP port, the same as last time where that is still free."""
        known = self._known()
        port = free_port(int(known.get(f"{name}_port", 0)), taken=known.values())
        return int(self._keep(f"{name}_port", port))

    def forget_ports(self) -> None:
        """Let each copy of this folder find ports of its own: two may start at once."""
        known = {name: it for name, it in self._known().items() if not name.endswith("_port")}
        write_private(self.data / "instance.json", json.dumps(known))

    def shelter(self, account: Account | None) -> Path:
        """A folder of the instance that `account` can reach.

        The data folder, or one in the system's state area where root keeps the data
        folder below a closed parent; then named by the instance, so that a moved
        checkout finds its database again.
        """
        if account is None or reachable(self.data, account):
            return self.data
        path = _state_area() / f"atw-{self._name()}"
        path.mkdir(mode=0o711, exist_ok=True)
        if path.is_symlink() or path.stat().st_uid != os.geteuid():
            raise SetupError(f"{path} belongs to somebody else")
        return path

    def write_env(self, values: Mapping[str, str]) -> None:
        """Write instance.env (mode 600)."""
        write_private(self.env_file, "".join(f"{k}={v}\n" for k, v in values.items()))

    def require_ours(self) -> None:
        """Raise SetupError for a folder that we did not make."""
        if not (self.data / MARKER).exists():
            raise SetupError(f"{self.data} was not made by dev.py ({MARKER} is missing): not wiped")

    def wipe(self) -> None:
        """Delete everything in the folder, which must be ours."""
        shutil.rmtree(_state_area() / f"atw-{self._name()}", ignore_errors=True)
        for path in self.data.iterdir():
            if path.name in {MARKER, "lock"}:
                continue
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def lock(self) -> int:
        """Lock the folder; the descriptor holds the lock. Raises SetupError when it is in use."""
        descriptor = os.open(self.data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + LOCK_WAIT_S
        while not _try_lock(descriptor):
            holder = int(os.pread(descriptor, 20, 0) or 0)
            # A killed launcher's reaper keeps the lock until the services have ended.
            if (holder and command_of(holder)) or time.monotonic() > deadline:
                raise SetupError(f"{self.data} is in use by another instance (process {holder})")
            time.sleep(0.1)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d" % os.getpid(), 0)
        return descriptor

    def _name(self) -> str:
        return str(self._keep("instance", self._known().get("instance") or secrets.token_hex(8)))

    def _known(self) -> dict[str, str | int]:
        path = self.data / "instance.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def _keep(self, name: str, value: str | int) -> str | int:
        known = self._known()
        if known.get(name) != value:
            write_private(self.data / "instance.json", json.dumps(known | {name: value}))
        return value


def free_port(preferred: int = 0, taken: Collection[str | int] = ()) -> int:
    """`preferred` when nothing listens there, else a free port of 127.0.0.1 not in `taken`."""
    if preferred and _bind(preferred):
        return preferred
    while (port := _bind(0)) in taken:
        pass
    return port


def _bind(port: int) -> int:
    """The bound port, 0 when it is in use."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return 0
            raise
        return int(probe.getsockname()[1])


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _state_area() -> Path:
    return STATE_AREA if os.access(STATE_AREA, os.W_OK) else Path(tempfile.gettempdir())


def write_private(path: Path, text: str) -> None:
    """Replace `path` in one step by a file that only we can read."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    os.replace(name, path)
