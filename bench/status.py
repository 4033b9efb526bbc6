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


@dataclass(frozen=True)
class Shown:
    """Latencies over all sockets, and what went wrong."""

    latency: Latency
    remark: str


def status(bench: Bench) -> None:
    """(e) with the fleet alone, then with 10,000 low-priority tasks in the queue."""
    found = {}
    for system in bench.systems:
        bench.say(f"(e) status taps while GPS runs: {system.name}")
        with bench.stage.serving(system, "uvicorn") as running:
            found[system.name] = asyncio.run(_measure(bench, running))
    for number, low_tasks in enumerate(TARGETS):
        _add_rows(bench, low_tasks, {name: both[number] for name, both in found.items()})


def _add_rows(bench: Bench, low_tasks: int, found: dict[str, Shown]) -> None:
    more = f" and {low_tasks:,} low tasks queued" if low_tasks else ""
    textbook = found.get("textbook")
    notes = [f"{name}: {one.remark}" for name, one in found.items() if one.remark]
    if textbook:
        notes.insert(0, f"textbook with GPS at {TEXTBOOK_GPS_RATE}/s only")
    for name in ("p50_ms", "p99_ms"):
        row = Row(
            f"(e) status tap to all sockets, GPS at {GPS_RATE:,}/s{more}",
            name.replace("_ms", ", ms"),
            getattr(found["ours"].latency, name),
            getattr(textbook.latency, name) if textbook else None,
            TARGETS[low_tasks] if name == "p99_ms" else "",
            note="; ".join(notes),
        )
        bench.results.add(row)


async def _measure(bench: Bench, running: Running) -> list[Shown]:
    """Without and with the low tasks, over the same sockets."""
    system, fixes = running.system, Tally()
    events = Events(Positions())
    boards = board_watchers(system, BOARDS, events)
    watchers = [*boards, *trip_watchers(system, TRIPS, events)]
    async with phoning(running, fixes) as phones, watching(running, watchers):
        await reopen(phones)
        alone = await tap_and_drive(running, phones, events, bench.taps(system))
        fill = ["-m", "bench.low_queue", str(LOW_TASKS)]
        await asyncio.to_thread(bench.stage.run, "queue", fill, system)
        await reopen(phones)
        crowded = await tap_and_drive(running, phones, events, bench.taps(system))
    left = f"{running.queued(system.slow_queue):,} low tasks left at the end"
    return [alone, Shown(crowded.latency, f"{crowded.remark} {left}".strip())]


async def tap_and_drive(
    running: Running, phones: list[Phone], events: Events, taps: Iterator[tuple[Crew, str]]
) -> Shown:
    """Tap for some seconds while the fleet reports: how late every socket shows it."""
    rate = GPS_RATE if running.system.ours else TEXTBOOK_GPS_RATE
    tapped, expected = Tally(), int(TAPS_PER_S * SECONDS) * (BOARDS + 1)
    events.dues, events.seconds = {}, []
    hands = await open_phones(running.port, TAPS_PER_S, tapped)
    sender = FleetSender(running, phones, events.positions)
    driving = asyncio.create_task(pace(rate, SECONDS + 1, sender))
    await asyncio.sleep(1)
    await pace(TAPS_PER_S, SECONDS, _tapper(hands, taps, events))
    await driving
    await answered(tapped, LATE_S)
    await wait_until(lambda: len(events.seconds) >= expected, LATE_S)
    for hand in hands:
        hand.end()
    remark, missing = remark_of(tapped), expected - len(events.seconds)
    if missing > 0:
        remark += f" {missing} of {expected} not shown within {LATE_S:g} s"
    return Shown(Latency.of(events.seconds), remark.strip())


def _tapper(
    hands: list[Phone], taps: Iterator[tuple[Crew, str]], events: Events
) -> Callable[[int, float], None]:
    turn = itertools.cycle(hands)

    def tap(n: int, due: float) -> None:
        crew, action = next(taps)
        events.dues[crew.trip_id] = due
        next(turn).offer(tap_request(crew, action), due)

    return tap
