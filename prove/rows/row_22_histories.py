"""Row 22: random histories, with frames lost, lines cut and clients that come back."""

from __future__ import annotations

from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings

from prove.histories import differences, histories
from prove.row import Outcome, Row, scaled
from prove.stack import Stack
from tests.cast import Cast, open_company

HISTORIES = 2_000


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """On the real tables, in one process: what crosses a wire is other rows' business."""
    cast, out = open_company(), Outcome()
    count = scaled(HISTORIES, scale, 20)
    found: list[str] = []
    for whole_board in (True, False):
        found += _search(cast, seed, count // 2, whole_board=whole_board)
    out.faults("differences", found)
    out.note("histories", count)
    return out


def _search(cast: Cast, seed: int, count: int, *, whole_board: bool) -> list[str]:
    found: list[str] = []

    # No shrinking: the seed finds it again, and a row has its time.
    @hypothesis.seed(seed)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(history=histories)
    def one(history: list[Any]) -> None:
        found.extend(differences(cast, history, whole_board=whole_board))

    one()
    return found


ROW = Row(
    22,
    fault="2,000 random histories: snapshot + frames = snapshot",
    reach="0 differences",
    bound_s=300,
    run=run,
    quick=0.02,
)
