"""The Celery app: three queues taken in strict order, one base task, one schedule.

`celery -A config worker|beat|inspect …` work as typed: settings find the running instance.
"""

import os
from datetime import timedelta
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from celery import Celery
from celery.schedules import crontab
from django.conf import settings
from kombu import Queue

from config import results, task_signals
from config.arguments import InvalidArguments
from config.base_task import BaseTask
from config.environment import env_bool, env_int
from config.workers import VISIBILITY_TIMEOUT_S, BulkYields, WorkerMetrics, WorkerSignsOfLife

__all__ = ["HIGH", "LOW", "NORMAL", "QUEUES", "InvalidArguments", "app"]

HIGH, NORMAL, LOW = QUEUES = ("high_priority", "normal", "low_priority")


app = Celery("atw", task_cls=BaseTask)
app.loader.override_backends = results.OVERRIDES

REDIS_TIMEOUTS: dict[str, Any] = {
    # A frozen Redis must not hold up a request for 40 s; the outbox does the rest.
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
}

app.conf.update(
    broker_url=settings.BROKER_URL,
    result_backend=settings.RESULT_URL,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": VISIBILITY_TIMEOUT_S,
        "queue_order_strategy": "priority",
        # With it, what a worker held goes on 15 to 20 s after its kill -9.
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
        "trips.tasks.materialise_standing_orders": {"queue": NORMAL},
        "trips.tasks.process_trip_completion": {"queue": NORMAL},
        "trips.tasks.check_trip_timeouts": {"queue": NORMAL},
        "trips.tasks.run_timers": {"queue": NORMAL},
        "trips.tasks.sweep": {"queue": NORMAL},
        "trips.tasks.watch_alerts": {"queue": NORMAL},
        "users.tasks.roll_audit_months": {"queue": LOW},
        "users.tasks.cleanup_old_notices": {"queue": LOW},
        "trips.tasks.cleanup_old_records": {"queue": LOW},
        "trips.tasks.warn_of_expiries": {"queue": LOW},
        "trips.tasks.update_etas": {"queue": NORMAL},
        "trips.tasks.learn_places": {"queue": LOW},
        "trips.tasks.deliver": {"queue": NORMAL},  # the relay names the subscriber's queue
        "trips.tasks.cleanup_old_gps_data": {"queue": LOW},
        "trips.tasks.measure_late_data": {"queue": LOW},
        "trips.tasks.export_trips": {"queue": LOW},
        "trips.tasks.import_trips": {"queue": NORMAL},
        "trips.tasks.process_attachment": {"queue": LOW},
        "trips.tasks.auto_assign_day": {"queue": NORMAL},
        "trips.tasks.auto_assign_trip": {"queue": NORMAL},
        "trips.tasks.forget_old_task_records": {"queue": LOW},
        "trips.tasks.roll_up_days": {"queue": LOW},
        "billing.tasks.generate_invoice": {"queue": NORMAL},
        "billing.tasks.process_overdue_invoices": {"queue": NORMAL},
        "billing.tasks.price_unpriced": {"queue": NORMAL},
        "billing.tasks.preview_reprice": {"queue": LOW},
        "billing.tasks.reprice": {"queue": LOW},
        "billing.tasks.make_statements": {"queue": LOW},
        "billing.tasks.close_month": {"queue": LOW},
        "billing.tasks.price_account": {"queue": LOW},
        "billing.tasks.close_accounts": {"queue": LOW},
        "billing.tasks.send_invoice_email": {"queue": LOW},
        "billing.tasks.draw_documents": {"queue": LOW},
        "billing.tasks.check_claims": {"queue": LOW},
        "billing.tasks.ready_claims": {"queue": LOW},
        "users.tasks.send_trip_assignment_notification": {"queue": NORMAL},
        "users.tasks.*": {"queue": LOW},
        "config.celery.debug_task": {"queue": NORMAL},
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
    worker_max_tasks_per_child=2_000,
    worker_max_memory_per_child=400_000,
    worker_proc_alive_timeout=30.0,
    worker_soft_shutdown_timeout=20.0,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_concurrency=env_int("CELERY_WORKER_CONCURRENCY", 2),
    worker_hijack_root_logger=False,
    # A connection goes back into its process's pool after each task (config/task_signals.py).
    # Celery would close that pool with it, and each task begin with a connection of its own.
    CELERY_DB_REUSE_MAX=1_000_000,
    task_always_eager=env_bool("CELERY_TASK_ALWAYS_EAGER"),
    beat_scheduler="config.scheduler:Scheduler",
    # A beat that dies has told the database what it ran.
    beat_sync_every=1,
    # UTC. The admin may change rows: this says what exists, not how it stands.
    beat_schedule={
        "sweep-outbox": {"task": "trips.tasks.sweep", "schedule": 5.0},
        "update-etas": {"task": "trips.tasks.update_etas", "schedule": 5.0},
        "learn-places": {"task": "trips.tasks.learn_places", "schedule": 300.0},
        "check-trip-timeouts": {"task": "trips.tasks.check_trip_timeouts", "schedule": 300.0},
        "run-timers": {"task": "trips.tasks.run_timers", "schedule": 60.0},
        "watch-alerts": {"task": "trips.tasks.watch_alerts", "schedule": 30.0},
        "warn-of-expiries": {
            "task": "trips.tasks.warn_of_expiries",
            "schedule": crontab(hour=5, minute=0),
        },
        # Hourly: the first run of a day, wherever the company is, does that day's work.
        "materialise-standing-orders": {
            "task": "trips.tasks.materialise_standing_orders",
            "schedule": crontab(minute=10),
        },
        "measure-late-data": {"task": "trips.tasks.measure_late_data", "schedule": 60.0},
        "cleanup-old-gps-data": {
            "task": "trips.tasks.cleanup_old_gps_data",
            "schedule": crontab(minute=0),
        },
        "roll-up-days": {
            "task": "trips.tasks.roll_up_days",
            "schedule": crontab(minute=20),
        },
        "send-daily-digests": {
            "task": "users.tasks.send_daily_digests",
            "schedule": crontab(minute=5),
        },
        "send-weekly-reports": {
            "task": "users.tasks.send_weekly_reports",
            "schedule": crontab(hour=9, minute=0, day_of_week="mon"),
        },
        "send-reminders": {
            "task": "users.tasks.send_reminders",
            "schedule": crontab(minute="15,45"),
        },
        "tell-delays": {"task": "users.tasks.tell_delays", "schedule": 60.0},
        "sweep-webhooks": {"task": "users.tasks.sweep_webhooks", "schedule": 15.0},
        "process-overdue-invoices": {
            "task": "billing.tasks.process_overdue_invoices",
            "schedule": crontab(hour=2, minute=0),
        },
        "draw-documents": {"task": "billing.tasks.draw_documents", "schedule": 20.0},
        "price-unpriced": {"task": "billing.tasks.price_unpriced", "schedule": 300.0},
        # Hourly: the first run of a month, wherever the company is, does that month's work.
        "make-statements": {
            "task": "billing.tasks.make_statements",
            "schedule": crontab(minute=30),
        },
        "cleanup-old-records": {
            "task": "trips.tasks.cleanup_old_records",
            "schedule": crontab(hour=3, minute=15),
        },
        "cleanup-old-notices": {
            "task": "users.tasks.cleanup_old_notices",
            "schedule": crontab(hour=3, minute=30),
        },
        "roll-audit-months": {
            "task": "users.tasks.roll_audit_months",
            "schedule": crontab(hour=1, minute=0),
        },
        "delete-expired-tokens": {
            "task": "users.tasks.delete_expired_tokens",
            "schedule": crontab(hour=2, minute=0),
        },
        "forget-old-task-records": {
            "task": "trips.tasks.forget_old_task_records",
            "schedule": crontab(hour=3, minute=0),
        },
    },
)


@app.task(name="config.celery.debug_task", max_retries=0, expires=60)
def debug_task() -> str:
    """Says "pong": a round trip through whichever queue it is sent to."""
    return "pong"


task_signals.connect()
app.steps["worker"].add(BulkYields)
app.steps["worker"].add(WorkerMetrics)
app.steps["consumer"].add(WorkerSignsOfLife)
app.autodiscover_tasks()
