"""(c): from a phone's POST to the sockets, at a given rate."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bench.common import (
    Bench,
    FleetSender,
    Positions,
    board_watchers,
    phoning,
    remark_of,
    reopen,
    trip_watchers,
    watching,
)
from bench.phones import Tally, answered, pace
from bench.results import Row
from bench.stage import Running
from bench.stats import Cost, Latency, per_unit_us

#: (server, fixes per second, targets of p50 and p99 in ms)
OURS = (
    ("uvicorn", 200, "", ""),
    ("uvicorn", 1_000, "<= 15", "<= 35"),
    ("uvicorn", 4_000, "", "<= 70"),
    ("daphne", 1_000, "", "<= 120"),
)
#: The text-book's lag grows without bound above its capacity; it is shown above and below.
TEXTBOOK = {("uvicorn", 200): 200, ("uvicorn", 1_000): 50}
TRIPS, BOARDS = 400, 5
SECONDS = 5.0
LATE_S = 3.0


@dataclass(frozen=True)
class Delivered:
    """Latencies over all sockets, what is missing, and CPU per fix."""

    latency: Latency
    cost: Cost
    remark: str


def e2e(bench: Bench) -> None:
    """(c) 400 trip watchers and 5 boards."""
    for server, rate, p50, p99 in OURS:
        found = {}
        for system in bench.systems:
            tried = rate if system.ours else TEXTBOOK.get((server, rate))
            if tried is None:
                continue
            what = f"(c) {tried}/s, {server}, {system.name}"
            bench.say(what)
            with bench.stage.serving(system, server) as running:
                found[system.name] = asyncio.run(measure(running, tried))
            bench.results.add_cost(what, found[system.name].cost)
        _add_rows(bench, server, rate, found, (p50, p99))


def _add_rows(
    bench: Bench, server: str, rate: int, found: dict[str, Delivered], targets: tuple[str, str]
) -> None:
    textbook = found.get("textbook")
    slower = TEXTBOOK.get((server, rate))
    note = "; ".join(f"{name}: {one.remark}" for name, one in found.items() if one.remark)
    if textbook and slower != rate:
        note = f"textbook at {slower}/s only; {note}"
    for name, target in zip(("p50_ms", "p99_ms"), targets, strict=True):
        bench.results.add(
            Row(
                f"(c) POST to socket at {rate:,}/s, {TRIPS} trips + {BOARDS} boards, {server}",
                name.replace("_ms", ", ms"),
                getattr(found["ours"].latency, name),
                getattr(textbook.latency, name) if textbook else None,
                target,
                note=note,
            )
        )


async def measure(running: Running, rate: float) -> Delivered:
    """Post at `rate` for a few seconds; every socket's delivery counts."""
    positions, tally = Positions(), Tally()
    boards = board_watchers(running.system, BOARDS, positions)
    watchers = [*boards, *trip_watchers(running.system, TRIPS, positions)]
    async with phoning(running, tally) as phones, watching(running, watchers):
        await reopen(phones)
        before = running.cpu_s()
        await pace(rate, SECONDS, FleetSender(running, phones, positions))
        await answered(tally, LATE_S)
        expected = int(rate * SECONDS) * (BOARDS + 1)
        await positions.until(expected, LATE_S)
        cost = per_unit_us(before, running.cpu_s(), rate * SECONDS)
    missing = expected - len(positions.seconds)
    remark = remark_of(tally)
    if missing:
        remark += f" {missing} of {expected} overtaken by a newer one, or late by {LATE_S:g} s"
    return Delivered(Latency.of(positions.seconds), cost, remark.strip())
