"""Row 1: the worker of the live queue is killed again and again.

Nobody works on the slow queues meanwhile: they have rows of their own, and would take a third of
the machine.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence

from prove.control import deaf_without_comparing
from prove.row import Outcome, Row, scaled
from prove.scene import Company, exactness, scene
from prove.stack import Stack

EVENTS, SCREENS, KILLS = 10_000, 50, 10
CALM = 100
#: What a supervisor waits before it starts a dead worker again.
DOWN_S = 2.0


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """Kill its main process, then its children; a child's death loses the tasks in its hands."""
    # As shipped it has no children: here it has the pool that a plain `celery worker` has.
    pools = {"high": "prefork"}
    stack.start(web=2, workers=("high",), beat=True, pools=pools)
    kills = scaled(KILLS, scale)
    faults = [lambda: _kill_main(stack)] * kills + [lambda: _kill_child(stack)] * kills
    return asyncio.run(_run(stack, Company.found(), seed, scale, faults))


async def _run(
    stack: Stack, company: Company, seed: int, scale: float, faults: Sequence[Callable[[], None]]
) -> Outcome:
    out = Outcome()
    async with scene(stack, company, seed, screens=scaled(SCREENS, scale, 5)) as made:
        await made.load(CALM)
        calm = len(made.answers.changes)
        await made.load(scaled(EVENTS, scale, 300), faults)
        healed = await made.heal()
    judgement = exactness(out, made, healed=healed)
    out.time_s("staleness, p99", judgement.late_s(99), 3)
    out.time_s("staleness, most", judgement.late_s(100), 8)
    deaf_without_comparing(out, made, calm)
    return out


def _kill_main(stack: Stack) -> None:
    worker = stack.workers["high"]
    os.kill(worker.pid, signal.SIGKILL)
    worker.gone()
    time.sleep(DOWN_S)
    worker.start()


def _kill_child(stack: Stack) -> None:
    children = stack.workers["high"].children()
    os.kill(children[0], signal.SIGKILL)


ROW = Row(
    1,
    fault="kill -9 the high worker's main x10 and children x10 during 10,000 status events, "
    "50 clients",
    reach="0/0/0; staleness p99 < 3 s, max < 8 s",
    bound_s=250,
    run=run,
    quick=0.03,
)
