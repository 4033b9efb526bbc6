"""A row of the proof, on a stack of its own as in `make prove`, only smaller."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from prove.__main__ import SEED, run_row
from prove.row import Outcome, load
from prove.stack import prepare

ProveRow = Callable[[int, float], Outcome]


@pytest.fixture(scope="session")
def prepared_stack() -> Iterator[Path]:
    """A migrated database for stacks to copy; pytest's own folders are closed to PostgreSQL."""
    folder = Path(tempfile.mkdtemp(prefix="atw-prepared-"))
    prepare(folder)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def prove_row(prepared_stack: Path, tmp_path: Path) -> ProveRow:
    """prove_row(number, scale): its outcome; tests look at `broken`, for the machine is busy."""

    def prove(number: int, scale: float) -> Outcome:
        return run_row(load(number), SEED, scale, prepared_stack, tmp_path)

    return prove
