"""A driver's phone loses nothing that it recorded, however bad the network."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

from tests.simulator.scripted import Script, scripted
from trips.simulator.api import Api, Login, Stats, new_client
from trips.simulator.phone import GOOD_NETWORK, Faults, Phone
from trips.simulator.route import Place

TRIP = {"id": 7, "status": "en_route_pickup"}
PLACE = Place(57.7, 11.97, 90.0, 8.0)
SOON_S = 5.0


@asynccontextmanager
async def phone_of(script: Script, faults: Faults) -> AsyncIterator[Phone]:
    async with new_client(script.base_url) as client:
        api = Api(client, Login("omar", token="t1"), Stats(), Random(1))
        phone = Phone(api, faults, Random(1), time.time)
        sending = asyncio.create_task(phone.send_forever())
        yield phone
        sending.cancel()


def receipt(accepted: int) -> tuple[int, dict[str, Any]]:
    return 202, {"accepted": accepted, "duplicates": 0, "quarantined": []}


async def arrived(script: Script, fixes: int) -> list[dict[str, Any]]:
    """The fixes that reached the server, once there are so many."""
    async with asyncio.timeout(SOON_S):
        while len(found := _fixes(script)) < fixes:  # noqa: ASYNC110 - the server is a thread
            await asyncio.sleep(0.01)
    return found


def _fixes(script: Script) -> list[dict[str, Any]]:
    bodies = [request.body for request in script.requests]
    return [fix for body in bodies for fix in (body if isinstance(body, list) else [body])]


async def test_what_piled_up_goes_as_a_list_in_order() -> None:
    with scripted(receipt(3)) as script:
        async with phone_of(script, GOOD_NETWORK) as phone:
            for _ in range(3):
                phone.record(7, PLACE)
            fixes = await arrived(script, 3)
    assert len(script.requests) == 1
    ids = [fix["id"] for fix in fixes]
    assert ids == sorted(ids)
    assert len(set(ids)) == 3


async def test_fixes_of_two_trips_do_not_mix() -> None:
    with scripted(receipt(1)) as script:
        async with phone_of(script, GOOD_NETWORK) as phone:
            phone.record(7, PLACE)
            phone.record(8, PLACE)
            await arrived(script, 2)
    assert [r.path for r in script.requests] == ["/api/trips/7/gps/", "/api/trips/8/gps/"]


async def test_a_refused_fix_does_not_block_those_behind_it() -> None:
    with scripted((404, {}), receipt(1)) as script:
        async with phone_of(script, GOOD_NETWORK) as phone:
            phone.record(7, PLACE)
            phone.record(8, PLACE)
            await arrived(script, 2)


async def test_a_tap_whose_answer_was_lost_is_sent_again_with_the_same_id() -> None:
    with scripted((200, TRIP)) as script:
        async with phone_of(script, Faults(lost_answer=1.0)) as phone:
            assert await phone.tap(7, "start", PLACE) == TRIP
    first, second = script.requests
    assert first.body == second.body
    assert first.body["client_event_id"]


async def test_a_phone_without_coverage_delivers_later_what_it_recorded() -> None:
    with scripted(receipt(2)) as script:
        async with phone_of(script, Faults(offline=1.0, offline_s=(0.2, 0.2))) as phone:
            phone.record(7, PLACE)
            phone.record(7, PLACE)
            await asyncio.sleep(0.05)
            assert script.requests == []
            assert len(await arrived(script, 2)) == 2


async def test_a_parked_vehicle_reports_by_its_tracker() -> None:
    with scripted((200, {})) as script:
        async with phone_of(script, GOOD_NETWORK) as phone:
            await phone.ping("tracker-token", PLACE)
    assert script.requests[0].method == "GET"
    assert script.requests[0].path.startswith("/api/gps/?id=tracker-token&lat=57.7&lon=11.97")
