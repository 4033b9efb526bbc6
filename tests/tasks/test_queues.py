"""Strict order of the queues, and how full they are."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from config.celery import debug_task
from config.queues import get_oldest_age_s, get_queue_length, get_unacknowledged
from tests.cast import Cast
from tests.fixtures_processes import wait_until
from tests.tasks.conftest import StartWorker
from tests.tasks.own_broker import QUEUES, Broker
from users.models import Notification
from users.tasks import send_notification

HIGH, NORMAL, LOW = QUEUES


@pytest.mark.django_db(transaction=True)
def test_one_plain_worker_takes_high_before_normal_before_low(
    cast: Cast, broker: Broker, worker: StartWorker
) -> None:
    """A mixed backlog; the order in which the notices were written is the order of the work."""
    for number in range(8):
        for queue in (LOW, NORMAL, HIGH):
            broker.send(send_notification, cast.dina.pk, queue, str(number), queue=queue)
    worker("--concurrency=1").start()
    broker.wait_idle()
    kinds = list(Notification.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == [HIGH] * 8 + [NORMAL] * 8 + [LOW] * 8
    numbers = Notification.objects.filter(kind=LOW).order_by("pk")
    assert list(numbers.values_list("message", flat=True)) == [str(n) for n in range(8)]


def test_an_empty_queue_has_length_nought(broker: Broker) -> None:
    for queue in (*QUEUES, "no-such-queue"):
        assert get_queue_length(queue) == 0
        assert get_oldest_age_s(queue) is None
    assert get_unacknowledged() == {}


def test_a_queue_is_as_long_as_what_was_sent(broker: Broker) -> None:
    for _ in range(3):
        broker.send(debug_task, queue=LOW)
    broker.send(debug_task, queue=LOW, priority=6)
    assert get_queue_length(LOW) == 4
    assert get_queue_length(HIGH) == 0


def test_the_age_is_that_of_the_oldest(broker: Broker) -> None:
    broker.send(debug_task, queue=LOW)
    first_sent_before = time.time()
    time.sleep(0.3)
    broker.send(debug_task, queue=LOW)
    age_s = get_oldest_age_s(LOW)
    assert age_s is not None
    assert age_s >= time.time() - first_sent_before - 0.2


@pytest.mark.django_db(transaction=True)
def test_what_a_worker_holds_is_counted_apart(
    cast: Cast, broker: Broker, worker: StartWorker
) -> None:
    worker("--concurrency=1").start()
    broker.send(send_notification, cast.dina.pk, "later", "x", countdown=600)
    wait_until(lambda: get_unacknowledged() == {LOW: 1}, 10, "a task in the worker's hands")
    assert get_queue_length(LOW) == 0


@pytest.mark.django_db(transaction=True)
def test_a_worker_of_one_queue_leaves_the_others_alone(
    cast: Cast, broker: Broker, worker: StartWorker
) -> None:
    worker("-Q", HIGH, "-n", "worker3@%h", "--pool", "solo").start()
    broker.send(send_notification, cast.dina.pk, "low", "x", queue=LOW)
    broker.send(send_notification, cast.dina.pk, "high", "x", queue=HIGH)
    wait_until(lambda: Notification.objects.filter(kind="high").exists(), 10, "the high task")
    assert get_queue_length(LOW) == 1


@pytest.mark.parametrize(("queues", "gives_way"), [(HIGH, 0), (f"{HIGH},{LOW}", 0), (LOW, 10)])
def test_a_worker_without_the_live_queue_gives_way(
    worker: StartWorker, queues: str, gives_way: int
) -> None:
    process = worker("-Q", queues, "-n", "polite@%h", "--concurrency=1")
    process.start()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    nicenesses = {
        os.getpriority(os.PRIO_PROCESS, pid) for pid in (process.pid, *map(int, children))
    }
    assert nicenesses == {ours + gives_way}
