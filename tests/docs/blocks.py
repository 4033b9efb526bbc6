"""The fenced blocks of a guide, and how what it shows is compared with what happens (pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

FENCE, PROMPT, CTRL_C, ARROW, ANYTHING = "```", "$ ", "^C", "# -> ", "…"


@dataclass(frozen=True)
class Block:
    """One fenced block; `line` is that of its opening fence."""

    language: str
    line: int
    text: str
    heading: str

    def __str__(self) -> str:
        return f"{self.line}-{self.language}-{self.heading.lower().replace(' ', '-')}"


@dataclass
class Command:
    """A line typed at the prompt, what it must print, and whether Ctrl-C ends it."""

    typed: str
    expected: list[str] = field(default_factory=list)
    ctrl_c: bool = False


def blocks(path: Path) -> list[Block]:
    """The fenced blocks of a file in order; ValueError where the last one is left open."""
    found: list[Block] = []
    heading, language, opened, body = "", "", 0, list[str]()
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if line.lstrip().startswith(FENCE):
            if opened:
                found.append(Block(language, opened, "\n".join(body), heading))
                opened = 0
            else:
                language, opened, body = line.strip().removeprefix(FENCE), number, []
        elif opened:
            body.append(line)
        elif line.startswith("#"):
            heading = line.lstrip("# ")
    if opened:
        raise ValueError(f"{path.name}:{opened}: this block has no end")
    return found


def commands(text: str) -> list[Command]:
    """The commands of a console block; ValueError where it starts with anything else."""
    found: list[Command] = []
    for line in text.splitlines():
        if line.startswith(PROMPT):
            found.append(Command(line.removeprefix(PROMPT)))
        elif not found:
            raise ValueError(f"not a command: {line}")
        elif line == CTRL_C:
            found[-1].ctrl_c = True
        else:
            found[-1].expected.append(line)
    return found


def arrows(text: str) -> dict[int, str]:
    """{number of the line above: the value that a `# -> …` shows}."""
    lines = enumerate(text.splitlines())
    return {above: line.removeprefix(ARROW) for above, line in lines if line.startswith(ARROW)}


def matches(shown: str, actual: str) -> bool:
    """Whether `shown` is in `actual`, where … stands for anything and a blank for any number."""
    pieces = [r"\s+".join(map(re.escape, part.split(" "))) for part in shown.split(ANYTHING)]
    return re.search(".*".join(pieces), actual) is not None


def missing(expected: Sequence[str], output: str) -> str | None:
    """The first expected line that does not come, in order; None: all are there."""
    lines = iter(output.splitlines())
    for wanted in expected:
        if wanted != ANYTHING and not any(matches(wanted, line) for line in lines):
            return wanted
    return None
