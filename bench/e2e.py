"""(c): from a phone's POST to the sockets, at given rates."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
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
from bench.phones import Phone, Tally, answered, pace
from bench.results import Row
from bench.stage import Running, System
from bench.stats import Cost, Latency, per_unit_us


@dataclass(frozen=True)
class Rate:
    """Fixes per second to try; the text-book gets as many, or what it can take, or none."""

    per_s: int
    textbook_per_s: int = 0
    p50_target: str = ""
    p99_target: str = ""


#: Per server, rising. Above its capacity the text-book's lag grows without bound.
RATES = {
    "uvicorn": (
        Rate(200, textbook_per_s=50),
        Rate(1_000, textbook_per_s=200, p50_target="<= 15", p99_target="<= 35"),
        Rate(4_000, p99_target="<= 70"),
    ),
    "daphne": (Rate(1_000, p99_target="<= 120"),),
}
TRIPS, BOARDS = 400, 5
SECONDS, LATE_S = 4.0, 3.0


@dataclass(frozen=True)
class Delivered:
    """Latencies over all sockets, what is missing, and CPU per fix."""

    latency: Latency
    cost: Cost
    remark: str


def e2e(bench: Bench) -> None:
    """(c) 400 trip watchers and 5 boards."""
    for server, rates in RATES.items():
        ours = _deliveries(bench, bench.ours, server, [rate.per_s for rate in rates])
        slower = [rate.textbook_per_s for rate in rates if rate.textbook_per_s]
        beside = {}
        if bench.textbook and slower:
            beside = _deliveries(bench, bench.textbook, server, slower)
        for rate in rates:
            textbook = beside.get(rate.textbook_per_s)
            _add_rows(bench, server, rate, ours[rate.per_s], textbook)


def _deliveries(
    bench: Bench, system: System, server: str, rates: Sequence[int]
) -> dict[int, Delivered]:
    bench.say(f"(c) {server}, {system.name}: {', '.join(map(str, rates))} fixes/s")
    with bench.stage.serving(system, server) as running:
        found = dict(zip(rates, asyncio.run(measure(running, rates)), strict=True))
    for rate, one in found.items():
        bench.results.add_cost(f"(c) {rate:,} fixes/s, {server}, {system.name}", one.cost)
    return found


def _add_rows(
    bench: Bench, server: str, rate: Rate, ours: Delivered, textbook: Delivered | None
) -> None:
    note = ours.remark
    if textbook:
        note += f"; textbook at {rate.textbook_per_s}/s only: {textbook.remark or 'all shown'}"
    for name, target in (("p50_ms", rate.p50_target), ("p99_ms", rate.p99_target)):
        row = Row(
            f"(c) POST to socket at {rate.per_s:,}/s, {TRIPS} trips + {BOARDS} boards, {server}",
            name.replace("_ms", ", ms"),
            getattr(ours.latency, name),
            getattr(textbook.latency, name) if textbook else None,
            target,
            note=note.strip("; "),
        )
        bench.results.add(row)


async def measure(running: Running, rates: Sequence[int]) -> list[Delivered]:
    """Post at each rate for a few seconds; every socket's delivery counts."""
    positions, tally = Positions(), Tally()
    boards = board_watchers(running.system, BOARDS, positions)
    watchers = [*boards, *trip_watchers(running.system, TRIPS, positions)]
    async with phoning(running, tally) as phones, watching(running, watchers):
        return [await _at_rate(running, phones, positions, rate) for rate in rates]


async def _at_rate(
    running: Running, phones: Sequence[Phone], positions: Positions, rate: int
) -> Delivered:
    tally, count = Tally(), int(rate * SECONDS)
    for phone in phones:
        phone.tally = tally
    positions.forget()
    await reopen(phones)
    expected, before = count * (BOARDS + 1), running.cpu_s()
    await pace(rate, SECONDS, FleetSender(running, phones, positions))
    await answered(tally, LATE_S)
    await positions.until(expected, LATE_S)
    cost = per_unit_us(before, running.cpu_s(), count)
    missing = expected - len(positions.seconds)
    remark = remark_of(tally)
    if missing:
        remark += f" {missing} of {expected} overtaken by a newer one, or later than {LATE_S:g} s"
    return Delivered(Latency.of(positions.seconds), cost, remark.strip())
