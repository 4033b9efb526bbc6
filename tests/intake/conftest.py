"""The broker stays out of it: the worker's part is called by hand."""

from __future__ import annotations

import pytest

from trips import task_runs


@pytest.fixture(autouse=True)
def nothing_published(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_runs, "publish", lambda *_, **__: None)
