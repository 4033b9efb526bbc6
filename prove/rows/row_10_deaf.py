"""Row 10: twenty boards that nobody reads, among fifty."""

from __future__ import annotations

import asyncio

import psutil  # type: ignore[import-untyped]

from prove.deaf import Readers, Ward, burst, deaf_ones
from prove.row import Outcome, Row, scaled
from prove.stack import Stack
from tests.cast import open_company

SOCKETS, DEAF = 50, 20
BEFORE_S, BESIDE_S = 12, 42
#: Longer than the server keeps one that is deaf.
LEAST_S = 27
MOST_COST_MB, CLOSED_WITHIN_S, MOST_SLOWER = 50, 25.0, 1.2
#: Differences that are smaller say nothing.
NOISE_S = 0.005
MEGABYTE = 1_000_000


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """The others' positions are as fresh as without the deaf ones, which are closed."""
    stack.start(web=1)
    cast = open_company()
    return asyncio.run(_run(stack, cast.token(cast.ada), cast.token(cast.dina), scale))


async def _run(stack: Stack, readers_token: str, deaf_token: str, scale: float) -> Outcome:
    out, readers, process = Outcome(), Readers(), psutil.Process(stack.webs[0].pid)
    async with readers.reading(stack.port, readers_token, SOCKETS - DEAF) as watchers:
        alone_s = await readers.p99_s(scaled(BEFORE_S, scale, 4))
        before = process.memory_info().rss
        with deaf_ones(stack.port, deaf_token, DEAF) as deaf:
            ward = Ward(process, deaf)
            watching = asyncio.create_task(ward.watch(stack.port, deaf_token))
            beside_s = await readers.p99_s(scaled(BESIDE_S, scale, LEAST_S))
            await asyncio.to_thread(burst)
            watching.cancel()
            out.control("bytes that lay unread", ward.most_unread_bytes)
            out.expect("deaf ones were closed", len(ward.kept_s) >= DEAF, True)
            out.time_s("a deaf one was kept", ward.longest_s, CLOSED_WITHIN_S)
            out.at_most("memory, MB", (ward.most_bytes - before) / MEGABYTE, MOST_COST_MB)
        out.expect("others that were closed", sum(one.closed is not None for one in watchers), 0)
    out.note("p99 without deaf ones, ms", alone_s * 1_000)
    most_s = max(alone_s * MOST_SLOWER, alone_s + NOISE_S)
    out.at_most("p99 beside them, ms", beside_s * 1_000, most_s * 1_000, kind="time")
    return out


ROW = Row(
    10,
    fault="20 never-reading sockets among 50, 60 s",
    reach="< 50 MB; slow ones closed <= 25 s; others' p99 < +20 %",
    bound_s=150,
    run=run,
    quick=0.05,
    quiet=True,
)
