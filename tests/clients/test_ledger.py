"""The ledger of the page "Break something", tested by Node's own runner."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.clients.node import node_binary


def test_the_ledger_would_tell_of_a_broken_promise() -> None:
    suite = Path(__file__).with_name("ledger.test.mjs")
    command = [node_binary(), "--test", str(suite)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stdout
