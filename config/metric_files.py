"""The metrics' files: added up over the machine's processes, those of dead ones kept in one."""

import contextlib
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

from config.metrics import FOLDER, KEPT, SHARED
from config.process_name import lives, process_name

#: In place of a process's name: what all those that have ended counted.
ENDED = "0-ended"


class Files:
    """A collector for a `CollectorRegistry`, over all processes that share `folder`."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._ours = {metric._name for metric in KEPT}

    def collect(self) -> Iterator[Metric]:
        """The sums. Nobody moves files meanwhile: a counter that drops is read as a restart."""
        if not SHARED:
            for metric in KEPT:
                yield from metric.collect()
            return
        with locked(self._folder):
            _bury(self._folder)
            found = MultiProcessCollector(None, str(self._folder)).collect()
        yield from (metric for metric in found if metric.name in self._ours)


def registry() -> CollectorRegistry:
    """A registry with what the machine's processes have counted."""
    made = CollectorRegistry()
    made.register(Files())
    return made


def bury(folder: Path = FOLDER) -> None:
    """Put what ended processes counted into one file, so that files do not pile up.

    A worker's loop calls it: where somebody reads just now there is a next time.
    """
    if SHARED:
        with contextlib.suppress(BlockingIOError), locked(folder, fcntl.LOCK_NB):
            _bury(folder)


@contextmanager
def locked(folder: Path, how: int = 0) -> Iterator[None]:
    """One process at a time reads or moves files."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | how)
        yield


def _bury(folder: Path) -> None:
    for file in folder.glob("*.db"):
        kind, _, name = file.stem.rpartition("_")
        if name in (ENDED, process_name()) or lives(name):
            continue
        if not kind.startswith("gauge"):
            _add(file, folder / f"{kind}_{ENDED}.db")
        # What a gauge said of a process is true no more.
        file.unlink()


def _add(file: Path, to: Path) -> None:
    """Into a copy that takes the old one's place: whoever is killed here leaves whole files."""
    copy = to.with_suffix(".new")
    copy.unlink(missing_ok=True)
    if to.exists():
        copy.write_bytes(to.read_bytes())
    sums = MmapedDict(str(copy))
    for key, value, _, _ in MmapedDict.read_all_values_from_file(str(file)):
        before, _ = sums.read_value(key)
        sums.write_value(key, before + value, 0.0)
    sums.close()
    copy.replace(to)
