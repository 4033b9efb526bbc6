"""Row 23: sockets come and go by the thousand, and leave nothing behind."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence

import psutil  # type: ignore[import-untyped]

from bench.sockets import Watcher, drop_all, open_all
from prove.row import Outcome, Row, scaled
from prove.scene import Company, until
from prove.stack import Stack

CONNECTS, AT_ONCE = 5_000, 50
#: Before them as many as fill caches and pools, and what the garbage collector lets wait: it comes
#: rarely, for the sake of latency, so that memory rises to a level first, and stays there.
FIRST = 3_000
MOST_MB = 15.0
#: The pool's connections to the database open and close as they are needed.
POOLED = 8
SETTLE_S = 20.0


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """Each gets its snapshot and is cut off, without a goodbye."""
    stack.start(web=1, workers=("high",))
    return asyncio.run(_run(stack, Company.found(), scale))


async def _run(stack: Stack, company: Company, scale: float) -> Outcome:
    out, process = Outcome(), psutil.Process(stack.webs[0].pid)
    descriptors = process.num_fds()
    await _come_and_go(stack.port, company.tokens, scaled(FIRST, scale, 100))
    await until(lambda: process.num_fds() <= descriptors + AT_ONCE, SETTLE_S)
    warm, before = process.num_fds(), process.memory_info().rss
    connects = scaled(CONNECTS, scale, 100)
    opened = await _come_and_go(stack.port, company.tokens, connects)
    out.expect("sockets that got their snapshot", opened, connects)
    await until(lambda: process.num_fds() <= warm, SETTLE_S)
    out.at_most("descriptors kept", process.num_fds() - warm, POOLED)
    out.at_most("RSS, MB more", (process.memory_info().rss - before) / 1e6, MOST_MB)
    return out


async def _come_and_go(port: int, tokens: Sequence[str], count: int) -> int:
    """Open and cut `count` sockets, so many at once; how many were ready in between."""
    ready = 0
    for start in range(0, count, AT_ONCE):
        watchers = [
            Watcher("/ws/dispatch/", tokens[n % len(tokens)], lambda _watcher, _payload: None)
            for n in range(start, min(start + AT_ONCE, count))
        ]
        await open_all(port, watchers, AT_ONCE)
        ready += sum(watcher.ready.is_set() and watcher.closed is None for watcher in watchers)
        drop_all(watchers)
    gc.collect()
    return ready


ROW = Row(
    23,
    fault="5,000 connects and disconnects",
    reach="RSS < +15 MB, descriptors back (the 30 minutes at 500 fixes/s: `make soak`)",
    bound_s=100,
    run=run,
    quick=0.05,
)
