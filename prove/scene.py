"""A company under load: dispatchers who tap, a driver who drives, and screens that look on."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from prove.crew import Answers, Dina, OmarsPhone
from prove.ledger import Judgement, Ledger, judge
from prove.parts import LAYER_DB
from prove.row import Outcome
from prove.screens import DoorbellEar, NaiveScreen, Screen
from prove.stack import Stack
from tests.cast import Cast, open_company, person
from trips.models import Patient
from users.roles import Role

TAPPERS = 6
TRIPS_EACH = 12
#: An even number leaves the trip as it was.
TAPS_AT_ONCE = 4
DISPATCHERS = 10
#: One heartbeat, a compare of heads and a restart, on a busy machine.
HEAL_S = 45.0
LIVE_S = 30.0
#: A doorbell that takes longer is still in the wake of what befell an earlier scene.
AT_ONCE_S = 1.0
BOARDS_HEAD = "SELECT max(seq) FROM trips_streamentry WHERE stream_id = 'board'"


@dataclass
class Company:
    """Who may watch, what may be tapped, and what Omar drives."""

    cast: Cast
    tokens: list[str]
    trips: list[int]
    driven: int

    @classmethod
    def found(cls, trips: int = TAPPERS * TRIPS_EACH) -> Company:
        """Write it into the database. Its patient gets no mail, which is another row's."""
        cast = open_company()
        dispatchers = [person(f"dispatcher{n}", Role.DISPATCHER) for n in range(DISPATCHERS)]
        quiet = Patient.objects.create(name="Quinn Ek", address="Götgatan 12")
        booked = [cast.book(patient=quiet).pk for _ in range(trips)]
        driven = cast.trip_in("in_progress").pk
        cast.token(cast.omar)
        return cls(cast, [cast.token(user) for user in dispatchers], booked, driven)


@dataclass
class Scene:
    """Everybody in their places."""

    stack: Stack
    company: Company
    random: Random
    answers: Answers
    dinas: list[Dina]
    phone: OmarsPhone
    screens: list[Screen]
    naive: NaiveScreen
    ear: DoorbellEar
    ledgers: list[Ledger]
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    #: How many answers there were when it had settled.
    settled: int = 0

    async def settle(self) -> None:
        """Return when doorbells follow taps at once, as they do unless something is broken."""
        deadline = time.monotonic() + LIVE_S
        while time.monotonic() < deadline:
            await self.load(TAPS_AT_ONCE)
            [(head,)] = self.stack.query(BOARDS_HEAD)
            if await until(lambda head=head: self.ear.rang(head), AT_ONCE_S):  # type: ignore[misc]
                break
        self.settled = len(self.answers.changes)

    def calm(self) -> bool:
        """Whether every screen shows the last answers."""
        return not self.behind()

    def behind(self) -> list[Screen]:
        """Screens that do not."""
        newest = list({change.trip_id: change for change in self.answers.changes}.values())
        last_at = self.answers.positions[-1].at if self.answers.positions else None
        return [s for s in self.screens if not (_is_drawn(s, last_at) and s.shows(newest))]

    async def load(self, events: int, faults: Sequence[Callable[[], object]] = ()) -> None:
        """At least `events` taps, and all `faults` spread over them, one after the other."""
        share = len(self.company.trips) // len(self.dinas)
        rounds = self._rounds(events, faulting := asyncio.create_task(self._fault(events, faults)))
        tapping = [
            dina.tap_through(self.company.trips[n * share : (n + 1) * share], rounds, TAPS_AT_ONCE)
            for n, dina in enumerate(self.dinas)
        ]
        await asyncio.gather(*tapping, faulting)

    def _rounds(self, events: int, faulting: asyncio.Task[None]) -> Iterator[int]:
        for n in itertools.count(1):
            if n * TAPS_AT_ONCE > events and faulting.done():
                return
            yield n

    async def _fault(self, events: int, faults: Sequence[Callable[[], object]]) -> None:
        before = len(self.answers.changes)
        for n, fault in enumerate(faults, 1):
            due = before + events * n // (len(faults) + 1)
            await until(lambda due=due: len(self.answers.changes) >= due, LIVE_S)  # type: ignore[misc]
            await asyncio.to_thread(fault)

    async def tap_on(self, pause_s: float) -> None:
        """Every dispatcher taps now and then until `stop`."""
        share = len(self.company.trips) // len(self.dinas)
        await asyncio.gather(
            *(
                dina.tap_on(
                    self.company.trips[n * share : (n + 1) * share],
                    self.stop,
                    lambda: self.random.uniform(0, pause_s),
                )
                for n, dina in enumerate(self.dinas)
            )
        )

    async def drive(self) -> None:
        """Omar drives until `stop`."""
        await self.phone.drive(self.company.driven, self.stop)

    async def heal(self) -> bool:
        """Whether all screens came to show everything."""
        return await until(self.calm, HEAL_S)

    def judgement(self) -> Judgement:
        """What the files say so far."""
        for ledger in (self.answers.ledger, *self.ledgers):
            ledger.flush()
        return judge(self.answers.ledger.path, [ledger.path for ledger in self.ledgers])

    @property
    def away_s(self) -> list[float]:
        """Seconds that lines were away."""
        return [seconds for screen in self.screens for seconds in screen.away_s]


@asynccontextmanager
async def scene(
    stack: Stack, company: Company, seed: int, *, screens: int, url: str = "", ws_url: str = ""
) -> AsyncIterator[Scene]:
    """Everybody connected and live; the ledgers are closed at the end."""
    board, url = f"{ws_url or stack.ws_url}/ws/dispatch/", url or stack.url
    answers = Answers(Ledger(_fresh(stack.folder, "answers")))
    ledgers = [Ledger(_fresh(stack.folder, f"screen-{n:02d}")) for n in range(screens)]
    tokens, cast = itertools.cycle(company.tokens), company.cast
    made = Scene(
        stack=stack,
        company=company,
        random=Random(seed),
        answers=answers,
        dinas=[Dina(url, next(tokens), answers) for _ in range(TAPPERS)],
        phone=OmarsPhone(url, cast.token(cast.omar), answers, cast.van.pk),
        screens=[Screen(board, next(tokens), ledger) for ledger in ledgers],
        naive=NaiveScreen(board, next(tokens)),
        ear=DoorbellEar(f"{stack.valkey.url}/{LAYER_DB}"),
        ledgers=ledgers,
    )
    async with AsyncExitStack() as exits:
        for ledger in (answers.ledger, *ledgers):
            exits.callback(ledger.close)
        for sender in (*made.dinas, made.phone):
            exits.push_async_callback(sender.close)
        for screen in made.screens:
            await exits.enter_async_context(screen)
        for naive in (made.naive, made.ear):
            await exits.enter_async_context(naive)
        for screen in made.screens:
            await screen.wait_until(lambda state: state.status == "live", LIVE_S)
        await asyncio.wait_for(asyncio.gather(made.naive.ready.wait(), made.ear.ready.wait()), 10)
        yield made


def _fresh(folder: Path, name: str) -> Path:
    """A file that is not there yet: a row may set more than one scene."""
    return next(
        path
        for n in itertools.count()
        if not (path := folder / f"{name}{f'-{n}' if n else ''}.jsonl").exists()
    )


def exactness(out: Outcome, made: Scene, *, healed: bool) -> Judgement:
    """Lost, duplicated and out of order, over the files of a scene."""
    judgement = made.judgement()
    out.note("status events", judgement.answered)
    out.note("screens", len(made.screens))
    out.faults("lost, duplicated, out of order", judgement.faults)
    if not healed:
        out.faults("screens that did not come to show everything", _behind(made))
    out.faults("5xx but 503", [f"{s} x {n}" for s, n in made.answers.server_errors.items()])
    return judgement


def _behind(made: Scene) -> list[str]:
    return [f"{s.state.status} at {s.state.seq}, {s.counters}" for s in made.behind()]


def _is_drawn(screen: Screen, recorded_at: str | None) -> bool:
    drawn = {vehicle["recorded_at"] for vehicle in screen.state.vehicles.values()}
    return recorded_at is None or recorded_at in drawn


async def fresh_state_differs(made: Scene) -> list[str]:
    """Screens that show something else than one that was opened just now."""
    fresh = Screen(made.screens[0].url, made.screens[0].token)
    async with fresh:
        await fresh.wait_until(lambda state: state.status == "live", LIVE_S)
        same = [
            screen.state.trips == fresh.state.trips
            and screen.state.vehicles == fresh.state.vehicles
            for screen in made.screens
        ]
    return [f"screen {n} differs from a fresh one" for n, one in enumerate(same) if not one]


async def until(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Whether `condition` came to hold in time."""
    deadline = time.monotonic() + timeout_s
    # What is waited for happens in other processes: there is nothing to await.
    while not (holds := condition()) and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    return holds
