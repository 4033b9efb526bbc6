"""`check --deploy` finds what contradicts itself, and `/readyz` warns of what is not well."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest
from django.core.checks import CheckMessage
from django.db import connection
from django.test import Client
from redis.exceptions import NoPermissionError

from config import beat_lock, checks, health, metrics, workers
from config.celery import app
from devtools.bootstrap import ROOT
from tests.ops.test_configuration import production
from trips.tracking import retention

WELL = {"maxmemory": 1_000, "maxmemory_policy": "noeviction", "aof_enabled": 1}


class ToldBroker:
    """A broker that says what a test wants to hear."""

    def __init__(self, told: dict[str, Any] | None = None, skew_s: float = 0.0) -> None:
        self._told, self._skew_s = told, skew_s

    def info(self, *_: str) -> dict[str, Any]:
        if self._told is None:
            raise NoPermissionError("no permission to run the 'info' command")
        return self._told

    def time(self) -> tuple[int, int]:
        seconds, part = divmod(time.time() + self._skew_s, 1)
        return int(seconds), int(part * 1e6)


def ids(messages: list[CheckMessage]) -> set[str]:
    return {str(message.id).removeprefix("atw.") for message in messages}


def of_broker(monkeypatch: pytest.MonkeyPatch, broker: ToldBroker) -> set[str]:
    monkeypatch.setattr(workers, "client", lambda: broker)
    return ids([one for look in (checks._broker, checks._clocks) for one in checks._asked(look)])


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (WELL, set()),
        (WELL | {"maxmemory_policy": "allkeys-lru"}, {"E011"}),
        # Without a limit nothing is ever evicted.
        (WELL | {"maxmemory_policy": "allkeys-lru", "maxmemory": 0}, set()),
        (WELL | {"aof_enabled": 0}, {"W011"}),
        (None, {"I001"}),
    ],
)
@pytest.mark.django_db
def test_a_broker_that_loses_tasks_is_found(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, Any] | None, found: set[str]
) -> None:
    assert of_broker(monkeypatch, ToldBroker(told)) == found


@pytest.mark.parametrize(("skew_s", "found"), [(0.0, set()), (-40.0, {"W012"}), (40.0, {"W012"})])
@pytest.mark.django_db
def test_a_clock_that_is_wrong_is_found(
    monkeypatch: pytest.MonkeyPatch, skew_s: float, found: set[str]
) -> None:
    assert of_broker(monkeypatch, ToldBroker(WELL, skew_s)) == found


@pytest.mark.django_db
def test_a_broker_that_is_away_is_said_and_not_thrown(settings: Any) -> None:
    settings.BROKER_URL = "redis://127.0.0.1:1/0"
    assert ids(checks._asked(checks._broker)) == {"E010"}


@pytest.mark.django_db
def test_partitions_that_are_missing_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    retention.roll_days()
    assert not checks._asked(checks._fix_days)
    monkeypatch.setattr(retention, "_attached_days", list)
    assert ids(checks._asked(checks._fix_days)) == {"W016"}
    assert "atw.W016" in checks.warnings()


def beats() -> set[str]:
    """What the check says now: within a transaction PostgreSQL would repeat itself."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
    return ids(checks._asked(checks._beats))


@pytest.mark.django_db
def test_no_beat_one_and_two_are_told_apart() -> None:
    assert beats() == {"W013"}
    one, other = beat_lock.BeatLock(), beat_lock.BeatLock()
    try:
        assert one.held()
        assert beats() == set()
        assert not other.held()
        assert beats() == {"W015"}
    finally:
        one.release()
        other.release()


@pytest.mark.django_db
def test_a_beat_without_the_lock_is_found() -> None:
    lockless = beat_lock._connect()
    try:
        assert beats() == {"W014"}
    finally:
        lockless.close()


def test_a_task_that_would_be_handed_out_twice_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not ids(checks.check_settings()) & {"E001", "E002"}
    monkeypatch.setitem(app.steps, "consumer", set())
    assert "E001" in ids(checks.check_settings())
    app.conf.task_always_eager = True
    try:
        assert "E002" in ids(checks.check_settings())
    finally:
        app.conf.task_always_eager = False


def test_the_demo_and_open_doors_are_found(settings: Any) -> None:
    settings.DEMO, settings.RATE_LIMITS = True, False
    assert {"E003", "W001"} <= ids(checks.check_settings())


def test_metrics_that_nobody_adds_up_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not checks._asked(checks._metrics)
    monkeypatch.setattr(metrics, "SHARED", False)
    assert ids(checks._asked(checks._metrics)) == {"W017"}


def test_the_parts_are_asked_only_where_a_database_is_named() -> None:
    assert checks.check_parts(databases=None) == []


def test_the_check_of_a_running_system_has_no_errors(process_env: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--database", "default"],
        cwd=ROOT,
        env={**process_env, **production(), "ATW_PROFILE": "prod"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "atw.E" not in done.stderr
    # The tests have no beat.
    assert "atw.W013" in done.stderr


@pytest.mark.django_db
def test_a_load_balancer_asks_for_the_parts_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whether they answer in time is another test's question.
    monkeypatch.setattr(health, "_broker", lambda: None)
    monkeypatch.setattr(health, "_layer", lambda: None)
    answer = Client().get("/readyz", {"part": ["broker", "layer"]})
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ready", "parts": {"broker": "ok", "layer": "ok"}},
    )
    assert Client().get("/readyz", {"part": "Pia"}).status_code == 400
    # A pod is asked by its address.
    assert Client(headers={"host": "10.4.5.6:8000"}).get("/healthz").status_code == 200
