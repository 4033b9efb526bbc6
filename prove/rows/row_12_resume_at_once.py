"""Row 12: a thousand clients that were cut off come back at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import redis

from bench.common import ACTIONS, board_watchers, watching
from bench.fixes import Crew, Fleet
from bench.phones import wait_until
from bench.resume import MISSED, Healed, come_back, tap
from bench.stage import OURS, Running, System
from bench.stats import percentile
from prove.row import Outcome, Row, scaled
from prove.stack import Stack, run_python

CLIENTS, VEHICLES = 1_000, 40
WITHIN_S, REPAIRED_S = 10.0, 3.0


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """Each must be sent exactly what it missed, in order."""
    clients = scaled(CLIENTS, scale, 50)
    env = {**stack.env, "ATW_DEMO": "1"}
    sizes = ["--vehicles", str(VEHICLES), "--watchers", str(clients)]
    fleet = Fleet.from_json(run_python(["-m", "bench.seed", *sizes], env))
    stack.start(web=2, workers=("high",), env=env)
    system = System(OURS, env, fleet, 0, "high_priority", "low_priority")
    with redis.Redis.from_url(stack.valkey.url) as broker:
        return asyncio.run(_run(Running(system, stack.port, {}, broker), clients))


async def _run(running: Running, clients: int) -> Outcome:
    out, taps = Outcome(), _taps(running.system.fleet)
    seconds, right = await come_back(running, taps, clients)
    out.note("clients", clients)
    out.expect("sent exactly what they missed", right, clients)
    out.time_s("until the last", percentile(seconds, 100), WITHIN_S)
    out.control("control: missed by one that does not resume", await _stay_away(running, taps))
    return out


def _taps(fleet: Fleet) -> Iterator[tuple[Crew, str]]:
    return ((crew, action) for action in ACTIONS for crew in fleet.crews)


async def _stay_away(running: Running, taps: Iterator[tuple[Crew, str]]) -> int:
    """How much a client does not show that comes back and never says what it has."""
    await tap(running, taps, MISSED)
    healed = Healed()
    (client,) = watchers = board_watchers(running.system, 1, healed)
    async with watching(running, watchers):
        await wait_until(lambda: client in healed.numbers, REPAIRED_S)
    return MISSED - len(healed.numbers.get(client, []))


ROW = Row(
    12,
    fault="1,000 clients resume at once",
    reach="< 10 s here, < 3 s in the bench",
    bound_s=60,
    run=run,
    quick=0.1,
)
