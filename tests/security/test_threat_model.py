"""docs/SECURITY.md names tests that exist, one for each of its lines."""

from __future__ import annotations

import re

from devtools.bootstrap import ROOT

NAMED = re.compile(r"`([\w/]+\.py)::([\w:]+)`")
PAGE = (ROOT / "docs/SECURITY.md").read_text()


def exists(file: str, name: str) -> bool:
    path = ROOT / "tests" / file
    if not path.is_file():
        return False
    source = path.read_text()
    *classes, function = name.split("::")
    wanted = [rf"^class {one}\b" for one in classes] + [rf"^\s*(?:async )?def {function}\("]
    return all(re.search(one, source, re.MULTILINE) for one in wanted)


def test_every_named_test_exists() -> None:
    named = NAMED.findall(PAGE)
    assert len(named) > 50
    assert [f"{file}::{name}" for file, name in named if not exists(file, name)] == []


def test_every_threat_is_held_by_one() -> None:
    done = PAGE.partition("## What is done")[2].partition("## Decisions")[0]
    rows = [row for row in done.splitlines() if row.startswith("| ") and "held by" not in row]
    assert len(rows) > 30
    assert [row for row in rows if not NAMED.search(row)] == []


def test_the_reader_is_told_where_a_test_is_missing() -> None:
    assert not exists("security/test_threat_model.py", "test_that_is_not_there")
    assert not exists("security/nowhere.py", "test_every_named_test_exists")
    assert exists("security/test_threat_model.py", "test_every_named_test_exists")
