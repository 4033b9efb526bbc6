"""Every file for spreadsheets is written through the function that disarms cells."""

from __future__ import annotations

import re

from devtools.bootstrap import ROOT

ROOMS = ("config", "trips", "billing", "users")
#: Writes our own column names alone.
HARMLESS = {"trips/desk/views.py"}
WRITES = re.compile(r"\bcsv\.(?:writer|DictWriter)\(")


def test_whatever_writes_csv_uses_it() -> None:
    writers = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if WRITES.search(path.read_text())
    }
    assert len(writers) >= 3
    bare = {name for name in writers if "safe_cell" not in (ROOT / name).read_text()}
    assert bare <= HARMLESS
