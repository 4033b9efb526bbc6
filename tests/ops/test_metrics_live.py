"""From a phone's POST to a screen: what the real processes count, asked of the real web server."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import httpx
import pytest

from config.celery import debug_task
from tests.cast import Cast
from tests.fixtures_processes import CeleryWorker, WebServer, wait_until
from tests.ops.test_metrics import value
from tests.sockets.screen import Screen
from tests.tracking.door import Door, fix

pytestmark = pytest.mark.django_db(transaction=True)
SOON_S = 30.0


def test_a_position_is_counted_from_the_door_to_the_screen(
    web_server: WebServer, celery_worker_process: CeleryWorker, door: Door, cast: Cast
) -> None:
    trip = cast.trip_in("in_progress")
    http = door.http

    def rises(series: str, **labels: str) -> Callable[[], bool]:
        """Whether the series is higher by then than it is now."""

        def now() -> float:
            return value(http.get("/metrics").text, series, **labels) or 0.0

        before = now()
        return lambda: now() > before

    answers = {"route": "api/trips/<int:pk>/gps/", "method": "POST"}
    batch = "trips.tasks.broadcast_gps_batch"
    counted = {
        "an answer": rises("atw_http_requests_total", status="202", **answers),
        "a refusal": rises("atw_http_requests_total", status="400", **answers),
        "a kept position": rises("atw_fixes_total", verdict="kept"),
        "a group": rises("atw_group_commit_fixes_count", lane="fixes"),
        "a task": rises("atw_tasks_total", task=batch, result="success"),
        "a frame in time": rises("atw_frame_latency_seconds_count", kind="position"),
        "a frame": rises("atw_frames_total", outcome="sent"),
        "a message": rises("atw_hub_messages_total", kind="live.positions"),
    }
    closed = rises("atw_socket_closes_total", code="1000")

    def boards() -> float | None:
        return value(http.get("/metrics").text, "atw_sockets", kind="board")

    address = f"{web_server.ws_url}/ws/dispatch/"
    with Screen(address, token=cast.token(cast.dina)) as board:
        board.live()
        assert door.post(trip, fix(latitude=191.0)).status_code == 400
        steps = itertools.count()

        def drives(rose: Callable[[], bool]) -> bool:
            door.post(trip, fix(latitude=57.7045 + next(steps) * 1e-5))
            return rose()

        for what, rose in counted.items():
            wait_until(lambda rose=rose: drives(rose), SOON_S, what)  # type: ignore[misc]
        wait_until(lambda: boards() == 1, SOON_S, "one board")
    wait_until(closed, SOON_S, "the close")
    wait_until(lambda: boards() == 0, SOON_S, "a house without boards")


def test_the_workers_are_seen_at_the_same_page(
    web_server: WebServer, celery_worker_process: CeleryWorker, http: httpx.Client
) -> None:
    debug_task.delay().get(timeout=SOON_S)
    label = {"task": "config.celery.debug_task", "result": "success"}
    wait_until(
        lambda: bool(value(http.get("/metrics").text, "atw_tasks_total", **label)),
        SOON_S,
        "the task's count",
    )
    text = http.get("/metrics").text
    assert (value(text, "atw_workers", queue="high_priority") or 0) >= 1
    assert (value(text, "atw_task_wait_seconds_count", queue="normal") or 0) >= 1
    assert value(text, "atw_db_pool", state="waiting") is not None
