"""Notices that this worker's main loop hangs, and ends the process: whoever started it starts anew.

A thread of its own, since what hangs cannot look at itself. It also pets systemd's watchdog, which
notices what stops all threads (WatchdogSec). While the broker is away the loop rests on purpose.
"""

import contextlib
import logging
import os
import signal
import socket
import threading
import time

logger = logging.getLogger(__name__)

EVERY_S = 2.0
#: The loop shows itself every 2 s, and no step of it takes long.
HUNG_AFTER_S = 30.0


class Watchdog:
    """One per worker. `seen` from the loop; `rest` while it is not expected to run."""

    def __init__(self, hung_after_s: float = HUNG_AFTER_S) -> None:
        self._hung_after_s = hung_after_s
        self._silent_s: float | None = None
        self._thread: threading.Thread | None = None

    def seen(self) -> None:
        """The loop runs."""
        self._silent_s = 0.0
        self._begin()

    def rest(self) -> None:
        """Nothing is expected until it is seen again; systemd is still told that all is well."""
        self._silent_s = None
        self._begin()

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
            self._thread.start()

    def _watch(self) -> None:
        while True:
            time.sleep(EVERY_S)
            if self._silent_s is not None:
                # Not by the clock: a process that was stopped and goes on has not hung.
                self._silent_s += EVERY_S
                if self._silent_s > self._hung_after_s:
                    logger.critical("the worker's loop hangs: the process ends")
                    os.kill(os.getpid(), signal.SIGKILL)
            notify("WATCHDOG=1")


def notify(state: str) -> None:
    """Tell systemd, where it is the one that started this process."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
        to.sendto(state.encode(), address)
