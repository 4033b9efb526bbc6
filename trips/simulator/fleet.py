"""A fleet of simulated drivers and one dispatcher, living through days over real HTTP."""

import asyncio
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import httpx

from trips.simulator.api import Api, Login, Stats, new_client
from trips.simulator.desk import Crew, Desk
from trips.simulator.driver import Driver, Pace
from trips.simulator.phone import BAD_NETWORK, GOOD_NETWORK, Phone
from trips.simulator.roads import load
from trips.simulator.route import Place

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """What `manage.py simulate` asks for; `seconds` 0: until stopped."""

    base_url: str
    vehicles: int = 25
    rate_hz: float = 1.0
    seconds: float = 0.0
    time_scale: float = 1.0
    faults: bool = False
    streets: str = ""
    seed: int | None = None


async def run(options: Options, credentials: Json) -> Json:
    """Drive until the time is over or a SIGTERM or SIGINT comes; returns the summary.

    `credentials` is what `manage.py seed_demo --json` prints. Raises `Refused` where the
    dispatcher's login is not accepted.
    """
    stats = Stats()
    started = time.monotonic()
    async with new_client(options.base_url) as client:
        fleet = Fleet(options, credentials, client, stats)
        await _until_stopped(asyncio.create_task(fleet.work_forever()), options.seconds)
    return _summary(stats, options, time.monotonic() - started)


class Fleet:
    """The drivers, their phones and the dispatcher's desk, on one connection pool."""

    def __init__(
        self, options: Options, credentials: Json, client: httpx.AsyncClient, stats: Stats
    ) -> None:
        self._options = options
        self._users = credentials["users"]
        self._trackers = {v["id"]: v["device_token"] for v in credentials["vehicles"]}
        self._client = client
        self._stats = stats
        self._rng = Random(options.seed)
        self._roads = load(Path(options.streets) if options.streets else None)
        self._desk = Desk(self._api(self._users["dispatcher"][0]), self._roads, self._rng)

    async def work_forever(self) -> None:
        """All drivers at once. Raises `Refused` where the dispatcher may not see the fleet."""
        crews = await self._desk.crews()
        async with asyncio.TaskGroup() as group:
            for user in self._users["driver"][: self._options.vehicles]:
                driver = self._driver(user, crews.get(user["username"]))
                group.create_task(driver.work_forever())
                group.create_task(driver.phone.send_forever())

    def _driver(self, user: Json, crew: Crew | None) -> Driver:
        api = self._api(user)
        faults = BAD_NETWORK if self._options.faults else GOOD_NETWORK
        # Where the vehicle was last seen: a restart must not look like a jump across town.
        here = (crew and crew.last_seen) or self._roads.random_point(self._rng)
        return Driver(
            api=api,
            phone=Phone(api, faults, self._rng, time.time),
            roads=self._roads,
            pace=Pace(self._options.rate_hz, self._options.time_scale),
            rng=self._rng,
            place=Place(*here, 0.0, 0.0),
            book=self._desk.book,
            crew=crew,
            device_token=self._trackers.get(crew.vehicle_id, "") if crew else "",
        )

    def _api(self, user: Json) -> Api:
        login = Login(user["username"], user["password"], user.get("token", ""))
        return Api(self._client, login, self._stats, self._rng)


async def _until_stopped(work: asyncio.Task[None], seconds: float) -> None:
    """Wait for a signal, the end of the time, or the work's own failure, which is raised."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait(
        {work, stopped}, timeout=seconds or None, return_when=asyncio.FIRST_COMPLETED
    )
    stopped.cancel()
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work


def _summary(stats: Stats, options: Options, seconds: float) -> Json:
    return {
        "vehicles": options.vehicles,
        "seconds": round(seconds, 1),
        "latency_ms": {"p50": stats.percentile_ms(0.5), "p99": stats.percentile_ms(0.99)},
        **dict.fromkeys(("posted", "accepted", "duplicates", "quarantined", "retried"), 0),
        **dict(sorted(stats.counts.items())),
    }
