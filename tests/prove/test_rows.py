"""Promise two, whatever dies: rows of the proof, small. `make prove` has them whole."""

from __future__ import annotations

import pytest

from tests.prove.conftest import ProveRow

pytestmark = pytest.mark.slow


def test_screens_converge_to_the_truth_whatever_dies(prove_row: ProveRow) -> None:
    assert prove_row(6, 0.2).broken == []


def test_clients_that_come_back_at_once_get_what_they_missed(prove_row: ProveRow) -> None:
    assert prove_row(12, 0.1).broken == []
