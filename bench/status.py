"""(e): from a driver's tap to every socket that shows the trip, while the fleet reports."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bench.common import (
    Bench,
    FleetSender,
    Positions,
    board_watchers,
    phoning,
    remark_of,
    reopen,
    tap_request,
    trip_watchers,
    watching,
)
from bench.fixes import Crew
from bench.phones import Phone, Tally, answered, open_phones, pace, wait_until
from bench.results import Row
from bench.sockets import Watcher
from bench.stage import Running
from bench.stats import Latency

TRIPS, BOARDS = 400, 5
GPS_RATE = 1_000
#: The text-book cannot take 1,000/s; this leaves it room to answer.
TEXTBOOK_GPS_RATE = 50
TAPS_PER_S, SECONDS, LATE_S = 10, 6.0, 3.0
LOW_TASKS = 10_000
TARGETS = {0: "<= 40", LOW_TASKS: "as above"}
_TRIP_EVENT = re.compile(rb'^\{"type": ?"trip[._]event".*?"trip_id": ?(\d+)')


@dataclass
class Events:
    """Takes frames; measures status changes, passes on positions."""

    positions: Positions
    dues: dict[int, float] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def __call__(self, watcher: Watcher, payload: bytes) -> None:
        """One frame of one socket."""
        found = _TRIP_EVENT.match(payload)
        if found is None:
            self.positions(watcher, payload)
        elif (due := self.dues.get(int(found[1]))) is not None:
            self.seconds.append(time.monotonic() - due)


def status(bench: Bench) -> None:
    """(e) with the fleet alone, then with 10,000 low-priority tasks in the queue."""
    for low_tasks in TARGETS:
        found = {}
        for system in bench.systems:
            bench.say(f"(e) status taps with {low_tasks} low tasks: {system.name}")
            with bench.stage.serving(system, "uvicorn") as running:
                if low_tasks:
                    bench.stage.run("queue", ["-m", "bench.low_queue", str(low_tasks)], system)
                latency, remark = asyncio.run(_measure(running, bench.taps(system)))
                if low_tasks:
                    remark += f" {running.queued(system.slow_queue):,} low tasks left at the end"
                found[system.name] = latency, remark.strip()
        _add_rows(bench, low_tasks, found)


def _add_rows(bench: Bench, low_tasks: int, found: dict[str, tuple[Latency, str]]) -> None:
    more = f" and {low_tasks:,} low tasks queued" if low_tasks else ""
    notes = [f"{name}: {remark}" for name, (_, remark) in found.items() if remark]
    if "textbook" in found:
        notes.insert(0, f"textbook with GPS at {TEXTBOOK_GPS_RATE}/s only")
    for name in ("p50_ms", "p99_ms"):
        bench.results.add(
            Row(
                f"(e) status tap to all sockets, GPS at {GPS_RATE:,}/s{more}",
                name.replace("_ms", ", ms"),
                getattr(found["ours"][0], name),
                getattr(found["textbook"][0], name) if "textbook" in found else None,
                TARGETS[low_tasks] if name == "p99_ms" else "",
                note="; ".join(notes),
            )
        )


async def _measure(running: Running, taps: Iterator[tuple[Crew, str]]) -> tuple[Latency, str]:
    positions, fixes, tapped = Positions(), Tally(), Tally()
    events = Events(positions)
    boards = board_watchers(running.system, BOARDS, events)
    watchers = [*boards, *trip_watchers(running.system, TRIPS, events)]
    rate = GPS_RATE if running.system.ours else TEXTBOOK_GPS_RATE
    async with phoning(running, fixes) as phones, watching(running, watchers):
        await reopen(phones)
        hands = await open_phones(running.port, TAPS_PER_S, tapped)
        sender = FleetSender(running, phones, positions)
        driving = asyncio.create_task(pace(rate, SECONDS + 1, sender))
        await asyncio.sleep(1)
        await pace(TAPS_PER_S, SECONDS, _tapper(hands, taps, events))
        await driving
        await answered(tapped, LATE_S)
        expected = int(TAPS_PER_S * SECONDS) * (BOARDS + 1)
        await wait_until(lambda: len(events.seconds) >= expected, LATE_S)
    missing = expected - len(events.seconds)
    remark = remark_of(tapped)
    if missing > 0:
        remark += f" {missing} of {expected} not shown within {LATE_S:g} s"
    return Latency.of(events.seconds), remark.strip()


def _tapper(
    hands: list[Phone], taps: Iterator[tuple[Crew, str]], events: Events
) -> Callable[[int, float], None]:
    turn = itertools.cycle(hands)

    def tap(n: int, due: float) -> None:
        crew, action = next(taps)
        events.dues[crew.trip_id] = due
        next(turn).offer(tap_request(crew, action), due)

    return tap
