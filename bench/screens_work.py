"""`python -m bench.screens_work --port N`: a browser looks at the board; prints a Found as JSON.

Positions go the way of all others from `send_positions` on: layer, hub, socket.
"""

# ruff: noqa: E402 - models can be imported once Django is set up
from __future__ import annotations

import argparse
import dataclasses
import gzip
import json
import math
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import django

django.setup()

from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, CDPSession, Page, WebSocket, sync_playwright

from bench.screens import FLEETS, SIMULATED_MINUTES, Found, Load
from bench.seed import crews
from trips.lifecycle import Status
from trips.models import Trip, VehiclePosition
from trips.realtime.broadcast import LiveFix, send_positions
from users.models import User
from users.roles import Role

CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    # The text-book's page is put in the way of a request, so it seems to come from nowhere.
    "--disable-features=LocalNetworkAccessChecks",
]
MAP = Path(__file__).parent / "textbook" / "map.html"
OPENINGS, READY_MS = 5, 60_000
SETTLE_S, MEASURED_S = 5.0, 8.0
#: Batches as they come from the door: a part of the fleet in each.
BATCHES_PER_S = 50
#: So much faster than life are the simulated minutes.
SIMULATED_PER_S = 40
HEAP_EVERY_S = 300
STATUSES = (Status.IN_PROGRESS, Status.EN_ROUTE_PICKUP, Status.ARRIVED_PICKUP, Status.ASSIGNED)
DRAWN = "['trips-drawn', 'vehicles-drawn'].map(n => performance.getEntriesByName(n)[0]?.startTime)"
OWN_JS = """performance.getEntriesByType('resource').map(one => one.name)
  .filter(name => /\\/static\\/(dashboard|atw)\\/.*\\.js/.test(name))"""


@dataclasses.dataclass(frozen=True)
class Car:
    """A vehicle that drives circles, with the trip that it carries."""

    vehicle_id: int
    trip_id: int

    def fix(self, at: float) -> LiveFix:
        """Where it is at `at` unix seconds: some 10 m/s on a circle of its own."""
        turn = at / 60 + self.vehicle_id
        return {
            "vehicle": self.vehicle_id,
            "driver": None,
            "trip": self.trip_id,
            "trips": [self.trip_id],
            "lat": 57.66 + self.vehicle_id % 97 * 0.0009 + 0.005 * math.sin(turn),
            "lon": 11.86 + self.vehicle_id % 89 * 0.0021 + 0.009 * math.cos(turn),
            "speed": 10.0,
            "heading": -math.degrees(turn) % 360,
            "at": at,
        }


def main() -> None:
    """Open, load, and run for half an hour."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--textbook", action="store_true")
    options = parser.parse_args()
    origin = f"http://127.0.0.1:{options.port}"
    session = _session()
    ours, textbook = [], []
    found: dict[str, Any] = {}
    for vehicles in FLEETS:
        cars = _fleet(vehicles)
        with _chromium() as browser, _fed(cars):
            screen = Screen(browser, origin, session)
            if not found:
                found |= screen.openings() | {"useful_vehicles": vehicles}
            ours.append(screen.load("/dispatch/"))
            if options.textbook:
                textbook.append(screen.load("/textbook/"))
        if "heap_mb" not in found:
            with _chromium() as browser:
                found |= Screen(browser, origin, session).half_an_hour(cars)
    everything = Found(**found, ours=ours, textbook=textbook)
    print(json.dumps(dataclasses.asdict(everything)))


class Screen:
    """Pages of one dispatcher in one browser."""

    def __init__(self, browser: Browser, origin: str, session: str) -> None:
        self._browser = browser
        self._origin = origin
        self._session = session

    def openings(self) -> dict[str, float]:
        """How long a first look takes, and how much of our own code it brings."""
        took = []
        for _ in range(OPENINGS):
            with self._page("/dispatch/") as page:
                took.append(max(page.evaluate(DRAWN)))
        with self._page("/dispatch/") as page:
            bodies = [page.request.get(url).body() for url in page.evaluate(OWN_JS)]
        kb = sum(len(gzip.compress(body, 9)) for body in bodies) / 1_000
        return {"useful_ms": median(took), "own_js_kb": kb}

    def load(self, path: str) -> Load:
        """What the page costs while the fleet reports."""
        with self._page(path) as page:
            meter = Meter(self._browser, page)
            page.wait_for_timeout(SETTLE_S * 1000)
            before = meter.read()
            page.wait_for_timeout(MEASURED_S * 1000)
            after = meter.read()
        seconds = after[0] - before[0]
        per_s = [(b - a) / seconds for a, b in zip(before[1:], after[1:], strict=True)]
        return Load(per_s[0] * 1000, per_s[1] * 1000, per_s[2])

    def half_an_hour(self, cars: list[Car]) -> dict[str, object]:
        """The heap after each five minutes, and how many frames came."""
        frames: list[int] = []
        with self._page("/dispatch/", frames) as page:
            devtools = page.context.new_cdp_session(page)
            devtools.send("HeapProfiler.enable")
            start, heap = time.time(), []
            for second in range(1, SIMULATED_MINUTES * 60 + 1):
                send_positions([car.fix(start + second) for car in cars])
                page.wait_for_timeout(1000 / SIMULATED_PER_S)
                if second % HEAP_EVERY_S == 0:
                    heap.append(_heap_mb(devtools))
        return {"heap_mb": heap, "heap_frames": len(frames)}

    @contextmanager
    def _page(self, path: str, frames: list[int] | None = None) -> Iterator[Page]:
        """A page of a browser that has seen nothing yet, once all is drawn."""
        context = self._browser.new_context(
            base_url=self._origin, viewport={"width": 1440, "height": 900}
        )
        context.add_cookies([{"name": "sessionid", "value": self._session, "url": self._origin}])
        page = context.new_page()
        page.route("**/textbook/", lambda route: route.fulfill(path=MAP, content_type="text/html"))
        if frames is not None:
            page.on("websocket", lambda socket: _count(socket, frames))
        page.goto(path)
        deadline = time.monotonic() + READY_MS / 1000
        while None in page.evaluate(DRAWN):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{path} draws nothing")
            page.wait_for_timeout(100)
        try:
            yield page
        finally:
            context.close()


class Meter:
    """Seconds of work so far; CPU time, so that other programs do not count."""

    def __init__(self, browser: Browser, page: Page) -> None:
        self._page = page
        self._devtools = page.context.new_cdp_session(page)
        self._devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        self._processes = browser.new_browser_cdp_session()
        page.evaluate(
            "() => { globalThis.long = 0; new PerformanceObserver((list) => {"
            " globalThis.long += list.getEntries().length; }).observe({ type: 'longtask' }); }"
        )

    def read(self) -> tuple[float, float, float, float]:
        """Now; the main thread's CPU, all processes' CPU, long tasks."""
        metrics = self._devtools.send("Performance.getMetrics")["metrics"]
        task = next(one["value"] for one in metrics if one["name"] == "TaskDuration")
        processes = self._processes.send("SystemInfo.getProcessInfo")["processInfo"]
        cpu = sum(one["cpuTime"] for one in processes)
        return time.monotonic(), task, cpu, self._page.evaluate("globalThis.long")


def _count(socket: WebSocket, frames: list[int]) -> None:
    if socket.url.endswith("/ws/dispatch/"):
        socket.on("framereceived", lambda _payload: frames.append(1))


def _heap_mb(devtools: CDPSession) -> float:
    for _ in range(2):
        devtools.send("HeapProfiler.collectGarbage")
    return float(devtools.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


@contextmanager
def _chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def _fed(cars: list[Car]) -> Iterator[None]:
    """Each car reports once a second, until the end."""
    done = threading.Event()

    def feed() -> None:
        start, n = time.monotonic(), 0
        while not done.wait(max(0.0, start + n / BATCHES_PER_S - time.monotonic())):
            now = time.time()
            send_positions([car.fix(now) for car in cars[n % BATCHES_PER_S :: BATCHES_PER_S]])
            n += 1

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        yield
    finally:
        done.set()
        feeder.join()


def _session() -> str:
    client = Client()
    client.force_login(User.objects.filter(role=Role.DISPATCHER.value).earliest("pk"))
    return client.cookies["sessionid"].value


def _fleet(count: int) -> list[Car]:
    """So many vehicles, each with one trip under way; all others stand nowhere."""
    VehiclePosition.objects.all().delete()
    if (missing := count - Trip.objects.filter(vehicle__name__startswith="bench").count()) > 0:
        crews(missing, f"bench-screens{count}-")
    trips = Trip.objects.filter(vehicle__name__startswith="bench").order_by("pk")[:count]
    cars = [Car(vehicle_id, pk) for pk, vehicle_id in trips.values_list("pk", "vehicle_id")]
    for n, status in enumerate(STATUSES):
        ids = [car.trip_id for car in cars[n :: len(STATUSES)]]
        Trip.objects.filter(pk__in=ids).update(status=status, state_since=timezone.now())
    now = timezone.now()
    VehiclePosition.objects.bulk_create([_position(car, now) for car in cars])
    return cars


def _position(car: Car, now: Any) -> VehiclePosition:
    fix = car.fix(now.timestamp())
    return VehiclePosition(
        vehicle_id=car.vehicle_id,
        latitude=fix["lat"],
        longitude=fix["lon"],
        recorded_at=now,
        updated_at=now,
    )


if __name__ == "__main__":
    main()
