"""Eager mode: tasks run where they are called, in tests and under async views."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from celery import current_app
from django.test import TestCase

from devtools.bootstrap import ROOT
from tests.cast import Cast
from trips.tasks import broadcast_gps_update, broadcast_trip_status
from users.models import Notification
from users.tasks import send_notification


class PlainTestCase(TestCase):
    """As the guides write it: no fixture, an empty database, a trip that does not exist."""

    def test_a_position_is_broadcast(self) -> None:
        result = broadcast_gps_update.apply(
            args=[123, 40.7128, -74.0060],  # type: ignore[arg-type]
            kwargs={"speed": 45.5},
        )
        assert result.successful()
        assert "GPS update broadcast" in str(result.result)

    def test_the_switch_works_at_run_time(self) -> None:
        current_app.conf.task_always_eager = True
        self.addCleanup(setattr, current_app.conf, "task_always_eager", False)
        result = broadcast_gps_update.delay(123, 40.7128, -74.0060)
        assert "GPS update broadcast" in result.get()


def test_a_task_that_reads_the_database_runs_here(cast: Cast, eager: None) -> None:
    trip = cast.trip_in("assigned")
    assert broadcast_trip_status.delay(trip.pk, "assigned").get().endswith("broadcast: assigned")
    assert broadcast_trip_status.delay(trip.pk, "completed").get().endswith("nothing sent")


@pytest.mark.django_db(transaction=True)
def test_an_async_view_may_call_a_task(cast: Cast, eager: None) -> None:
    """Django refuses the database on the event loop's own thread."""

    async def view() -> str:
        result = send_notification.delay(cast.omar.pk, "hello", "Good morning.")
        return str(result.get())

    assert asyncio.run(view()).endswith("notified: hello")
    assert Notification.objects.get(user=cast.omar, kind="hello").message == "Good morning."


def test_an_async_view_may_broadcast(eager: None) -> None:
    async def view() -> str:
        return str(broadcast_gps_update.delay(5, 57.7, 11.9).get())

    assert "GPS update broadcast" in asyncio.run(view())


@pytest.mark.django_db
def test_a_wrong_argument_fails_and_is_not_run(eager: None) -> None:
    result = send_notification.delay("1", "hello", "Good morning.")  # type: ignore[arg-type]
    assert result.state == "FAILURE"
    assert type(result.result).__name__ == "InvalidArguments"


def test_the_environment_switches_it_on_for_a_whole_process(process_env: dict[str, str]) -> None:
    code = "from trips.tasks import broadcast_gps_update as b; print(b.delay(1, 57.7, 11.9).result)"
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", code],
        cwd=ROOT,
        env={**process_env, "CELERY_TASK_ALWAYS_EAGER": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == "GPS update broadcast for trip 1", done.stderr
