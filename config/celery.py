"""The Celery app: three queues taken in strict order, one base task, one schedule.

`celery -A config worker|beat|inspect …` work as typed: settings find the running instance.
"""

import os
from datetime import timedelta
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from celery import Celery, Task
from celery.schedules import crontab
from django.conf import settings
from kombu import Queue

from config.environment import env_bool, env_int
from config.workers import WorkerSignsOfLife

HIGH, NORMAL, LOW = QUEUES = ("high_priority", "normal", "low_priority")


class InvalidArguments(ValueError):
    """A task was called with something that no retry will make right."""


class BaseTask(Task):  # type: ignore[type-arg]
    """3 retries, 60 s, doubled each time, with jitter; invalid arguments fail at once.

    The settings of these names do nothing in Celery, so they stand here.
    """

    autoretry_for = (Exception,)
    dont_autoretry_for = (InvalidArguments, TypeError, ValueError, LookupError)
    max_retries = 3
    default_retry_delay = 60
    retry_backoff = 60
    retry_backoff_max = 900
    retry_jitter = True


app = Celery("atw", task_cls=BaseTask)

#: Beyond the hard limit, or a running task would be handed out a second time.
VISIBILITY_TIMEOUT_S = 3_600
REDIS_TIMEOUTS: dict[str, Any] = {
    # A frozen Redis must not hold up a request for 40 s; the outbox does the rest.
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
}

app.conf.update(
    broker_url=settings.BROKER_URL,
    result_backend=settings.RESULT_URL,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": VISIBILITY_TIMEOUT_S,
        "queue_order_strategy": "priority",
        # After kill -9 of a worker its tasks go on after 10 s instead of 90.
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        **REDIS_TIMEOUTS,
    },
    result_backend_transport_options=REDIS_TIMEOUTS,
    task_publish_retry=False,
    task_queues=[Queue(name, routing_key=name) for name in QUEUES],
    task_default_queue=NORMAL,
    task_default_routing_key=NORMAL,
    task_routes={
        "trips.tasks.broadcast_gps_update": {"queue": HIGH},
        "trips.tasks.broadcast_gps_batch": {"queue": HIGH},
        "trips.tasks.broadcast_trip_status": {"queue": HIGH},
        "trips.tasks.ring": {"queue": HIGH},
        "trips.tasks.process_trip_completion": {"queue": NORMAL},
        "trips.tasks.check_trip_timeouts": {"queue": NORMAL},
        "trips.tasks.sweep": {"queue": NORMAL},
        "trips.tasks.deliver": {"queue": NORMAL},  # the relay names the subscriber's queue
        "trips.tasks.cleanup_old_gps_data": {"queue": LOW},
        "billing.tasks.generate_invoice": {"queue": NORMAL},
        "billing.tasks.process_overdue_invoices": {"queue": NORMAL},
        "billing.tasks.send_invoice_email": {"queue": LOW},
        "users.tasks.send_trip_assignment_notification": {"queue": NORMAL},
        "users.tasks.*": {"queue": LOW},
    },
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
    task_compression="gzip",
    result_compression="gzip",
    timezone="UTC",
    enable_utc=True,
    task_time_limit=30 * 60,
    task_soft_time_limit=28 * 60,
    task_acks_late=True,
    task_reject_on_worker_lost=False,
    result_expires=timedelta(hours=24),
    worker_prefetch_multiplier=1,
    worker_concurrency=env_int("CELERY_WORKER_CONCURRENCY", 2),
    worker_hijack_root_logger=False,
    task_always_eager=env_bool("CELERY_TASK_ALWAYS_EAGER"),
    beat_schedule={
        "sweep-outbox": {"task": "trips.tasks.sweep", "schedule": 5.0},
        "check-trip-timeouts": {"task": "trips.tasks.check_trip_timeouts", "schedule": 300.0},
        "cleanup-old-gps-data": {
            "task": "trips.tasks.cleanup_old_gps_data",
            "schedule": crontab(minute=0),
        },
        "process-overdue-invoices": {
            "task": "billing.tasks.process_overdue_invoices",
            "schedule": crontab(hour=2, minute=0),
        },
    },
)
app.steps["consumer"].add(WorkerSignsOfLife)
app.autodiscover_tasks()
