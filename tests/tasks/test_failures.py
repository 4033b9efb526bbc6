"""A plain task that fails: retried where that may help, on record where not, run again by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
from django.db import connection, transaction
from django.utils import timezone

from billing.models import Invoice
from billing.tasks import generate_invoice
from tests.cast import Cast
from tests.fixtures_processes import wait_until
from tests.tasks.conftest import StartWorker
from tests.tasks.locks import blocked, locked
from tests.tasks.own_broker import Broker, Worker
from trips import task_failures
from trips.models import TaskFailure
from trips.tasks import broadcast_gps_update
from users.tasks import send_notification

MINUTE_S = 60


@pytest.fixture
def no_invoice_can_be_written(transactional_db: None) -> Iterator[None]:
    """The database refuses invoices, as a full disk would."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN RAISE EXCEPTION 'no'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON billing_invoice EXECUTE FUNCTION refuse()"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION refuse CASCADE")


def scheduled(broker: Broker) -> list[dict[str, Any]]:
    """Headers of the retries that a worker holds until later."""
    held = [json.loads(message)[0]["headers"] for message in broker.redis.hvals("unacked")]
    return [headers for headers in held if headers["eta"]]


@pytest.mark.django_db(transaction=True)
def test_what_may_pass_is_tried_again_within_a_minute_and_three_times(
    cast: Cast, broker: Broker, worker: StartWorker, no_invoice_can_be_written: None
) -> None:
    trip = cast.trip_in("completed")
    worker("--concurrency=1").start()
    began = timezone.now()
    broker.send(generate_invoice, trip.pk)
    wait_until(lambda: bool(scheduled(broker)), 15, "a retry")
    (headers,) = scheduled(broker)
    assert headers["retries"] == 1
    pause_s = (datetime.fromisoformat(headers["eta"]) - began).total_seconds()
    assert 0 <= pause_s < MINUTE_S + 15
    assert not TaskFailure.objects.exists()

    broker.send(generate_invoice, trip.pk, retries=3)
    wait_until(TaskFailure.objects.exists, 15, "a record of the failure")
    failure = TaskFailure.objects.get()
    assert failure.task == "billing.tasks.generate_invoice"
    assert failure.arguments == {"trip_id": trip.pk}
    assert failure.retries == 3
    assert len(scheduled(broker)) == 1


@pytest.mark.django_db(transaction=True)
def test_invalid_arguments_are_never_tried_again(
    cast: Cast, broker: Broker, worker: StartWorker
) -> None:
    trip = cast.trip_in("in_progress")
    worker("--concurrency=1").start()
    broker.send(generate_invoice, trip.pk)
    broker.send(generate_invoice, "Pia Ek")
    wait_until(lambda: TaskFailure.objects.count() == 2, 15, "two failures")
    assert scheduled(broker) == []
    known, unknown = TaskFailure.objects.order_by("pk")
    assert (known.arguments, unknown.arguments) == ({"trip_id": trip.pk}, None)
    assert {known.error, unknown.error} == {"InvalidArguments"}


def test_a_failure_is_run_again_by_hand(cast: Cast, eager: None) -> None:
    trip = cast.trip_in("in_progress")
    generate_invoice.apply(args=(trip.pk,))
    failure = TaskFailure.objects.get()
    cast.tap(cast.tap(trip, "arrive_dropoff"), "complete")
    assert task_failures.retry(failure) != failure.task_id
    assert Invoice.objects.get().trip == trip
    failure.refresh_from_db()
    assert failure.retried_at is not None


def test_text_is_not_kept(cast: Cast) -> None:
    send_notification.apply(
        args=(
            10**9,
            "hello",
            "Pia Ek is late",
        )
    )
    failure = TaskFailure.objects.get()
    assert failure.arguments is None
    with pytest.raises(ValueError, match="not kept"):
        task_failures.retry(failure)


@pytest.mark.django_db
def test_a_stale_broadcast_leaves_no_record() -> None:
    assert (
        broadcast_gps_update.apply(
            args=(
                1,
                91.0,
                0.0,
            )
        ).state
        == "FAILURE"
    )
    assert not TaskFailure.objects.exists()


def test_a_record_that_cannot_be_written_breaks_nothing(cast: Cast) -> None:
    with transaction.atomic():
        transaction.set_rollback(True)
        assert generate_invoice.apply(args=(10**9,)).state == "FAILURE"
    assert not TaskFailure.objects.exists()


def test_the_same_failure_twice_is_one_record(cast: Cast) -> None:
    for _ in range(2):
        generate_invoice.apply(args=(10**9,), task_id="same")
    assert TaskFailure.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_child_that_dies_takes_no_task_along(
    cast: Cast, broker: Broker, worker: StartWorker, process_env: dict[str, str]
) -> None:
    """The kernel's memory killer ends one child, and its worker lives on."""
    trip = cast.trip_in("completed")
    process = worker("--concurrency=1")
    process.start()
    url = process_env["DATABASE_URL"]
    _kill_in_the_middle(broker, process, url, trip.pk)
    wait_until(lambda: [h["retries"] for h in scheduled(broker)] == [1], 15, "a retry")
    (headers,) = scheduled(broker)
    assert (datetime.fromisoformat(headers["eta"]) - timezone.now()).total_seconds() <= MINUTE_S
    assert not TaskFailure.objects.exists()
    assert not Invoice.objects.exists()

    _kill_in_the_middle(broker, process, url, trip.pk, retries=3)
    wait_until(TaskFailure.objects.exists, 15, "a record of the failure")
    assert TaskFailure.objects.get().error == "WorkerLostError"
    broker.send(generate_invoice, trip.pk)
    wait_until(Invoice.objects.exists, 15, "an invoice from the child after that")


def _kill_in_the_middle(
    broker: Broker, process: Worker, url: str, trip_id: int, **options: object
) -> None:
    with locked(url, "billing_invoice"):
        broker.send(generate_invoice, trip_id, **options)
        wait_until(lambda: blocked(url) == 1, 15, "a task in the middle")
        for child in psutil.Process(process.pid).children():
            child.kill()
        wait_until(lambda: broker.redis.hlen("unacked") < 2, 15, "the parent's notice")
