"""(d) one board frame to very many sockets, and (g) what a socket costs while nothing happens."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bench.common import (
    Bench,
    FleetSender,
    Positions,
    board_watchers,
    phoning,
    reopen,
    trip_watchers,
    watching,
)
from bench.phones import Tally, answered, pace
from bench.procs import memory_kb
from bench.results import Row
from bench.sockets import Watcher
from bench.stage import Running
from bench.stats import Cost, Latency, per_unit_us

#: (server, sockets, frames per second, target in CPU µs per delivery, beside the text-book?)
SIZES = (
    ("uvicorn", 1_000, 10, "<= 12, 0 lost", True),
    ("uvicorn", 5_000, 4, "", False),
    ("daphne", 1_000, 10, "<= 40, 0 lost", False),
)
SECONDS = 4.0
LATE_S = 3.0
IDLE_SERVERS = (("uvicorn", True), ("daphne", False))
IDLE_FIRST, IDLE_MORE, IDLE_S = 100, 1_000, 2.0


@dataclass(frozen=True)
class Fanned:
    """Latency and CPU over all deliveries, and the percentage that never came."""

    latency: Latency
    cost: Cost
    lost_percent: float


def fanout(bench: Bench) -> None:
    """(d) frames with one position each."""
    for server, sockets, rate, target, beside in SIZES:
        what = f"(d) board frame to {sockets:,} sockets, {rate}/s, {server}"
        found = {}
        for system in bench.systems[: 2 if beside else 1]:
            bench.say(f"{what}: {system.name}")
            with bench.stage.serving(system, server) as running:
                found[system.name] = asyncio.run(_fan(running, sockets, rate))
            bench.results.add_cost(f"{what}, {system.name}", found[system.name].cost)
        _add_rows(bench, what, found, target)


def _add_rows(bench: Bench, what: str, found: dict[str, Fanned], target: str) -> None:
    ours, textbook = found["ours"], found.get("textbook")
    add = bench.results.add
    cost = textbook.cost["web"] if textbook else None
    add(Row(what, "web CPU, µs per delivery", ours.cost["web"], cost, target))
    lost = textbook.lost_percent if textbook else None
    add(Row(what, "lost or overtaken, %", ours.lost_percent, lost, "0"))
    late = textbook.latency.p99_ms if textbook else None
    add(Row(what, "p99, ms", ours.latency.p99_ms, late))


async def _fan(running: Running, sockets: int, rate: float) -> Fanned:
    positions, tally = Positions(), Tally()
    watchers = board_watchers(running.system, sockets, positions)
    async with phoning(running, tally) as phones, watching(running, watchers):
        await reopen(phones)
        before = running.cpu_s()
        await pace(rate, SECONDS, FleetSender(running, phones, positions))
        await answered(tally, LATE_S)
        expected = int(rate * SECONDS) * sockets
        await positions.until(expected, LATE_S)
        came = positions.seconds
        cost = per_unit_us(before, running.cpu_s(), len(came))
    return Fanned(Latency.of(came), cost, 100 * (1 - len(came) / expected))


def memory(bench: Bench) -> None:
    """(g) authenticated sockets of trips, idle."""
    for server, beside in IDLE_SERVERS:
        what = f"(g) idle socket, {server}"
        found = {}
        for system in bench.systems[: 2 if beside else 1]:
            bench.say(f"{what}: {system.name}")
            with bench.stage.serving(system, server) as running:
                found[system.name] = asyncio.run(_idle_kb(running))
        row = Row(what, "KB of the web process", found["ours"], found.get("textbook"), "<= 30")
        bench.results.add(row)


async def _idle_kb(running: Running) -> float:
    """KB per socket, beyond the first ones, which fill pools and caches."""
    first = trip_watchers(running.system, IDLE_FIRST, _ignore)
    more = trip_watchers(running.system, IDLE_MORE, _ignore)
    async with watching(running, first):
        before = memory_kb(running.parts["web"])
        async with watching(running, more):
            await asyncio.sleep(IDLE_S)
            return (memory_kb(running.parts["web"]) - before) / IDLE_MORE


def _ignore(watcher: Watcher, payload: bytes) -> None:
    """Nothing to measure."""
