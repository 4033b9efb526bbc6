"""`/healthz`: the process lives. `/readyz`: all parts do, each with its reason if not."""

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from channels.layers import get_channel_layer
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse

from config import drain, workers
from config.celery import QUEUES
from config.checks import warnings
from config.problems import problem_page

#: A part that does not answer within this time is not ready.
CHECK_WITHIN_S = 3.0


def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the process serves requests; 503 from when it was told to stop."""
    if drain.leaving():
        return JsonResponse({"status": "leaving"}, status=503)
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 `{"status": "ready", "parts": {name: "ok"}, "warnings": {id: text}}`, or 503.

    `?part=database&part=migrations` asks for those alone: what a load balancer needs of a web
    process, which serves well while a worker is away. 400 for a part that does not exist.
    """
    wanted = request.GET.getlist("part")
    if unknown := set(wanted) - _checks().keys():
        return problem_page(400, f"{len(unknown)} of these parts are unknown.")
    parts = {"web": "leaving"} if drain.leaving() else readiness(wanted)
    ready = all(outcome == "ok" for outcome in parts.values())
    body: dict[str, Any] = {"status": "ready" if ready else "not ready", "parts": parts}
    if ready and not wanted:
        body["warnings"] = warnings()
    return JsonResponse(body, status=200 if ready else 503, headers={"Cache-Control": "no-store"})


def readiness(only: Collection[str] = ()) -> dict[str, str]:
    """{part: "ok", or what is wrong with it}; all parts where none are named."""
    checks = _checks().items()
    return {name: _outcome(check) for name, check in checks if not only or name in only}


def _checks() -> dict[str, Callable[[], None]]:
    checks: dict[str, Callable[[], None]] = {
        "database": _database,
        "migrations": _migrations,
        "broker": _broker,
        "layer": _layer,
    }
    for queue in QUEUES:
        checks[f"worker:{queue}"] = lambda queue=queue: _worker(queue)  # type: ignore[misc]
    return checks


def _outcome(check: Callable[[], None]) -> str:
    # An own thread, so that one part that hangs does not make the answer hang.
    pool = ThreadPoolExecutor(1)
    try:
        pool.submit(check).result(CHECK_WITHIN_S)
    except Exception as exc:
        return str(exc) if isinstance(exc, NotReady) else type(exc).__name__
    finally:
        pool.shutdown(wait=False)
    return "ok"


class NotReady(Exception):
    """A part answers, but not well; the text says why."""


def _database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


def _migrations() -> None:
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    finally:
        connection.close()
    if plan:
        raise NotReady(f"{len(plan)} not applied")


def _broker() -> None:
    workers.client().ping()


def _layer() -> None:
    async def send() -> None:
        layer = get_channel_layer()
        await layer.group_send("readyz", {"type": "readyz"})
        await layer.flush()

    asyncio.run(send())


def _worker(queue: str) -> None:
    if not workers.alive(queue):
        raise NotReady("no worker")
