"""Every relative link of the documentation leads somewhere, and no machine's own path is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from devtools.bootstrap import ROOT
from tests.docs.blocks import FENCE, matches

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").glob("*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
#: Where people's files are; an example folder of a server (/srv, /etc, /var) is none.
PRIVATE = re.compile(r"(?<![\w./:])/(?:home|root|Users|work|tmp|mnt)/")


def prose(path: Path) -> str:
    """A page without its fenced blocks and inline code."""
    kept, inside = list[str](), False
    for line in path.read_text().splitlines():
        if line.lstrip().startswith(FENCE):
            inside = not inside
        elif not inside:
            kept.append(line)
    return re.sub(r"`[^`]*`", "", "\n".join(kept))


def anchors(path: Path) -> set[str]:
    """The names that a page's headings have on GitHub."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def broken(path: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    found = []
    for link in LINK.findall(prose(path)):
        file, _, anchor = link.partition("#")
        target = (path.parent / file) if file else path
        if re.match(r"\w+:", link):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    assert broken(path) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_page_tells_where_somebody_keeps_files(path: Path) -> None:
    text = path.read_text()
    assert str(ROOT) not in text
    assert PRIVATE.findall(text) == []


def test_a_broken_link_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A title\n[a](#a-title) [b](page.md#no) [c](gone.md) [d](https://x.test)\n")
    assert broken(page) == ["page.md#no", "gone.md"]


@pytest.mark.parametrize(
    ("shown", "actual", "fits"),
    [
        ("high …0 …", "high_no", False),
        ("normal …", "normal         0", True),
        ("a…c", "xabcx", True),
        ("a.c", "abc", False),
        ("a b", "a     b", True),
    ],
)
def test_dots_stand_for_anything_and_nothing_else_does(shown: str, actual: str, fits: bool) -> None:
    assert matches(shown, actual) is fits
