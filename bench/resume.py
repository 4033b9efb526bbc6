"""(f): a thousand clients that were cut off come back at once."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.common import Bench, board_watchers, tap_request, token_of, watching
from bench.fixes import Crew
from bench.phones import Tally, answered, open_phones
from bench.results import Row
from bench.sockets import Since, Watcher, drop_all, open_all
from bench.stage import Running
from bench.stats import percentile
from bench.wire import request

CLIENTS = 1_000
MISSED = 20
WITHIN_S = 30.0
TARGET_S = 3.0
#: (server, beside the text-book?)
SERVERS = (("uvicorn", True), ("daphne", False))
_SEQ = re.compile(rb'^\{"type":"trip\.event","seq":(\d+)')


@dataclass
class Healed:
    """Takes frames; per socket the numbers of the status frames that it was sent."""

    numbers: dict[Watcher, list[int]] = field(default_factory=dict)
    at: dict[Watcher, float] = field(default_factory=dict)

    def __call__(self, watcher: Watcher, payload: bytes) -> None:
        """One frame of one socket."""
        found = _SEQ.match(payload)
        if found:
            self.numbers.setdefault(watcher, []).append(int(found[1]))
            self.at[watcher] = time.monotonic()


def resume(bench: Bench) -> None:
    """(f) seconds until the last client shows what it missed."""
    for server, beside in SERVERS:
        what = f"(f) {CLIENTS:,} clients come back, {MISSED} status changes missed, {server}"
        found, notes = {}, []
        for system in bench.systems[: 2 if beside else 1]:
            bench.say(f"{what}: {system.name}")
            with bench.stage.serving(system, server) as running:
                measure = come_back if system.ours else _load_again
                seconds, right = asyncio.run(measure(running, bench.taps(system)))
            found[system.name] = percentile(seconds, 100)
            notes.append(f"{system.name}: {right} of {CLIENTS:,} right")
        if "textbook" in found:
            notes.append("a textbook client has no resume: it loads the list of trips again")
        bench.results.add(
            Row(what, "s until the last", found["ours"], found.get("textbook"),
                f"<= {TARGET_S:g}, all right", note="; ".join(notes))
        )  # fmt: skip


async def come_back(
    running: Running, taps: Iterator[tuple[Crew, str]], count: int = CLIENTS
) -> tuple[list[float], int]:
    """(seconds of each client, how many got exactly what they missed, in order)."""
    before = board_watchers(running.system, count, Healed())
    async with watching(running, before):
        epoch = str(before[0].hello["epoch"])
    await tap(running, taps, 1)
    probe = board_watchers(running.system, 1, Healed())
    async with watching(running, probe):
        since = int(str(probe[0].hello["seq"]))
    await tap(running, taps, MISSED)
    healed, start = Healed(), time.monotonic()
    clients = [
        Watcher("/ws/dispatch/", token_of(running.system, n), healed, Since(epoch, since))
        for n in range(count)
    ]
    await open_all(running.port, clients, count)
    wanted = list(range(since + 1, since + 1 + MISSED))
    right = [client for client in clients if healed.numbers.get(client, [])[:MISSED] == wanted]
    drop_all(clients)
    return [healed.at[client] - start for client in right], len(right)


async def tap(running: Running, taps: Iterator[tuple[Crew, str]], count: int) -> None:
    """Tap `count` times, as fast as each is answered; RuntimeError where one is refused."""
    tally = Tally()
    (hand,) = await open_phones(running.port, 1, tally)
    for crew, action in itertools.islice(taps, count):
        hand.offer(tap_request(crew, action), time.monotonic())
    await answered(tally, WITHIN_S)
    hand.end()
    if tally.good != count:
        raise RuntimeError(f"taps failed: {tally.statuses}")


async def _load_again(
    running: Running, taps: Iterator[tuple[Crew, str]]
) -> tuple[list[float], int]:
    """The same for clients that connect and load the whole list."""
    before = board_watchers(running.system, CLIENTS, Healed())
    async with watching(running, before):
        pass
    await tap(running, taps, MISSED)
    start, tally = time.monotonic(), Tally()
    clients = board_watchers(running.system, CLIENTS, Healed())
    await open_all(running.port, clients, CLIENTS)
    phones = await open_phones(running.port, CLIENTS, tally)
    for phone, crew in zip(phones, itertools.cycle(running.system.fleet.crews), strict=False):
        phone.offer(request("GET", "/api/trips/", crew.token), start)
    await answered(tally, WITHIN_S)
    for phone in phones:
        phone.end()
    drop_all(clients)
    return tally.seconds, tally.good
