"""The names, signatures, queues and limits that a reader of any Celery guide relies on."""

from __future__ import annotations

import inspect
from datetime import timedelta
from typing import Any

import pytest
from celery import Task

from config.base_task import BaseTask
from config.celery import HIGH, LOW, NORMAL, app

FIXED: dict[str, tuple[str, str]] = {
    "trips.tasks.broadcast_gps_update": (
        HIGH,
        "(trip_id, latitude, longitude, speed=None, heading=None)",
    ),
    "trips.tasks.broadcast_trip_status": (HIGH, "(trip_id, status, message='')"),
    "trips.tasks.process_trip_completion": (NORMAL, "(trip_id)"),
    "trips.tasks.check_trip_timeouts": (NORMAL, "()"),
    "trips.tasks.cleanup_old_gps_data": (LOW, "()"),
    "billing.tasks.generate_invoice": (NORMAL, "(trip_id)"),
    "billing.tasks.send_invoice_email": (LOW, "(invoice_id)"),
    "billing.tasks.process_overdue_invoices": (NORMAL, "()"),
    "users.tasks.send_notification": (LOW, "(user_id, notification_type, message)"),
    "users.tasks.send_welcome_email": (LOW, "(user_id)"),
    "users.tasks.send_trip_assignment_notification": (NORMAL, "(trip_id, driver_id)"),
    "users.tasks.send_daily_digest": (LOW, "(user_id)"),
}


def our_tasks() -> dict[str, Task[..., Any]]:
    app.loader.import_default_modules()
    return {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


def queue_of(name: str) -> str:
    return str(app.amqp.router.route({}, name)["queue"].name)


@pytest.mark.parametrize("name", FIXED)
def test_each_promised_task_has_its_queue_and_signature(name: str) -> None:
    queue, signature = FIXED[name]
    bare = inspect.signature(our_tasks()[name].run)
    parameters = [p.replace(annotation=inspect.Parameter.empty) for p in bare.parameters.values()]
    assert str(inspect.Signature(parameters)) == signature
    assert queue_of(name) == queue


def test_every_task_has_a_route_of_its_own() -> None:
    """None reaches its queue only because there is a default."""
    routes = app.conf.task_routes
    for name in our_tasks():
        assert name in routes or f"{name.rpartition('.')[0]}.*" in routes, name


def test_every_route_leads_to_a_task() -> None:
    names = our_tasks()
    assert [
        route for route in app.conf.task_routes if not route.endswith("*") and route not in names
    ] == []


def test_every_scheduled_task_exists() -> None:
    names = our_tasks()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= names.keys()


def test_three_queues_in_order_and_the_default_is_the_middle_one() -> None:
    assert list(app.amqp.queues) == [HIGH, NORMAL, LOW]
    assert app.conf.task_default_queue == NORMAL
    assert app.conf.broker_transport_options["queue_order_strategy"] == "priority"


@pytest.mark.parametrize("name", FIXED)
def test_what_is_retried_is_retried_three_times_from_a_minute_on(name: str) -> None:
    task = our_tasks()[name]
    assert isinstance(task, BaseTask)
    stale = name.startswith("trips.tasks.broadcast")
    assert task.max_retries == (0 if stale else 3)
    assert (task.default_retry_delay, task.retry_backoff, task.retry_jitter) == (60, 60, True)


def test_limits_formats_and_clock() -> None:
    conf = app.conf
    assert (conf.task_soft_time_limit, conf.task_time_limit) == (28 * 60, 30 * 60)
    assert (conf.task_serializer, conf.result_serializer) == ("json", "json")
    assert conf.accept_content == ["json"]
    assert (conf.task_compression, conf.result_compression) == ("gzip", "gzip")
    assert (str(conf.timezone), conf.enable_utc) == ("UTC", True)
    assert conf.result_expires <= timedelta(days=1)
    assert conf.broker_url.endswith("/0")
    assert conf.result_backend.endswith("/1")
