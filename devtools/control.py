"""The launcher's small door for the demo's page "Break something": a few fixed verbs.

A Unix socket in the data folder that only its owner can open; its path is in ATW_CONTROL. One
line in, one line of JSON out:

    status          {"ok": true, "verbs": […], "programs": {name: {"up", "frozen", "starts"}}}
    kill-web …      {"ok": true, "program": "web", "in_s": 0.3, "starts": 1},
                    or {"ok": false, "why": "…"}

Nothing from outside names a process: a verb is in the table below, or it is refused. What is
killed comes back as after any crash.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from devtools.supervisor import Supervisor

#: What a verb does, and to which program (the first whose name begins so).
VERBS = {
    "kill-high": ("kill", "worker-high"),
    "kill-normal": ("kill", "worker-normal"),
    "kill-web": ("kill", "web"),
    "freeze-valkey": ("freeze", "valkey"),
    "kill-valkey": ("kill", "valkey"),
}
FROZEN_S = 20.0
#: Time for the page's answer to leave a web process that is about to be killed.
PAUSE_S = 0.3
LONGEST_LINE = 200
#: Who connects and says nothing holds up the launcher for so long.
PATIENCE_S = 0.3
#: A Unix socket's path has at most 104 bytes on some systems.
LONGEST_PATH = 100

Answer = dict[str, Any]


class Control:
    """The open door; `tick` is called by the supervisor's own loop."""

    def __init__(self, supervisor: Supervisor, folder: Path) -> None:
        self._supervisor = supervisor
        self._due: list[tuple[float, Callable[[], None]]] = []
        self._scratch = None
        path = folder / "control.sock"
        if len(os.fsencode(path)) > LONGEST_PATH:
            self._scratch = Path(tempfile.mkdtemp(prefix="atw-"))
            path = self._scratch / "control.sock"
        self.path = path
        self._listener = _listen(path)

    def tick(self) -> None:
        """Answer who waits, and do what is due."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self._talk(self._listener.accept()[0])
        now = time.monotonic()
        due = [act for at, act in self._due if at <= now]
        self._due = [(at, act) for at, act in self._due if at > now]
        for act in due:
            act()

    def close(self) -> None:
        """Shut the door."""
        self._listener.close()
        self.path.unlink(missing_ok=True)
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _talk(self, caller: socket.socket) -> None:
        caller.settimeout(PATIENCE_S)
        with caller, contextlib.suppress(OSError):
            verb = caller.recv(LONGEST_LINE).decode(errors="replace").strip()
            caller.sendall(json.dumps(self._answer(verb)).encode() + b"\n")

    def _answer(self, verb: str) -> Answer:
        if verb == "status":
            programs = self._supervisor.state()
            known = [one for one, (_, name) in VERBS.items() if _first(programs, name)]
            return {"ok": True, "verbs": known, "programs": programs}
        if verb not in VERBS:
            return {"ok": False, "why": "unknown verb"}
        return self._begin(*VERBS[verb])

    def _begin(self, deed: str, prefix: str) -> Answer:
        programs = self._supervisor.state()
        name = _first(programs, prefix)
        if name is None:
            return {"ok": False, "why": f"{prefix} was not started by this launcher"}
        if not programs[name]["up"]:
            return {"ok": False, "why": f"{name} is down already"}
        if deed == "freeze" and programs[name]["frozen"]:
            return {"ok": False, "why": f"{name} is frozen already"}
        self._due.append((time.monotonic() + PAUSE_S, lambda: self._do(deed, name)))
        starts = programs[name]["starts"]
        return {"ok": True, "program": name, "in_s": PAUSE_S, "starts": starts}

    def _do(self, deed: str, name: str) -> None:
        if deed == "freeze":
            self._supervisor.freeze(name, FROZEN_S)
        else:
            self._supervisor.kill(name)


def _listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(8)
    listener.setblocking(False)
    return listener


def _first(programs: dict[str, Any], prefix: str) -> str | None:
    return next((name for name in programs if name.startswith(prefix)), None)
