"""Promise two, whatever dies: rows of the proof, small. `make prove` has them whole."""

from __future__ import annotations

import pytest

from tests.prove.conftest import ProveRow

pytestmark = pytest.mark.slow


def test_screens_converge_to_the_truth_whatever_dies(prove_row: ProveRow) -> None:
    assert prove_row(6, 0.2).broken == []


def test_a_rolling_restart_fails_no_request(prove_row: ProveRow) -> None:
    assert prove_row(11, 0.2).broken == []
