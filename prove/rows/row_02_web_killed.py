"""Row 2: one of two web processes is killed again and again, in turn.

As in row 1 nobody works on the slow queues.
"""

from __future__ import annotations

import asyncio
import itertools

from prove.checker import check_changes
from prove.row import Outcome, Row, scaled
from prove.scene import Company, exactness, scene
from prove.stack import Stack

EVENTS, SCREENS, KILLS = 10_000, 50, 10


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """Kill under load; its clients go on at the other process and are shown what they missed."""
    stack.start(web=2, workers=("high",), beat=True)
    return asyncio.run(_run(stack, Company.found(), seed, scale))


async def _run(stack: Stack, company: Company, seed: int, scale: float) -> Outcome:
    out = Outcome()
    turn = itertools.cycle(stack.webs)
    faults = [lambda: next(turn).restart()] * scaled(KILLS, scale, 2)
    async with scene(stack, company, seed, screens=scaled(SCREENS, scale, 5)) as made:
        await made.load(scaled(EVENTS, scale, 300), faults)
        healed = await made.heal()
    exactness(out, made, healed=healed)
    out.note("lines lost", len(made.away_s))
    out.time_s("resumed, last", max(made.away_s, default=float("nan")), 5)
    lost = check_changes(made.answers.changes, made.naive.changes)
    out.control("control: wrong on a screen that never resumes", len(lost))
    return out


ROW = Row(
    2,
    fault="kill -9 daphne x10, same load",
    reach="0/0/0; all resumed < 5 s",
    bound_s=300,
    run=run,
    quick=0.03,
)
