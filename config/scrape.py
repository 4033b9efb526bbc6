"""`/metrics` as Prometheus reads it: what processes counted, and what is looked up on the spot.

Any web process answers for all processes of its machine. A worker that has a machine (a pod) of
its own answers by itself on `ATW_METRICS_PORT`.
"""

import hmac
import ipaddress
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import redis
from django.conf import settings
from django.db import Error, connection
from django.http import Http404, HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from psycopg_pool import PoolTimeout
from redis.exceptions import NoPermissionError

from config import metric_files, metrics, workers
from config.celery import QUEUES
from config.environment import DATA_DIR
from config.metrics import Asked
from config.queues import get_oldest_age_s, get_queue_length, get_unacknowledged

Value = tuple[Asked, tuple[str, ...], float]
#: Sizes and buried rows are counted so often, however often somebody asks.
SLOW_EVERY_S = 60.0


def view(request: HttpRequest) -> HttpResponse:
    """All metrics as text; 404 for whoever may not know that they are here."""
    forwarded = any(f"HTTP_{name}" in request.META for name in _FORWARDED)
    authorization = request.META.get("HTTP_AUTHORIZATION", "")
    if not allowed(authorization, request.META.get("REMOTE_ADDR", ""), forwarded=forwarded):
        raise Http404
    registry = metric_files.registry()
    registry.register(_Looked())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


_FORWARDED = ("X_FORWARDED_FOR", "X_FORWARDED_PROTO", "FORWARDED", "X_REAL_IP")


def allowed(authorization: str, address: str, *, forwarded: bool) -> bool:
    """By ATW_METRICS_TOKEN as a bearer; without one this machine alone, and not through a proxy."""
    if settings.METRICS_TOKEN:
        given = authorization.removeprefix("Bearer ").encode(errors="replace")
        return hmac.compare_digest(given, settings.METRICS_TOKEN.encode())
    try:
        return ipaddress.ip_address(address).is_loopback and not forwarded
    except ValueError:
        return False


class _Looked:
    """What nobody keeps. A part that is away is named, and costs its own metrics only."""

    def collect(self) -> Iterator[Metric]:
        """One gauge for each of `metrics.ASKED`."""
        families = {
            one: GaugeMetricFamily(one.name, one.help, labels=one.labels) for one in metrics.ASKED
        }
        for asked, labels, value in self._values():
            families[asked].add_metric(labels, value)
        yield from families.values()

    def _values(self) -> Iterator[Value]:
        for part, look in _PARTS.items():
            try:
                found, away = list(look()), 0.0
            except (redis.RedisError, Error, PoolTimeout, OSError):
                found, away = [], 1.0
            yield from found
            yield metrics.AWAY, (part,), away


def _broker() -> Iterator[Value]:
    held = get_unacknowledged()
    for queue in QUEUES:
        yield metrics.QUEUE_LENGTH, (queue,), get_queue_length(queue)
        yield metrics.QUEUE_OLDEST, (queue,), get_oldest_age_s(queue) or 0.0
        yield metrics.QUEUE_HELD, (queue,), held.get(queue, 0)
        yield metrics.WORKERS, (queue,), len(workers.nodes(queue))


def _broker_memory() -> Iterator[Value]:
    try:
        info: dict[str, Any] = workers.client().info("memory")
    except NoPermissionError:
        return
    if info.get("maxmemory"):
        yield metrics.BROKER_MEMORY, (), info["used_memory"] / info["maxmemory"]


def _database() -> Iterator[Value]:
    # What stands above config is known by then, and not while settings are read.
    from trips.operations import overview
    from trips.tracking.retention import days_ahead

    waiting, oldest_s = overview.outbox()
    yield metrics.OUTBOX, ("pending",), waiting
    yield metrics.OUTBOX_OLDEST, (), oldest_s
    yield metrics.MESSAGES_OLDEST, (), overview.message_oldest_s()
    yield metrics.FIX_DAYS, (), days_ahead()
    silent_s = overview.beat_silent_s()
    if silent_s is not None:
        yield metrics.BEAT_SENT, (), time.time() - silent_s
    yield from _slow()


class _Slow:
    """Readings that are as good as new for a minute."""

    def __init__(self) -> None:
        self._values: list[Value] = []
        self._read_at = float("-inf")

    def __call__(self) -> list[Value]:
        if time.monotonic() - self._read_at > SLOW_EVERY_S:
            self._values, self._read_at = list(_read_slowly()), time.monotonic()
        return self._values


_slow = _Slow()


def _read_slowly() -> Iterator[Value]:
    from trips.operations import overview

    yield metrics.OUTBOX, ("dead",), overview.buried()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        yield metrics.DATABASE_BYTES, (), cursor.fetchone()[0]


def _disk() -> Iterator[Value]:
    usage = shutil.disk_usage(DATA_DIR)
    yield metrics.DISK_FREE, (), usage.free / usage.total


_PARTS: dict[str, Callable[[], Iterator[Value]]] = {
    "broker": _broker,
    "broker_memory": _broker_memory,
    "database": _database,
    "disk": _disk,
}


# --- a worker's own port


class _Page(BaseHTTPRequestHandler):
    """What processes counted, without what any web process looks up."""

    def do_GET(self) -> None:
        """The same answer as `view`."""
        authorization = self.headers.get("Authorization", "")
        if self.path != "/metrics" or not allowed(
            authorization, self.client_address[0], forwarded=False
        ):
            self.send_error(404)
            return
        body = generate_latest(metric_files.registry())
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE_LATEST)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: somebody asks every 15 s."""


def serve(port: int) -> ThreadingHTTPServer:
    """Answer `/metrics` on `port` in a thread of its own; OSError where the port is taken."""
    server = ThreadingHTTPServer(("0.0.0.0", port), _Page)  # noqa: S104 - a pod's own port
    server.daemon_threads = True
    # A child that is forked must not keep the port when its parent ends.
    os.register_at_fork(after_in_child=server.socket.close)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server
