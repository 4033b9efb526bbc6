"""What several measurements share: who watches, what a frame tells, the first fix of each phone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bench.fixes import Crew, fix, gps_path, mark_of, marks
from bench.phones import Phone, Tally, answered, open_phones, wait_until
from bench.results import Results
from bench.sockets import (
    OPENING_AT_ONCE,
    Since,
    Watcher,
    acknowledge_forever,
    drop_all,
    open_all,
)
from bench.stage import Running, Stage, System
from bench.wire import post

#: Marks from here on are of warm-up fixes, which nobody waits for.
WARM_UP_MARK = 300_000
WARM_UP_WITHIN_S = 20.0
SETTLE_S, QUIET_S = 0.5, 1.0
ACTIONS = ("start", "arrive_pickup", "pick_up", "arrive_dropoff")


@dataclass
class Bench:
    """One run: the systems to compare, and what was found so far."""

    stage: Stage
    ours: System
    textbook: System | None
    say: Callable[[str], None]
    results: Results

    _taps: dict[str, Iterator[tuple[Crew, str]]] = field(default_factory=dict)

    def taps(self, system: System) -> Iterator[tuple[Crew, str]]:
        """What is tapped next in a system: by each driver in turn, then the next action."""
        every = ((crew, action) for action in ACTIONS for crew in system.fleet.crews)
        return self._taps.setdefault(system.name, every)

    @property
    def systems(self) -> list[System]:
        """Ours first."""
        return [self.ours] if self.textbook is None else [self.ours, self.textbook]


@dataclass
class Positions:
    """Takes frames and measures the positions in them: seconds from due to shown."""

    dues: dict[int, float] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    noted: int = 0

    def note(self, due: float) -> int:
        """The number of the next fix, which is due now."""
        self.noted += 1
        self.dues[mark_of(self.noted)] = due
        return self.noted

    def forget(self) -> None:
        """Measure afresh; what is still under way counts no more."""
        self.dues, self.seconds = {}, []

    def __call__(self, watcher: Watcher, payload: bytes) -> None:
        """One frame of one socket."""
        now = time.monotonic()
        for mark in marks(payload):
            due = self.dues.get(mark)
            if due is not None:
                self.seconds.append(now - due)

    async def until(self, count: int, within_s: float) -> None:
        """Until `count` positions were shown, none came for a second, or `within_s` went by."""
        deadline, shown = time.monotonic() + within_s, -1
        while shown < len(self.seconds) < count and time.monotonic() < deadline:
            shown = len(self.seconds)
            await wait_until(lambda: len(self.seconds) >= count, QUIET_S)


def board_watchers(
    system: System, count: int, on_frame: Callable[[Watcher, bytes], None]
) -> list[Watcher]:
    """Sockets of the whole board, each of another dispatcher as far as there are enough."""
    return [Watcher("/ws/dispatch/", token_of(system, n), on_frame, Since()) for n in range(count)]


def trip_watchers(
    system: System, count: int, on_frame: Callable[[Watcher, bytes], None]
) -> list[Watcher]:
    """Sockets of one trip each, as many per trip as it takes."""
    crews = system.fleet.crews
    return [
        Watcher(
            f"/ws/trips/{crews[n % len(crews)].trip_id}/", token_of(system, n), on_frame, Since()
        )
        for n in range(count)
    ]


def token_of(system: System, n: int) -> str | None:
    """The token of watcher `n`; the text-book's sockets have none."""
    tokens = system.fleet.watchers
    return tokens[n % len(tokens)] if tokens else None


@contextlib.asynccontextmanager
async def watching(
    running: Running, watchers: Sequence[Watcher], at_once: int = OPENING_AT_ONCE
) -> AsyncIterator[float]:
    """Open sockets that acknowledge; yields the seconds that opening took."""
    # From the start: who has not acknowledged within seconds counts as a client that never does.
    acks = asyncio.create_task(acknowledge_forever(watchers))
    try:
        seconds = await open_all(running.port, watchers, at_once)
        await asyncio.sleep(SETTLE_S)
        yield seconds
    finally:
        acks.cancel()
        drop_all(watchers)


@contextlib.asynccontextmanager
async def phoning(running: Running, tally: Tally) -> AsyncIterator[list[Phone]]:
    """A connection per crew, each having posted once: caches are warm, as all day long."""
    first = Tally()
    phones = await open_phones(running.port, len(running.system.fleet.crews), first)
    for n, (phone, crew) in enumerate(zip(phones, running.system.fleet.crews, strict=True)):
        phone.offer(post_fix(crew, n, WARM_UP_MARK + n), time.monotonic())
        if n % OPENING_AT_ONCE == 0:
            await answered(first, WARM_UP_WITHIN_S)
    await answered(first, WARM_UP_WITHIN_S)
    if not first.good:
        raise RuntimeError(f"warm-up failed: {first.bad}, {first.waiting} unanswered")
    for phone in phones:
        phone.tally = tally
    try:
        yield phones
    finally:
        for phone in phones:
            phone.end()


async def reopen(phones: Sequence[Phone]) -> None:
    """Connect again where the server closed a connection that idled meanwhile."""
    for phone in phones:
        await phone.open()
    await asyncio.sleep(SETTLE_S)


def post_fix(crew: Crew, crew_number: int, n: int) -> bytes:
    """The request that brings fix `n`, of now."""
    return post(gps_path(crew), crew.token, fix(crew_number, n, time.time()).encode())


def tap_request(crew: Crew, action: str) -> bytes:
    """The POST of one tap."""
    body = json.dumps({"action": action}).encode()
    return post(f"/api/trips/{crew.trip_id}/status/", crew.token, body)


class FleetSender:
    """Posts fix after fix, each from the next crew, and notes when it was due."""

    def __init__(self, running: Running, phones: Sequence[Phone], positions: Positions) -> None:
        self._crews = running.system.fleet.crews
        self._phones = phones
        self._positions = positions

    def __call__(self, n: int, due: float) -> None:
        """For `pace`."""
        number = n % len(self._crews)
        request = post_fix(self._crews[number], number, self._positions.note(due))
        self._phones[number].offer(request, due)


def remark_of(tally: Tally) -> str:
    """What went wrong, "" for nothing."""
    wrong = [f"{count} answered {status}" for status, count in sorted(tally.bad.items())]
    if tally.waiting:
        wrong.append(f"{tally.waiting} unanswered")
    return ", ".join(wrong)
