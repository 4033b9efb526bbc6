"""Whatever happened, and whatever of it a client missed: it shows what a fresh one shows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from prove.histories import differences, histories
from tests.cast import Cast

# With real commits: a snapshot sets its own isolation level.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("whole_board", [True, False], ids=["board", "trip"])
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=histories)
def test_a_snapshot_and_frames_are_a_fresh_snapshot(
    cast: Cast, whole_board: bool, history: list[Any]
) -> None:
    assert differences(cast, history, whole_board=whole_board) == []
