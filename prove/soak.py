"""`python -m prove.soak`: a fleet reports for half an hour; what each process takes meanwhile."""

from __future__ import annotations

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import redis
import uvloop

from bench.common import FleetSender, Positions, board_watchers, phoning, reopen, watching
from bench.fixes import Fleet
from bench.phones import Phone, Tally, answered, pace
from bench.stage import OURS, Running, System
from bench.stats import Latency
from devtools.bootstrap import say
from prove.processes import RealProcess
from prove.report import measured
from prove.row import Outcome
from prove.stack import Stack, prepare, run_python

VEHICLES, BOARDS = 250, 10
#: The first minutes fill caches and pools.
WARM_MINUTES = 5
MOST_MB, MOST_DESCRIPTORS = 15.0, 10
LATE_S = 5.0


def main() -> int:
    """Soak; 0 when nothing grew and nothing failed."""
    parser = argparse.ArgumentParser(prog="prove.soak", description=__doc__)
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--rate", type=int, default=500, metavar="FIXES_PER_S")
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    with tempfile.TemporaryDirectory(prefix="atw-soak-") as scratch:
        Path(scratch).chmod(0o711)
        prepare(Path(scratch))
        stack = Stack(Path(scratch))
        try:
            stack.open()
            outcome = soak(stack, options.minutes, options.rate)
        finally:
            stack.close()
    say(f"{outcome.verdict}: {measured(outcome)}")
    for miss in outcome.misses:
        say(miss.text)
    return 1 if outcome.misses else 0


def soak(stack: Stack, minutes: int, rate: int) -> Outcome:
    """Post `rate` fixes a second and say each minute how it goes."""
    env = {**stack.env, "ATW_DEMO": "1"}
    sizes = ["--vehicles", str(VEHICLES), "--watchers", str(BOARDS)]
    fleet = Fleet.from_json(run_python(["-m", "bench.seed", *sizes], env))
    stack.start(web=2, workers=("high", "normal", "low"), beat=True, env=env)
    system = System(OURS, env, fleet, 0, "high_priority", "low_priority")
    with redis.Redis.from_url(stack.valkey.url) as broker:
        running = Running(system, stack.port, {}, broker)
        return asyncio.run(_soak(stack, running, minutes, rate))


async def _soak(stack: Stack, running: Running, minutes: int, rate: int) -> Outcome:
    out, tally, positions = Outcome(), Tally(), Positions()
    boards = board_watchers(running.system, BOARDS, positions)
    processes: list[RealProcess] = [*stack.webs, *stack.workers.values()]
    async with phoning(running, tally) as phones, watching(running, boards):
        await reopen(phones)
        warm = _sizes(processes)
        sizes = warm
        for minute in range(minutes):
            latency = await _minute(running, phones, positions, rate)
            sizes = _sizes(processes)
            if minute < min(WARM_MINUTES, minutes - 1):
                warm = sizes
            say(f"{minute + 1:3d} min  {_line(sizes)}  POST to board p99 {latency.p99_ms:.0f} ms"
                f"  high queue {stack.valkey.queued('high')}")  # fmt: skip
        await answered(tally, LATE_S)
    out.note("fixes answered 2xx", tally.good)
    out.expect("other answers", sum(tally.bad.values()) + tally.waiting, 0)
    kept = stack.query("SELECT count(*) FROM trips_gpsfix")[0][0]
    out.expect("answered, not kept", max(0, tally.good - kept), 0)
    for name, (mb, descriptors) in sizes.items():
        out.at_most(f"{name}, MB more", mb - warm[name][0], MOST_MB)
        out.at_most(f"{name}, descriptors more", descriptors - warm[name][1], MOST_DESCRIPTORS)
    out.expect("boards cut off", sum(board.closed is not None for board in boards), 0)
    return out


async def _minute(
    running: Running, phones: Sequence[Phone], positions: Positions, rate: int
) -> Latency:
    positions.forget()
    started = time.monotonic()
    await pace(rate, 60, FleetSender(running, phones, positions))
    await asyncio.sleep(max(0.0, started + 60 - time.monotonic()))
    return Latency.of(positions.seconds)


def _sizes(processes: Sequence[RealProcess]) -> dict[str, tuple[float, int]]:
    """{name: (RSS in MB with its children's, open descriptors)}."""
    found = {}
    for process in processes:
        tree = [psutil.Process(pid) for pid in (process.pid, *process.children())]
        rss = sum(one.memory_info().rss for one in tree)
        found[process.name] = rss / 1e6, sum(one.num_fds() for one in tree)
    return found


def _line(sizes: dict[str, tuple[float, int]]) -> str:
    return "  ".join(f"{name} {mb:.0f} MB {fds} fd" for name, (mb, fds) in sizes.items())


if __name__ == "__main__":
    raise SystemExit(main())
