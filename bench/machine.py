"""On what something was measured."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from devtools.bootstrap import ROOT


def measured_on(seconds: float) -> str:
    """Date, commit, machine and its load, after a run of so many seconds; a sentence."""
    commit = _output(["git", "describe", "--always", "--dirty", "--exclude", "*"])
    cpus = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    cpu = cpus[0] if cpus else platform.processor()
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit or 'unknown'}, "
        f"{os.cpu_count()} x {cpu}, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}; {seconds:.0f} s in all, "
        f"load {os.getloadavg()[0]:.1f} at the end. "
        "Everything, the generator included, runs on this machine."
    )


def _output(command: list[str]) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()
