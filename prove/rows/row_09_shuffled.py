"""Row 9: a fleet's backlog, shuffled, sent twice and partly by wrong clocks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random

import httpx

from prove.checker import check_positions
from prove.row import Outcome, Row, scaled
from prove.screens import Screen
from prove.shuffled import Van
from prove.stack import Stack
from tests.cast import open_company
from trips.models import GpsFix

FIXES, VANS = 50_000, 20
PER_REQUEST = 500
AT_ONCE = 8
LAST_WITHIN_S = 60.0
Counts = dict[str, int]


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """Each van posts what it gathered; a board looks on."""
    stack.start(web=2, workers=("high",))
    cast = open_company()
    # Each is sent twice.
    each = scaled(FIXES, scale, VANS * 40) // VANS // 2
    vans = [Van(cast, n, each) for n in range(VANS)]
    token = cast.token(cast.dina)
    posted, screen, at_last = asyncio.run(_send(stack, vans, token, seed))
    out = Outcome()
    out.expect("fixes answered", sum(sum(one.values()) for one in posted), each * VANS * 2)
    out.expect("fixes kept", _stored(vans), sum(one["accepted"] for one in posted))
    out.expect("last position is the true last", at_last, True)
    truth = [position for van in vans for position in van.track]
    out.faults("markers backwards or elsewhere", check_positions(truth, screen.positions))
    out.control("fixes that were not believed", sum(one["quarantined"] for one in posted))
    out.note("markers drawn", len(screen.positions))
    return out


def _stored(vans: Sequence[Van]) -> int:
    drivers = [van.user.pk for van in vans]
    return GpsFix.objects.filter(device__driver__user__in=drivers).count()


async def _send(
    stack: Stack, vans: Sequence[Van], token: str, seed: int
) -> tuple[list[Counts], Screen, bool]:
    turn = asyncio.Semaphore(AT_ONCE)
    async with (
        Screen(f"{stack.ws_url}/ws/dispatch/", token) as screen,
        httpx.AsyncClient(base_url=stack.url, timeout=60) as http,
    ):
        await screen.wait_until(lambda state: state.status == "live", LAST_WITHIN_S)
        posts = (_post(http, van, Random(seed * 1_000 + n), turn) for n, van in enumerate(vans))
        posted = await asyncio.gather(*posts)
        at_last = await _shows_last(screen, vans)
    return posted, screen, at_last


async def _shows_last(screen: Screen, vans: Sequence[Van]) -> bool:
    def all_there() -> bool:
        shown = screen.state.vehicles
        return all(shown[van.vehicle.pk]["recorded_at"] == van.track[-1].at for van in vans)

    try:
        await screen.wait_until(lambda _state: all_there(), LAST_WITHIN_S)
    except TimeoutError:
        return False
    return True


async def _post(http: httpx.AsyncClient, van: Van, rng: Random, turn: asyncio.Semaphore) -> Counts:
    """What became of the van's fixes."""
    total = {"accepted": 0, "duplicates": 0, "quarantined": 0}
    backlog = van.backlog(rng)
    for start in range(0, len(backlog), PER_REQUEST):
        async with turn:
            answer = await http.post(
                f"/api/trips/{van.trip_id}/gps/",
                json=backlog[start : start + PER_REQUEST],
                headers=van.headers,
            )
        counts = answer.raise_for_status().json()
        total["accepted"] += counts["accepted"]
        total["duplicates"] += counts["duplicates"]
        total["quarantined"] += len(counts["quarantined"])
    return total


ROW = Row(
    9,
    fault="50,000 shuffled, duplicated fixes, 5 % bad clocks, 20 vehicles",
    reach="no marker backwards; last = true last",
    bound_s=60,
    run=run,
    quick=0.1,
)
