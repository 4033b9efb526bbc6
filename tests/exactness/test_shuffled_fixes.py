"""A fleet's backlog, shuffled, sent twice and partly by wrong clocks, ends where the vans stand."""

from __future__ import annotations

import asyncio
import os
import time
from random import Random

import httpx
import pytest

from tests.cast import Cast, on_shift, person
from prove.checker import Position, check_positions
from prove.screens import Screen
from tests.fixtures_processes import CeleryWorker, WebServer
from trips.lifecycle import Action
from trips.models import Driver, GpsFix, Vehicle
from trips.realtime.messages import iso_s
from trips.services import Tap, act
from users.models import User
from users.roles import Role

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

VANS = 100 if os.environ.get("ATW_SLOW") else 10
#: Each is sent twice, so 50,000 arrive, or half a million. The way lasts less than any wrong
#: clock is off: a wrong time within it would be another truth.
FIXES_PER_VAN = 2_500
PER_REQUEST = 1_000
AT_ONCE = 10
BAD_CLOCKS = 0.05
#: Hours and weeks off, in both directions, and the start of the epoch.
OFFSETS_S = (-40 * 86_400.0, -7_200.0, 3_600.0, 6 * 86_400.0, -1.7e9)
METRES_NORTH_DEG = 1e-4  # about 11 m a second


class Van:
    """One van, its driver's phone, and what really happened."""

    def __init__(self, cast: Cast, n: int) -> None:
        self.vehicle = Vehicle.objects.create(name=f"Shuffle {n}", capacities=[{"amb": 4}])
        self.user: User = person(f"shuffler{n}", Role.DRIVER)
        driver = Driver.objects.create(user=self.user)
        on_shift([(driver, self.vehicle)])
        self.trip_id = cast.book().pk
        tap = Tap(action=Action.ASSIGN, driver_id=driver.pk, vehicle_id=self.vehicle.pk)
        for step in (Tap(action=Action.SCHEDULE), tap):
            act(trip_id=self.trip_id, user=cast.dina, tap=step)
        act(trip_id=self.trip_id, user=self.user, tap=Tap(action=Action.START))
        self.headers = cast.headers(self.user)
        began_s = round(time.time()) - FIXES_PER_VAN
        self.track = [
            Position(self.vehicle.pk, iso_s(began_s + n), 57.0 + n * METRES_NORTH_DEG, 11.97)
            for n in range(FIXES_PER_VAN)
        ]
        self._began_s = began_s

    def backlog(self, rng: Random) -> list[dict[str, object]]:
        """All fixes twice and out of order; some of them stamped by a wrong clock."""
        fixes = []
        for n, true in enumerate(self.track):
            # The last one stays right: it is the answer.
            wrong = rng.random() < BAD_CLOCKS and n < len(self.track) - 1
            at = iso_s(self._began_s + n + rng.choice(OFFSETS_S)) if wrong else true.at
            fix: dict[str, object] = {
                "latitude": true.latitude,
                "longitude": true.longitude,
                "recorded_at": at,
            }
            fixes += [fix, fix]
        rng.shuffle(fixes)
        return fixes


async def _post(
    http: httpx.AsyncClient, van: Van, seed: int, turn: asyncio.Semaphore
) -> dict[str, int]:
    """Post the backlog of one van; what became of its fixes."""
    async with turn:
        return await _post_all(http, van, seed)


async def _post_all(http: httpx.AsyncClient, van: Van, seed: int) -> dict[str, int]:
    total = {"accepted": 0, "duplicates": 0, "quarantined": 0}
    backlog = van.backlog(Random(seed))
    for start in range(0, len(backlog), PER_REQUEST):
        answer = await http.post(
            f"/api/trips/{van.trip_id}/gps/",
            json=backlog[start : start + PER_REQUEST],
            headers=van.headers,
        )
        assert answer.status_code == 202, answer.text
        counts = answer.json()
        total["accepted"] += counts["accepted"]
        total["duplicates"] += counts["duplicates"]
        total["quarantined"] += len(counts["quarantined"])
    return total


def test_fifty_thousand_shuffled_fixes_end_in_the_true_last_positions(
    web_server: WebServer, celery_worker_process: CeleryWorker, cast: Cast
) -> None:
    vans = [Van(cast, n) for n in range(VANS)]
    board, token = f"{web_server.ws_url}/ws/dispatch/", cast.token(cast.dina)

    async def send_all() -> tuple[list[dict[str, int]], Screen]:
        async with (
            Screen(board, token) as screen,
            httpx.AsyncClient(base_url=web_server.base_url, timeout=30) as http,
        ):
            await screen.wait_until(lambda state: state.status == "live")
            turn = asyncio.Semaphore(AT_ONCE)
            posts = (_post(http, van, seed, turn) for seed, van in enumerate(vans))
            totals = await asyncio.gather(*posts)
            await screen.wait_until(
                lambda state: all(
                    state.vehicles[van.vehicle.pk]["recorded_at"] == van.track[-1].at
                    for van in vans
                ),
                20,
            )
        return totals, screen

    totals, screen = asyncio.run(send_all())
    for van, total in zip(vans, totals, strict=True):
        assert sum(total.values()) == 2 * FIXES_PER_VAN, "something answered 2xx disappeared"
        stored = GpsFix.objects.filter(device__driver__user=van.user).count()
        assert stored == total["accepted"]
    truth = [position for van in vans for position in van.track]
    assert check_positions(truth, screen.positions) == []
