"""`make lint` finds a key that somebody left, and goes on where PyPI cannot be asked."""

from __future__ import annotations

import json
import secrets
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from devtools import audit
from devtools.bootstrap import ROOT


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def test_a_key_in_the_checkout_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "ROOT", tmp_path)
    (tmp_path / audit.BASELINE).write_text((ROOT / audit.BASELINE).read_text())
    file = tmp_path / "deploy.py"
    git(tmp_path, "init", "-q")
    file.write_text("REGION = 'eu-north-1'\n")
    git(tmp_path, "add", ".")
    assert audit.secrets() == 0
    letters = "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(16))
    file.write_text(f"KEY = 'AKIA{letters}'\n")
    assert audit.secrets() == 1


def test_the_baseline_names_no_machine() -> None:
    baseline = json.loads((ROOT / audit.BASELINE).read_text())
    assert all(not name.startswith("/") for name in baseline["results"])
    assert "/home/" not in json.dumps(baseline)


@pytest.mark.parametrize(
    ("report", "result"),
    [
        ("", 0),
        ('{"dependencies": [{"name": "x", "skip_reason": "not found"}]}', 0),
        ('{"dependencies": [{"name": "x", "version": "1", "vulns": []}]}', 0),
        ('{"dependencies": [{"name": "x", "version": "1", "vulns": [{"id": "CVE-1"}]}]}', 1),
    ],
)
def test_known_holes_fail_and_a_missing_index_does_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], report: str, result: int
) -> None:
    done = SimpleNamespace(stdout=report.encode())
    monkeypatch.setattr("devtools.audit.subprocess.run", lambda *args, **more: done)
    assert audit.dependencies() == result
    said = "".join(capsys.readouterr())
    assert ("CVE-1" in said) is bool(result)
    assert ("not looked for" in said) is ("vulns" not in report)
