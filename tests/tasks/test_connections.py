"""A child of a worker keeps its connection to the database from one task to the next."""

from __future__ import annotations

import pytest
from django.db import connection

from tests.cast import Cast
from tests.fixtures_processes import wait_until
from tests.tasks.conftest import StartWorker
from tests.tasks.own_broker import Broker
from users.models import Notification
from users.tasks import send_notification


def _backends() -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend'"
        )
        return {pid for (pid,) in cursor.fetchall()}


@pytest.mark.django_db(transaction=True)
def test_a_task_works_on_the_connection_of_the_one_before(
    cast: Cast, broker: Broker, worker: StartWorker
) -> None:
    """Celery's own habit is to close the pool with each task, and to begin with a new one."""
    worker("--concurrency=1").start()
    before, used = _backends(), []
    for number in range(5):
        broker.send(send_notification, cast.dina.pk, "told", str(number))
        wait_until(lambda n=number: Notification.objects.count() > n, 10, "the notice")  # type: ignore[misc]
        broker.wait_idle()
        used.append(_backends() - before)
    assert len(used[0]) == 1
    assert used == [used[0]] * 5


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_cut_between_two_tasks_is_replaced(
    cast: Cast, broker: Broker, worker: StartWorker
) -> None:
    # At INFO a worker tells of what it tries again.
    process = worker("--concurrency=1", "-l", "INFO")
    process.start()
    before = _backends()
    broker.send(send_notification, cast.dina.pk, "told", "before")
    wait_until(lambda: Notification.objects.count() == 1, 10, "the notice")
    broker.wait_idle()
    kept = _backends() - before
    assert kept
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) pid", [list(kept)])
    broker.send(send_notification, cast.dina.pk, "told", "after")
    wait_until(lambda: Notification.objects.count() == 2, 10, "the notice")
    # Asked before use: no task had to find out, and to be tried again.
    assert "OperationalError" not in process.log.read_text()
