"""The intake pages' pure JavaScript modules, tested by Node's own runner."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.clients.node import node_binary


def test_the_intake_pages_pure_modules_keep_what_their_own_tests_say() -> None:
    suite = Path(__file__).with_name("desk.test.mjs")
    resolver = suite.with_name("resolve.mjs").as_uri()
    command = [node_binary(), "--import", resolver, "--test", str(suite)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stdout
