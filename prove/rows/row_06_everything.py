"""Row 6: everything at once, in an order that the seed decides; five seeds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from random import Random

import psutil  # type: ignore[import-untyped]

from prove.checker import check_changes
from prove.control import deaf_without_comparing
from prove.parts import LAYER_DB
from prove.row import Outcome, Row, scaled
from prove.scene import AT_ONCE_S, Company, Scene, exactness, fresh_state_differs, scene
from prove.stack import Stack

SEEDS, SCREENS = 5, 20
CALM = 60
FROZEN_S = 3.0
PAUSE_S = 0.5
Trouble = Callable[[], object]


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """A scene per seed on one stack; each begins with a calm moment."""
    stack.start(web=2, workers=("high", "normal", "low"), beat=True)
    company, out = Company.found(), Outcome()
    for n in range(scaled(SEEDS, scale)):
        found = asyncio.run(_run(stack, company, seed + n, scale))
        out.add(f"seed {n + 1}", found)
    return out


async def _run(stack: Stack, company: Company, seed: int, scale: float) -> Outcome:
    out = Outcome()
    async with scene(stack, company, seed, screens=scaled(SCREENS, scale, 5)) as made:
        await made.settle()
        await made.load(CALM)
        calm = len(made.answers.changes)
        # Their doorbells, too, ring before the troubles.
        await asyncio.sleep(AT_ONCE_S)
        work = [made.tap_on(PAUSE_S), made.drive(), _drop_lines(made)]
        working = [asyncio.create_task(one) for one in work]
        await asyncio.gather(*(_suffer(made, chain) for chain in _chains(stack, made.random)))
        made.stop.set()
        await asyncio.gather(*working)
        healed = await made.heal()
        differing = await fresh_state_differs(made)
    judgement = exactness(out, made, healed=healed)
    out.faults("screens unlike a fresh one", differing)
    out.note("staleness, most, s", judgement.late_s(100))
    lost = check_changes(made.answers.changes, made.naive.changes)
    out.control("control: wrong on a screen that never resumes", len(lost))
    deaf_without_comparing(out, made, calm)
    return out


def _chains(stack: Stack, random: Random) -> list[list[Trouble]]:
    """What befalls Valkey, and at the same time what befalls everything else."""
    valkey = stack.valkey
    to_valkey: list[Trouble] = [
        valkey.restart,
        lambda: valkey.run("FLUSHDB", db=LAYER_DB),
        lambda: valkey.run("CLIENT", "KILL", "TYPE", "pubsub"),
        lambda: valkey.run("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"),
        lambda: _freeze(stack),
    ]
    to_others: list[Trouble] = [
        *(stack.workers[name].restart for name in ("high", "high", "normal", "low")),
        *(web.restart for web in stack.webs),
        lambda: _cut_database(stack),
        stack.postgres.restart,
    ]
    for chain in (to_valkey, to_others):
        random.shuffle(chain)
    return [to_valkey, to_others]


async def _suffer(made: Scene, troubles: Sequence[Trouble]) -> None:
    for trouble in troubles:
        await asyncio.to_thread(trouble)
        await asyncio.sleep(made.random.uniform(0.2, 1.0))


def _freeze(stack: Stack) -> None:
    stack.valkey.freeze()
    time.sleep(FROZEN_S)
    stack.valkey.thaw()


def _cut_database(stack: Stack) -> None:
    """End a web process's sessions in the database, in the middle of whatever they do."""
    connections = psutil.Process(stack.webs[0].pid).net_connections(kind="tcp")
    ports = [connection.laddr.port for connection in connections]
    stack.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE client_port = ANY(%s)",
        [ports],
    )


async def _drop_lines(made: Scene) -> None:
    while not made.stop.is_set():
        await asyncio.sleep(made.random.uniform(0.3, 1.5))
        made.random.choice(made.screens[1:]).drop()


ROW = Row(
    6,
    fault="all at once, seeded, 5 seeds",
    reach="0/0/0",
    bound_s=240,
    run=run,
    quick=0.2,
)
