"""A supervisor with its door to the page "Break something", turning in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from devtools.control import Control
from devtools.processes import Program, Reaper
from devtools.supervisor import Supervisor


@contextmanager
def supervised(folder: Path, programs: Iterable[Program] = ()) -> Iterator[Control]:
    """The door of a launcher that keeps `programs` running; all are ended afterwards."""
    reaper, stop = Reaper(), threading.Event()
    supervisor = Supervisor(reaper, folder, lambda _: None)
    door = Control(supervisor, folder)
    supervisor.on_tick = door.tick
    for program in programs:
        supervisor.start(program)

    def turn() -> None:
        while not stop.is_set():
            supervisor.tick()

    thread = threading.Thread(target=turn)
    thread.start()
    try:
        yield door
    finally:
        stop.set()
        thread.join()
        door.close()
        reaper.end_all()
