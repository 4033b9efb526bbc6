"""What `dev.py lint` looks for beside mistakes: secrets in the checkout, holes in packages."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from devtools.bootstrap import ROOT, say

#: Findings that a person has looked at. Passwords in names are ruff's (S105, S106), not its.
BASELINE = ".secrets.baseline"
#: Hashes and coordinates by the thousand.
NO_SECRETS = ("requirements", "package-lock.json", "devtools/requirements-", ".geojson", ".po")
#: All extras.
LOCK = "requirements-dev.txt"
#: What is known stands on other lines: detect-secrets has brought the baseline up to date.
LINES_MOVED = 3
WITHIN_S = 120


def secrets() -> int:
    """Compare the files that git knows with the baseline; 0 where nothing is new."""
    files = _git_files()
    if files is None:
        say("secrets: not looked for, this is no git checkout")
        return 0
    wanted = [name for name in files if not name.startswith(NO_SECRETS[:3])]
    wanted = [name for name in wanted if not name.endswith(NO_SECRETS) and name != BASELINE]
    program = [sys.executable, "-m", "detect_secrets.pre_commit_hook", "--no-verify"]
    program += ["--baseline", BASELINE]
    code = subprocess.run([*program, *wanted], cwd=ROOT, check=False).returncode
    return 0 if code == LINES_MOVED else code


def dependencies() -> int:
    """Ask PyPI for known holes in what we pin; 1 where there are any, 0 where it is away."""
    report = _report()
    if report is None:
        say("known holes: not looked for, PyPI cannot be asked from here")
        return 0
    asked = [package for package in report["dependencies"] if "vulns" in package]
    holes = {f"{one['name']} {one['version']}": one["vulns"] for one in asked if one["vulns"]}
    if not asked:
        say("known holes: not looked for, this package index does not know of any")
    for name, found in sorted(holes.items()):
        say(f"known holes in {name}: {', '.join(hole['id'] for hole in found)}")
    return int(bool(holes))


def _report() -> dict[str, Any] | None:
    """pip-audit's report of all that we pin; None where it has none to give."""
    # Pinned and hashed: nothing to resolve, nothing to download.
    command = [sys.executable, "-m", "pip_audit", "--requirement", LOCK, "--disable-pip"]
    command += ["--require-hashes", "--format", "json", "--progress-spinner", "off"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=WITHIN_S, check=False)
        report: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return None
    return report


def _git_files() -> list[str] | None:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    names = listed.stdout.decode().split("\0")
    return [name for name in names if name and (ROOT / name).is_file()]
