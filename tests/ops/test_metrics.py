"""/metrics adds up all processes of a machine, dead ones included, and tells strangers nothing."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.parser import text_string_to_metric_families

from config import metrics, scrape
from config.process_name import lives, process_name
from config.tally import Durations, Tally
from devtools.bootstrap import ROOT
from tests.cast import Cast
from trips.events.streams import BOARD
from trips.models import Delivery
from trips.realtime import messages
from trips.realtime.counted import HubCounts, kind_of
from trips.realtime.outbox import Outbox
from trips.realtime.projections import Audience
from trips.realtime.sockets import Socket
from trips.tracking.retention import roll_days

Labels = dict[str, str]

SEVERAL_PROCESSES = """
import os, signal
from config import metric_files, metrics
from prometheus_client import generate_latest

def child(number, then):
    pid = os.fork()
    if pid == 0:
        metrics.TASKS.labels("billing.tasks.generate_invoice", "success").inc(number)
        metrics.TASK_WAIT.labels("normal").observe(0.2)
        metrics.SOCKETS.labels("board").set(number)
        os.write(ready[1], b".")
        then()
    return pid

ready, stay = os.pipe(), os.pipe()
killed = child(2, lambda: os.kill(os.getpid(), signal.SIGKILL))
living = child(5, lambda: os.read(stay[0], 1))
assert os.read(ready[0], 1) and os.read(ready[0], 1)
os.waitpid(killed, 0)
for _ in range(3):
    print(generate_latest(metric_files.registry()).decode() + "---")
print(sorted(os.listdir(metrics.FOLDER)))
os.kill(living, signal.SIGKILL)
"""


def values(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """{(series, labels): value} of Prometheus's text."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(text: str, series: str, **labels: str) -> float | None:
    return values(text).get((series, frozenset(labels.items())))


def ask(**headers: str) -> str:
    answer = Client(headers=headers).get("/metrics")
    assert answer.status_code == 200
    return answer.content.decode()


def test_what_a_killed_process_counted_stays_and_what_it_held_is_gone(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SEVERAL_PROCESSES],
        env={**os.environ, "ATW_METRICS_DIR": str(tmp_path / "metrics")},
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    *looks, files = done.stdout.split("---\n")
    assert len(looks) == 3
    for look in looks:
        task = {"task": "billing.tasks.generate_invoice", "result": "success"}
        assert value(look, "atw_tasks_total", **task) == 7
        assert value(look, "atw_task_wait_seconds_count", queue="normal") == 2
        assert value(look, "atw_task_wait_seconds_bucket", queue="normal", le="0.1") == 0
        assert value(look, "atw_task_wait_seconds_bucket", queue="normal", le="0.3") == 2
        assert value(look, "atw_sockets", kind="board") == 5
    # One of the living child, one for all that ended.
    assert files.count("counter_") == 2
    assert "counter_0-ended.db" in files


def test_a_process_id_that_comes_again_is_another_process() -> None:
    assert lives(process_name())
    assert not lives(f"{os.getpid()}-1")


def test_metrics_know_this_machine_and_the_bearer_of_the_token(settings: Any) -> None:
    def may(authorization: str = "", address: str = "127.0.0.1", forwarded: bool = False) -> bool:
        return scrape.allowed(authorization, address, forwarded=forwarded)

    settings.METRICS_TOKEN = ""
    assert may()
    assert may(address="::1")
    assert not may(address="10.0.0.7")
    assert not may(address="")
    assert not may(forwarded=True)
    assert not may("Bearer ", address="10.0.0.7")
    settings.METRICS_TOKEN = "a long token"
    assert may("Bearer a long token", address="10.0.0.7", forwarded=True)
    assert not may()
    assert not may("Bearer a long tokem")
    assert not may("Bearer \udce4")


@pytest.mark.django_db
def test_strangers_are_told_that_nothing_is_here(settings: Any) -> None:
    settings.METRICS_TOKEN = "a long token"
    assert Client().get("/metrics").status_code == 404
    assert b"atw_" not in Client().get("/metrics").content
    text = ask(authorization="Bearer a long token", host="10.1.2.3:8000")
    assert value(text, "atw_scrape_part_away", part="database") == 0


@pytest.mark.django_db
def test_the_outbox_and_the_queues_are_looked_up_when_asked(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, state in enumerate(("pending", "pending", "dead")):
        Delivery.objects.create(
            topic="trip.completed", subject_id=number, subscriber="invoice", state=state,
            due_at=timezone.now(),
        )  # fmt: skip
    hour_ago = timezone.now() - timedelta(hours=1)
    Delivery.objects.filter(subject_id=0).update(created_at=hour_ago)
    roll_days()
    monkeypatch.setattr(scrape, "_slow", scrape._Slow())
    text = ask()
    assert value(text, "atw_outbox_deliveries", state="pending") == 2
    assert value(text, "atw_outbox_deliveries", state="dead") == 1
    oldest_s = value(text, "atw_outbox_oldest_seconds")
    assert oldest_s is not None
    assert 3_600 <= oldest_s < 3_700
    assert value(text, "atw_fix_days_ahead") == 4
    database_bytes = value(text, "atw_database_bytes")
    assert database_bytes is not None
    assert database_bytes > 1e6
    for queue in ("high_priority", "normal", "low_priority"):
        for series in ("celery_queue_length", "atw_queue_oldest_seconds", "atw_workers"):
            assert value(text, series, queue=queue) is not None, series


@pytest.mark.django_db
def test_a_broker_that_is_away_costs_its_own_metrics_only(settings: Any) -> None:
    settings.BROKER_URL = "redis://127.0.0.1:1/0"
    text = ask()
    assert value(text, "atw_scrape_part_away", part="broker") == 1
    assert value(text, "atw_scrape_part_away", part="database") == 0
    assert value(text, "celery_queue_length", queue="normal") is None
    assert value(text, "atw_outbox_deliveries", state="pending") == 0


@pytest.mark.django_db
def test_requests_are_counted_by_route_and_never_by_number(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.dina)
    key = {"method": "GET", "status": "404"}
    routes = {label.get("route", "") for label in _labels("atw_http_requests_total", ask())}
    before = sum(_found("atw_http_requests_total", ask(), **key).values())
    client.get("/api/trips/987654321/")
    client.get("/no/such/page/987654321")
    after = _found("atw_http_requests_total", ask(), **key)
    assert sum(after.values()) == before + 2
    new = {label["route"] for label in _labels("atw_http_requests_total", ask())} - routes
    assert not [route for route in new if "987654321" in route]
    assert "-" in after


def _labels(series: str, text: str) -> list[Labels]:
    return [dict(labels) for name, labels in values(text) if name == series]


def _found(series: str, text: str, **wanted: str) -> dict[str, float]:
    """{route: value}."""
    return {
        dict(labels)["route"]: number
        for (name, labels), number in values(text).items()
        if name == series and wanted.items() <= dict(labels).items()
    }


async def test_what_is_tallied_is_written_in_one_go() -> None:
    registry = CollectorRegistry()
    histogram = Histogram("seconds", "s", ("of",), buckets=(0.1, 1.0), registry=registry)
    durations, written = Durations(histogram.labels("door")), dict[str, int]()
    tally = Tally[str](lambda key, number: written.update({key: number}))
    for seconds in (0.05, 0.1, 0.5, 7.0):
        durations.add(seconds)
        tally.add("kept", 2)
    assert written == {}
    durations.flush()
    tally.flush()
    durations.flush()
    assert written == {"kept": 8}
    samples = {
        sample.labels["le"]: sample.value
        for family in histogram.collect()
        for sample in family.samples
        if sample.name.endswith("_bucket")
    }
    assert samples == {"0.1": 2.0, "1.0": 3.0, "+Inf": 4.0}


async def test_the_hub_counts_frames_also_of_sockets_that_left() -> None:
    sockets = {a_socket(), a_socket()}
    counts = HubCounts(sockets)
    before = _frames()
    for socket in sockets:
        socket.outbox.put("frame")
        for second in (1, 2):
            socket.outbox.merge(a_fix(second))
        socket.outbox.take(time.monotonic())
    counts.write()
    gone = sockets.pop()
    counts.left(gone)
    counts.write()
    counts.write()
    after = _frames()
    assert after["sent"] - before["sent"] == 2
    assert after["conflated"] - before["conflated"] == 2
    assert {kind_of(socket) for socket in sockets} == {"board"}


def _frames() -> dict[str, float]:
    return {word: metrics.FRAMES.labels(word)._value.get() for word in ("sent", "conflated")}


def a_socket() -> Socket:
    outbox = Outbox(batch=True, opened_at=time.monotonic())
    return Socket(BOARD, Audience.DISPATCH, None, outbox, lambda _: asyncio.sleep(0))


def a_fix(second: int) -> messages.Fix:
    return messages.Fix(
        trip_id=1, vehicle_id=1, latitude=57.7, longitude=11.9, speed=None, heading=None,
        recorded_at=messages.iso_s(float(second)),
    )  # fmt: skip


async def test_a_hub_is_deaf_that_finds_news_while_nobody_tells_it() -> None:
    counts = HubCounts(set())
    for _ in range(3):
        counts.compared(streams=True, positions=False)
    assert counts._deaf_rounds == 3
    counts.compared(streams=False, positions=False)
    assert counts._deaf_rounds == 3
    counts.heard("live.heads")
    counts.compared(streams=True, positions=True)
    assert counts._deaf_rounds == 0
