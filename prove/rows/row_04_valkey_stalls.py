"""Row 4: Valkey does not die, which is worse: it freezes, its line stalls, or it is far away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from bench.stats import percentile
from prove.checker import Change
from prove.control import deaf_without_comparing
from prove.proxy import FaultProxy
from prove.row import Outcome, Row, scaled
from prove.scene import AT_ONCE_S, Company, Scene, exactness, scene, until
from prove.stack import Stack

SECONDS, SCREENS = 20.0, 50
CALM_S = 4.0
#: A dispatcher's pause between taps: latency is what is measured here, not throughput.
PAUSE_S = 2.0
CLEAR_S = 15.0
#: Tasks that may wait while everybody goes on.
AT_WORK = 5
LATENCY_S = 0.5
Trouble = tuple[str, Callable[[], object], Callable[[], object]]


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """Each trouble lasts `SECONDS`; posts are answered as if nothing were."""
    proxy = stack.proxy(stack.valkey.port, seed)
    redis_url = stack.valkey.url_at(proxy.port)
    workers = ("high", "normal", "low")
    stack.start(web=2, workers=workers, beat=True, env={"REDIS_URL": redis_url})
    return asyncio.run(_run(stack, Company.found(), seed, scale, _troubles(stack, proxy)))


def _troubles(stack: Stack, proxy: FaultProxy) -> list[Trouble]:
    def slow() -> None:
        proxy.delay_s = LATENCY_S

    def fast() -> None:
        proxy.delay_s = 0.0

    return [
        ("SIGSTOP", stack.valkey.freeze, stack.valkey.thaw),
        ("stalled line", proxy.stall, proxy.flow),
        ("500 ms latency", slow, fast),
    ]


async def _run(
    stack: Stack, company: Company, seed: int, scale: float, troubles: list[Trouble]
) -> Outcome:
    out = Outcome()
    async with scene(stack, company, seed, screens=scaled(SCREENS, scale, 5)) as made:
        work = [asyncio.create_task(made.tap_on(PAUSE_S)), asyncio.create_task(made.drive())]
        await asyncio.sleep(CALM_S)
        calm = len(made.answers.changes)
        # Their doorbells, too, ring before the trouble.
        await asyncio.sleep(AT_ONCE_S)
        for trouble in troubles:
            await _suffer(out, made, max(4.0, SECONDS * scale), trouble)
        made.stop.set()
        await asyncio.gather(*work)
        healed = await made.heal()
    exactness(out, made, healed=healed)
    bad = [f"{s} x {n}" for s, n in made.answers.statuses.items() if not 200 <= s < 300]
    out.faults("answers other than 2xx", bad)
    deaf_without_comparing(out, made, calm)
    return out


async def _suffer(out: Outcome, made: Scene, seconds: float, trouble: Trouble) -> None:
    name, begin, end = trouble
    before = len(made.answers.seconds)
    await asyncio.to_thread(begin)
    await asyncio.sleep(seconds)
    took_s = made.answers.seconds[before:]
    await asyncio.to_thread(end)
    out.time_s(f"POST p99, {name}", percentile(took_s, 99), 1.5)
    out.note(f"POSTs, {name}", len(took_s))
    ended = time.monotonic()
    backlog = made.answers.changes[:]
    await until(lambda: _clear(made, backlog), 2 * CLEAR_S)
    out.time_s(f"backlog clear, {name}", time.monotonic() - ended, CLEAR_S)


def _clear(made: Scene, backlog: Sequence[Change]) -> bool:
    newest = {change.trip_id: change for change in backlog}
    shown = all(screen.shows(list(newest.values())) for screen in made.screens)
    return shown and made.stack.valkey.queued("high") <= AT_WORK


ROW = Row(
    4,
    fault="Valkey SIGSTOP 20 s, stalled line, 500 ms latency",
    reach="POST p99 < 1.5 s, all 2xx; backlog clear < 15 s",
    bound_s=140,
    run=run,
    quick=0.2,
    quiet=True,
)
