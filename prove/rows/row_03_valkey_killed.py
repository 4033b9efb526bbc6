"""Row 3: Valkey is killed, its channel layer is emptied, its connections are cut."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from random import Random

from prove.control import deaf_without_comparing
from prove.parts import LAYER_DB
from prove.row import Outcome, Row, scaled
from prove.scene import Company, exactness, scene
from prove.stack import Stack

EVENTS, SCREENS = 3_000, 50
KILLS, FLUSHES, CUTS = 10, 5, 20
CALM = 100
#: What a supervisor waits; longer than doorbells alone may be late.
DOWN_S = 3.5


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """In an order that the seed decides, while everybody taps."""
    stack.start(web=2, workers=("high", "normal", "low"), beat=True)
    valkey = stack.valkey
    faults: list[Callable[[], object]] = [lambda: _kill(stack)] * scaled(KILLS, scale)
    faults += [lambda: valkey.run("FLUSHDB", db=LAYER_DB)] * scaled(FLUSHES, scale)
    cuts = scaled(CUTS, scale, 2) // 2
    faults += [lambda: valkey.run("CLIENT", "KILL", "TYPE", "pubsub")] * cuts
    faults += [lambda: valkey.run("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")] * cuts
    Random(seed).shuffle(faults)
    return asyncio.run(_run(stack, Company.found(), seed, scale, faults))


def _kill(stack: Stack) -> None:
    stack.valkey.kill()
    time.sleep(DOWN_S)
    stack.valkey.start()


async def _run(
    stack: Stack, company: Company, seed: int, scale: float, faults: list[Callable[[], object]]
) -> Outcome:
    out = Outcome()
    async with scene(stack, company, seed, screens=scaled(SCREENS, scale, 5)) as made:
        await made.load(CALM)
        calm = len(made.answers.changes)
        driving = asyncio.create_task(made.drive())
        await made.load(scaled(EVENTS, scale, 300), faults)
        made.stop.set()
        await driving
        healed = await made.heal()
    judgement = exactness(out, made, healed=healed)
    out.expect("answers of 5xx", sum(n for s, n in made.answers.statuses.items() if s >= 500), 0)
    out.note("staleness, p99, s", judgement.late_s(99))
    out.time_s("longest deaf", judgement.late_s(100), 8)
    deaf_without_comparing(out, made, calm)
    return out


ROW = Row(
    3,
    fault="Valkey kill -9 x10, FLUSHALL of the layer x5, CLIENT KILL x20",
    reach="0/0/0; no deaf socket after 8 s; no 5xx",
    bound_s=90,
    run=run,
    quick=0.05,
)
