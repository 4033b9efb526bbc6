"""docs/API.md is true: its curl, Python and JavaScript are run against a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from devtools.bootstrap import ROOT
from tests.cast import PASSWORD, Cast
from tests.clients.node import node_binary
from tests.docs.blocks import blocks, missing
from tests.fixtures_processes import WebServer

GUIDE = ROOT / "docs/API.md"
WITHIN_S = 60
ARROWS = ("# -> ", "// -> ")


def program(language: str) -> str:
    """All of the page's examples in one language, which build on each other."""
    found = [block.text for block in blocks(GUIDE) if block.language == language]
    assert found, f"no {language}"
    return "\n".join(found)


def shown(source: str) -> list[str]:
    """What the arrows say that it prints, in order."""
    lines = [line.strip() for line in source.splitlines()]
    return [
        line.removeprefix(arrow) for line in lines for arrow in ARROWS if line.startswith(arrow)
    ]


def command(language: str, source: str, scratch: Path) -> list[str]:
    if language == "bash":
        return ["bash", "-euo", "pipefail", "-c", source]
    if language == "python":
        return [sys.executable, "-c", source]
    module = scratch / "example.mjs"
    module.write_text(source)
    # Node 20 has it behind this switch, which later ones take as well.
    return [node_binary(), "--experimental-websocket", str(module)]


def test_there_is_no_example_that_nobody_runs() -> None:
    assert {block.language for block in blocks(GUIDE)} == {"text", "bash", "python", "js"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", ["bash", "python", "js"])
def test_the_examples_print_what_the_page_shows(
    language: str, cast: Cast, web_server: WebServer, tmp_path: Path
) -> None:
    cast.trip_in("dispatched")
    source = program(language)
    env = {"ATW": web_server.base_url, "DINA_PASSWORD": PASSWORD, "OMAR_PASSWORD": PASSWORD}
    done = subprocess.run(
        command(language, source, tmp_path),
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    expected = shown(source)
    assert expected
    assert done.returncode == 0, done.stdout + done.stderr
    assert missing(expected, done.stdout) is None, done.stdout + done.stderr
