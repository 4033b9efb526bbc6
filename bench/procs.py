"""CPU time and memory of running processes, from /proc (Linux only)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_s(roots: Mapping[str, Iterable[int]]) -> dict[str, float]:
    """CPU seconds so far of each named group of process trees; ours is the generator's."""
    stats = {int(path.name): _stat(path) for path in Path("/proc").iterdir() if path.name.isdigit()}
    used = {
        name: sum(stats[pid][1] for pid in _tree(pids, stats)) / _TICKS_PER_S
        for name, pids in roots.items()
    }
    return used | {"generator": time.process_time()}


def memory_kb(pids: Iterable[int]) -> int:
    """The private memory of processes together, in KB."""
    return sum(_private_kb(pid) for pid in pids)


def _private_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


def _stat(path: Path) -> tuple[int, int]:
    """(parent, ticks of the process and of its ended children)."""
    try:
        fields = (path / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0, 0
    return int(fields[1]), sum(map(int, fields[11:15]))


def _tree(pids: Iterable[int], stats: Mapping[int, tuple[int, int]]) -> set[int]:
    found = {pid for pid in pids if pid in stats}
    size = -1
    while size < len(found):
        size = len(found)
        found |= {pid for pid, (parent, _) in stats.items() if parent in found}
    return found
