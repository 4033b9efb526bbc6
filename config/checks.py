"""What `manage.py check --deploy` says beyond Django: settings that contradict each other.

With `--database default` the running parts are asked as well: PostgreSQL, Redis, beat. Some of it
stands in `/readyz` too, as warnings: a process that serves should go on serving.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import redis
from celery import current_app
from django.conf import settings
from django.core.checks import WARNING, CheckMessage, Error, Info, Tags, Warning, register
from django.db import Error as DatabaseError
from django.db import connection
from redis.exceptions import NoPermissionError

from config import metrics, workers
from config.beat_lock import KEY

#: Clocks that differ by more than this put events and positions into a wrong order.
MOST_SKEW_S = 1.0
#: Days that should have their partition before they begin: today and tomorrow.
FEWEST_FIX_DAYS = 2


@register(Tags.security, deploy=True)
def check_settings(**_: Any) -> list[CheckMessage]:
    """What can be seen without asking anybody. Django itself looks at DEBUG and SECRET_KEY."""
    return list(_settings())


def _settings() -> Iterator[CheckMessage]:
    conf = current_app.conf
    renewed = workers.WorkerSignsOfLife in current_app.steps["consumer"]
    visible_s = conf.broker_transport_options["visibility_timeout"]
    least_s = 3 * workers.EVERY_S if renewed else conf.task_time_limit
    if visible_s <= least_s:
        yield Error(
            f"visibility_timeout is {visible_s} s: a running task would be handed out twice.",
            hint=f"More than {least_s:g} s, or let workers renew what they hold.",
            id="atw.E001",
        )
    if conf.task_always_eager:
        yield Error("Tasks run inside requests (CELERY_TASK_ALWAYS_EAGER).", id="atw.E002")
    if settings.DEMO:
        yield Error("This is the demo (ATW_DEMO): its logins are shown.", id="atw.E003")
    if not settings.RATE_LIMITS:
        yield Warning("Request rates are not limited (ATW_RATE_LIMITS).", id="atw.W001")


@register(Tags.database, deploy=True)
def check_parts(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """What the running parts say. Only with `--database default`, as Django's own do."""
    return [message for look in _PARTS for message in _asked(look)] if databases else []


def warnings() -> dict[str, str]:
    """{id: text} of what is cheap to ask and not well: for `/readyz`."""
    found = [message for look in _CHEAP for message in _asked(look)]
    return {str(message.id): message.msg for message in found if message.level >= WARNING}


def _asked(look: Callable[[], Iterator[CheckMessage]]) -> list[CheckMessage]:
    try:
        return list(look())
    except NoPermissionError:
        return [Info("Redis does not tell us how it is set up (ACL).", id="atw.I001")]
    except (redis.RedisError, DatabaseError) as exc:
        return [Error(f"A part is away: {type(exc).__name__}.", id="atw.E010")]


def _broker() -> Iterator[CheckMessage]:
    told: dict[str, Any] = workers.client().info()
    if told.get("maxmemory") and told.get("maxmemory_policy") != "noeviction":
        yield Error(
            f"The broker drops keys when it is full ({told['maxmemory_policy']}): tasks get lost.",
            hint="maxmemory-policy noeviction",
            id="atw.E011",
        )
    if not told.get("aof_enabled"):
        yield Warning(
            "The broker keeps no append-only file: a restart empties its queues.",
            hint="appendonly yes, appendfsync everysec",
            id="atw.W011",
        )


def _clocks() -> Iterator[CheckMessage]:
    for name, ask in (("PostgreSQL", _database_time), ("Redis", _redis_time)):
        before = time.time()
        theirs = ask()
        skew_s = max(before - theirs, theirs - time.time(), 0.0)
        if skew_s > MOST_SKEW_S:
            yield Warning(
                f"{name}'s clock and ours differ by {skew_s:.1f} s.", hint="NTP", id="atw.W012"
            )


def _database_time() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        return float(cursor.fetchone()[0])


def _redis_time() -> float:
    seconds, microseconds = workers.client().time()
    return float(seconds) + float(microseconds) / 1e6


def _beats() -> Iterator[CheckMessage]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            " AND objid = %s AND granted AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database()))"
            " FROM pg_stat_activity WHERE application_name = 'atw-beat-lock'"
            " AND datname = current_database()",
            [KEY],
        )
        beats, holders = cursor.fetchone()
    if not beats:
        yield Warning("No beat runs: nothing periodic happens.", id="atw.W013")
    elif not holders:
        yield Warning("A beat runs, but none holds the lock (a pooler?).", id="atw.W014")
    elif beats > 1:
        yield Warning(f"{beats} beats run: one works, the others wait.", id="atw.W015")


def _metrics() -> Iterator[CheckMessage]:
    if not metrics.SHARED:
        yield Warning(
            f"{metrics.FOLDER} cannot be written: each process shows its own metrics only.",
            hint="ATW_METRICS_DIR names another folder, best in memory.",
            id="atw.W017",
        )


def _fix_days() -> Iterator[CheckMessage]:
    # Known once all apps are loaded.
    from trips.tracking.retention import days_ahead

    days = days_ahead()
    if days < FEWEST_FIX_DAYS:
        yield Warning(
            f"Positions have partitions for {days} days from today on.",
            hint="trips.tasks.cleanup_old_gps_data makes them every hour.",
            id="atw.W016",
        )


_CHEAP = (_broker, _clocks, _fix_days, _metrics)
_PARTS = (*_CHEAP, _beats)
