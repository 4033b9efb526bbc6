"""A name for this process that no other one on the machine will ever have."""

import os
from pathlib import Path

_names: dict[int, str] = {}


def process_name() -> str:
    """`<pid>-<moment of its start>`: process ids come again, also after a fork."""
    pid = os.getpid()
    name = _names.get(pid)
    if name is None:
        _names.clear()
        name = _names[pid] = f"{pid}-{_started(pid)}"
    return name


def lives(name: str) -> bool:
    """Whether the process of this name still runs."""
    pid = int(name.partition("-")[0])
    if name != f"{pid}-{_started(pid)}":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _started(pid: int) -> str:
    """In clock ticks since the machine's start; "0" where there is no /proc, or nobody left."""
    try:
        # The second field is a program's name, which may hold anything but a last ")".
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "0"
    return "0" if state == "Z" else fields[18]
