"""Ends a launcher's process groups when the launcher is gone, however it went.

A separate small process: `python -I -S reaper.py`. Each line of its standard input is
`add PGID STAGE SIGNAL GRACE_S` or `del PGID`. At the end of the input - the launcher
closed it, or died - it ends the groups that are left: stage by stage from 0 up, those of
one stage together, by SIGNAL and after GRACE_S seconds by SIGKILL. `remove DIR` lines
name folders to delete after that.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

POLL_S = 0.05


@dataclass(frozen=True)
class Group:
    """One process group and how it wants to be ended."""

    pgid: int
    stage: int
    signal: int
    grace_s: float


def main() -> None:
    """Collect until the input ends, then end all."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: dict[int, Group] = {}
    folders: list[str] = []
    for line in sys.stdin:
        verb, _, rest = line.rstrip("\n").partition(" ")
        if verb == "add":
            group = parse(rest)
            groups[group.pgid] = group
        elif verb == "del":
            groups.pop(int(rest), None)
        elif verb == "remove":
            folders.append(rest)
    end_all(groups)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def parse(words: str) -> Group:
    """`PGID STAGE SIGNAL GRACE_S` -> Group."""
    pgid, stage, number, grace_s = words.split()
    return Group(int(pgid), int(stage), int(number), float(grace_s))


def end_all(groups: dict[int, Group]) -> None:
    """End every group, the lowest stage first."""
    for stage in sorted({group.stage for group in groups.values()}):
        end([group for group in groups.values() if group.stage == stage])


def end(groups: list[Group]) -> None:
    """End some groups together: ask, wait for each one's grace, kill what is left."""
    started = time.monotonic()
    for group in groups:
        # Only the leader is asked: a worker's or PostgreSQL's children follow it in order.
        _send(os.kill, group.pgid, group.signal)
    while left := [group for group in groups if alive(group.pgid)]:
        for group in left:
            if time.monotonic() - started > group.grace_s:
                _send(os.killpg, group.pgid, signal.SIGKILL)
        if time.monotonic() - started > max(group.grace_s for group in left) + 2:
            return
        time.sleep(POLL_S)


def alive(pgid: int) -> bool:
    """Whether the group has a process that still runs (a zombie does not)."""
    try:
        os.killpg(pgid, 0)
    except OSError:
        return False
    # A machine whose process 1 does not collect orphans keeps zombies for ever.
    return not Path("/proc/self/stat").exists() or _running_member(pgid)


def _running_member(pgid: int) -> bool:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(group) == pgid and state not in "ZX":
            return True
    return False


def _send(call: Callable[[int, int], None], target: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        call(target, number)


if __name__ == "__main__":
    main()
