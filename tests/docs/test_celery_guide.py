"""docs/CELERY.md is true: every block is run, every table is compared with the code."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from config.celery import app
from devtools.bootstrap import ROOT
from tests.docs.blocks import Block, arrows, blocks, commands, matches
from tests.docs.terminal import Terminal
from tests.docs.typed import MARK
from tests.tasks.test_contract import our_tasks, queue_of

GUIDE = ROOT / "docs/CELERY.md"
BLOCKS = blocks(GUIDE)
SHELL = (
    'python manage.py shell -v 0 -c "import sys; from tests.docs import typed;'
    ' typed.run(sys.stdin.read())"'
)
EXCERPT = re.compile(r"# ([\w/]+\.py)\n")


def is_excerpt(block: Block) -> bool:
    return block.language == "python" and EXCERPT.match(block.text) is not None


CONSOLE = [block for block in BLOCKS if block.language == "console"]
EXCERPTS = [block for block in BLOCKS if is_excerpt(block)]
PYTHON = [block for block in BLOCKS if block.language == "python" and not is_excerpt(block)]


def test_no_block_escapes() -> None:
    assert {block.language for block in BLOCKS} == {"console", "python", "text"}
    drawn = [block for block in BLOCKS if block.language == "text"]
    assert not [block for block in drawn if re.search(r"^\$ |celery -A|manage\.py", block.text)]
    assert len(BLOCKS) == len(CONSOLE) + len(EXCERPTS) + len(PYTHON) + len(drawn)


@pytest.mark.parametrize("block", CONSOLE, ids=str)
def test_what_is_typed_at_the_prompt_works(block: Block, terminal: Terminal) -> None:
    terminal.type(commands(block.text))


@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_what_is_typed_into_the_shell_works(block: Block, terminal: Terminal) -> None:
    shown = arrows(block.text)
    assert shown, "a block that shows no value proves nothing"
    output = terminal.run(SHELL, block.text)
    answers = [line[1:] for line in output.splitlines() if line.startswith(MARK)]
    actual = dict(map(json.loads, answers))
    assert actual.keys() == shown.keys()
    wrong = {line: actual[line] for line, text in shown.items() if not matches(text, actual[line])}
    assert not wrong, f"by line of the block, {wrong}"


@pytest.mark.parametrize("block", EXCERPTS, ids=str)
def test_what_is_quoted_stands_in_the_file(block: Block) -> None:
    first, _, quoted = block.text.partition("\n")
    assert quoted in (ROOT / first.removeprefix("# ")).read_text()


def rows(heading: str) -> Iterator[list[str]]:
    """The cells of the tables below a heading, down to the next one of its rank or higher."""
    rank = heading.partition(" ")[0]
    below = GUIDE.read_text().partition(f"\n{heading}\n")[2]
    below = re.split(rf"^#{{1,{len(rank)}}} ", below, maxsplit=1, flags=re.MULTILINE)[0]
    for line in below.splitlines():
        if line.startswith("| `"):
            yield [cell.strip().strip("`") for cell in line.strip("|").split(" | ")]


def signature(task: Any) -> str:
    parameters = inspect.signature(task.run).parameters.values()
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in parameters]
    return str(inspect.Signature(bare))


def test_every_task_is_listed_with_its_signature_and_queue() -> None:
    listed = {cells[0]: cells[1] for cells in rows("## Tasks")}
    assert listed == {
        f"{name}{signature(task)}": queue_of(name) for name, task in our_tasks().items()
    }


def test_what_is_said_to_have_no_result_keeps_none() -> None:
    for cells in rows("## Tasks"):
        task = our_tasks()[cells[0].partition("(")[0]]
        assert ("No result" in cells[2]) == bool(task.ignore_result), task.name


def test_every_periodic_task_is_listed_with_its_times() -> None:
    listed = {cells[0]: (cells[2], cells[1].strip("`")) for cells in rows("## Periodic tasks")}
    schedule = app.conf.beat_schedule
    assert listed.keys() == schedule.keys()
    for name, (task, when) in listed.items():
        due = schedule[name]["schedule"]
        assert task == schedule[name]["task"]
        assert when == f"every {due:g} s" if isinstance(due, float) else when in str(due)


def test_every_setting_has_the_value_that_is_said() -> None:
    listed = list(rows("## Configuration"))
    assert len(listed) > 10
    for name, value, *_ in listed:
        assert repr(app.conf[name]) == value.strip("`"), name
