"""Beat: the code proposes, the admin disposes, and only one of two beats ticks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from celery.schedules import crontab
from django.db import connection
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from config.beat_lock import KEY, BeatLock
from config.celery import app
from config.scheduler import WAIT_S, Scheduler
from devtools import programs
from tests.fixtures_processes import RealProcess, wait_until
from tests.plugin import Services

Start = Callable[[], Scheduler]
NIGHTLY = {
    "task": "billing.tasks.process_overdue_invoices",
    "schedule": crontab(hour=2, minute=0),
}


@pytest.fixture
def plan() -> Iterator[dict[str, dict[str, Any]]]:
    """What the code asks for, instead of the real schedule."""
    real, app.conf.beat_schedule = app.conf.beat_schedule, {"nightly": dict(NIGHTLY)}
    yield app.conf.beat_schedule
    app.conf.beat_schedule = real


@pytest.fixture
def start(transactional_db: None) -> Iterator[Start]:
    """Start a beat in this process, as often as a test likes."""
    started: list[Scheduler] = []

    def new() -> Scheduler:
        started.append(Scheduler(app=app))
        return started[-1]

    yield new
    for scheduler in started:
        scheduler._lock.release()


def row(name: str = "nightly") -> PeriodicTask:
    return PeriodicTask.objects.get(name=name)


def test_the_real_schedule_becomes_rows(start: Start) -> None:
    start()
    names = set(PeriodicTask.objects.filter(enabled=True).values_list("name", flat=True))
    assert names == set(app.conf.beat_schedule)
    assert row("process-overdue-invoices").crontab.hour == "2"
    assert row("cleanup-old-gps-data").crontab.minute == "0"
    assert row("check-trip-timeouts").interval.every == 300
    assert row("send-weekly-reports").crontab.day_of_week in {"mon", "1"}


def test_an_admins_edit_survives_restarts(start: Start, plan: dict[str, Any]) -> None:
    start()
    at_five, _ = CrontabSchedule.objects.get_or_create(hour="5", minute="30")
    PeriodicTask.objects.filter(name="nightly").update(crontab=at_five, description="later")
    start()
    assert (row().crontab.hour, row().crontab.minute) == ("5", "30")
    assert row().description == "later"


def test_what_an_admin_disabled_stays_disabled(start: Start, plan: dict[str, Any]) -> None:
    start()
    PeriodicTask.objects.update(enabled=False)
    start()
    assert not row().enabled


def test_what_an_admin_deleted_comes_back(start: Start, plan: dict[str, Any]) -> None:
    start()
    row().delete()
    start()
    assert row().enabled


def test_what_left_the_code_is_disabled_and_comes_back_with_it(
    start: Start, plan: dict[str, Any]
) -> None:
    start()
    del plan["nightly"]
    start()
    assert not row().enabled
    plan["nightly"] = dict(NIGHTLY)
    start()
    assert row().enabled


def test_an_admin_may_keep_what_left_the_code(start: Start, plan: dict[str, Any]) -> None:
    start()
    del plan["nightly"]
    start()
    PeriodicTask.objects.update(enabled=True)
    start()
    assert row().enabled


def test_an_admins_own_task_is_left_alone(start: Start, plan: dict[str, Any]) -> None:
    every, _ = IntervalSchedule.objects.get_or_create(every=10, period="minutes")
    PeriodicTask.objects.create(name="mine", task="trips.tasks.sweep", interval=every)
    start()
    assert row("mine").enabled


def test_nobody_keeps_the_results_of_periodic_tasks(start: Start, plan: dict[str, Any]) -> None:
    assert start().schedule["nightly"].options["ignore_result"] is True


def test_a_run_that_was_missed_hours_ago_is_caught_up_with(
    start: Start, plan: dict[str, Any]
) -> None:
    """No beat ran at two; the library reads only rows whose hour is near."""
    long_ago = timezone.now() - timedelta(days=2)
    far = (timezone.now() + timedelta(hours=12)).hour
    plan["nightly"] = NIGHTLY | {"schedule": crontab(hour=far, minute=0)}
    start()
    PeriodicTask.objects.update(last_run_at=long_ago)
    assert start().schedule["nightly"].is_due().is_due


def test_the_second_beat_waits_until_the_first_has_ended(
    start: Start, plan: dict[str, Any]
) -> None:
    first, second = start(), start()
    assert first.tick() >= 0
    assert second.tick() == WAIT_S
    assert not second._ticking
    first.close()
    wait_until(lambda: second.tick() >= 0 and second._ticking, 5, "the second beat's turn")


def test_who_takes_over_reads_what_the_other_did(start: Start, plan: dict[str, Any]) -> None:
    first, second = start(), start()
    first.tick()
    PeriodicTask.objects.update(total_run_count=41)
    first.close()
    wait_until(lambda: second.tick() >= 0 and second._ticking, 5, "the second beat's turn")
    assert second.schedule["nightly"].total_run_count == 41


@pytest.mark.django_db
def test_a_lock_is_lost_with_its_connection_and_found_again() -> None:
    """What a restart of PostgreSQL does."""
    lock, other = BeatLock(), BeatLock()
    try:
        assert lock.held()
        assert lock.held()
        _end_lock_connections()
        assert not lock.held()
        assert other.held()
        assert not lock.held()
        other.release()
        wait_until(lock.held, 5, "a lock that is free again")
    finally:
        lock.release()
        other.release()


def _end_lock_connections() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = 'atw-beat-lock'"
        )


class Beat(RealProcess):
    """A real `celery -A config beat`."""

    def __init__(self, services: Services, env: dict[str, str], name: str) -> None:
        program = programs.beat(env)
        super().__init__(services.reaper, program, services.logs / f"{name}.log")

    def answers(self) -> bool:
        """Whether it says that it has started."""
        return self.log.exists() and "is starting" in self.log.read_text()


def _holders(env: dict[str, str]) -> list[int]:
    with psycopg.connect(env["DATABASE_URL"]) as database:
        found = database.execute(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = %s",
            [KEY],
        )
        return [pid for (pid,) in found.fetchall()]


@pytest.mark.django_db(transaction=True)
def test_a_second_real_beat_takes_over_from_one_that_was_killed(
    services: Services, process_env: dict[str, str]
) -> None:
    env = process_env
    first, second = Beat(services, env, "beat-1"), Beat(services, env, "beat-2")
    first.start()
    wait_until(lambda: len(_holders(env)) == 1, 15, "a beat that holds the lock")
    (before,) = _holders(env)
    second.start()
    try:
        first.kill()
        wait_until(lambda: _holders(env) not in ([], [before]), 15, "the second beat's turn")
        wait_until(
            lambda: PeriodicTask.objects.get(name="sweep-outbox").total_run_count > 0,
            15,
            "a sweep",
        )
    finally:
        second.stop()
    assert "scheduler -> config.scheduler.Scheduler" in second.log.read_text()
