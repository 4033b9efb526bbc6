"""Five hundred vehicles on Dina's map: all are there, each can be chosen, names do not overlap."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.chromium import page_at
from tests.browser.company import open_company
from tests.browser.fleet import spot, told, until
from tests.browser.test_board import NEAR_MS, log_in
from tests.fixtures_processes import WebServer

pytestmark = pytest.mark.django_db(transaction=True)
VEHICLES = 500
#: The last is alone at the edge, so that a click there can mean nobody else.
ALONE = VEHICLES
STATUSES = ("in_progress", "en_route_pickup", "arrived_pickup", "dispatched")


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def place(vehicle: int, seconds: int) -> dict[str, float]:
    if vehicle == ALONE:
        return {"latitude": 57.745, "longitude": 11.885}
    across, up = vehicle % 25, vehicle // 25
    return {
        "latitude": 57.680 + up * 0.0025 + seconds * 0.0001,
        "longitude": 11.920 + across * 0.004,
    }


def trip(n: int) -> dict[str, Any]:
    stop = {"latitude": 57.69, "longitude": 11.96, "address": "Clinic"}
    nothing = dict.fromkeys(("appointment_at", "facility", "payer", "return_of", "stuck_at"))
    return nothing | {
        "id": n,
        "status": STATUSES[n % 4],
        "version": 3,
        "mobility": "wheelchair",
        "pickup": stop,
        "dropoff": stop,
        "scheduled_at": now(),
        "state_since": now(),
        "driver": {"id": n, "name": f"Driver {n}"},
        "vehicle": {"id": n, "name": f"Van {n}"},
        "patient": {"id": n, "name": f"Patient number {n}"},
        "needs": [],
        "escorts": 0,
        "notes": "",
    }


def frames() -> list[dict[str, Any]]:
    """What a server says to a board with so many vehicles."""
    ids = range(1, VEHICLES + 1)
    about = {"speed": 9.0, "heading": 0.0, "recorded_at": now()}
    vehicles = [
        {"id": n, "name": f"Van {n}", "trip_ids": [n], "driver_id": n} | about | place(n, 0)
        for n in ids
    ]
    hello = {"type": "hello", "stream": "board", "epoch": "e", "seq": 1, "protocol": "atw.v1"}
    trips = [trip(n) for n in ids]
    return [
        hello,
        {"type": "snapshot", "seq": 1, "trips": trips, "vehicles": vehicles, "etas": []},
    ]


def moved(seconds: int) -> dict[str, Any]:
    about = {"speed": 9.0, "heading": 0.0, "recorded_at": now()}
    fixes = [
        {"trip_id": n, "vehicle_id": n} | about | place(n, seconds) for n in range(1, VEHICLES + 1)
    ]
    return {"type": "gps.batch", "fixes": fixes}


def seen(page: Page) -> int:
    return int(page.evaluate('document.getElementById("map").vehicles?.shown.length ?? 0'))


def test_dina_finds_her_way_among_five_hundred_vehicles(web_server: WebServer) -> None:
    open_company()
    sockets: list[WebSocketRoute] = []
    with page_at(web_server.base_url) as (page, complaints):
        page.emulate_media(reduced_motion="reduce")
        page.route_web_socket("**/ws/dispatch/", lambda socket: sockets.append(socket))
        log_in(page, "dina")
        until(page, lambda: bool(sockets), "the board connects")
        for frame in frames():
            sockets[-1].send(json.dumps(frame))
        until(page, lambda: seen(page) == VEHICLES, "all vehicles are on the map")
        assert told(page, 8) == "Van 8, Aboard"

        x, y = spot(page, ALONE)
        before = spot(page, 8)
        sockets[-1].send(json.dumps(moved(30)))
        until(page, lambda: spot(page, 8)[1] < before[1] - 5, "they drive north")
        page.locator("#map").click(position={"x": x + 6, "y": y - 6})
        expect(page.locator("#panel")).to_contain_text(f"Patient number {ALONE}", timeout=NEAR_MS)
        expect(page.locator(f'[data-trip="{ALONE}"]')).to_have_attribute("aria-current", "true")
        # The server knows none of these trips, and says so to the drawer.
        assert [error for error in complaints.errors if "404" not in error] == []
        assert complaints.foreign_requests == []
