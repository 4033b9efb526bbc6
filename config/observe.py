"""The outermost middleware: each request has an id, is measured, and leaves one line in the log.

Probes are answered here, before anybody asks for a host's name or for HTTPS: who probes a pod by
its address knows neither.
"""

import logging
import time
from collections.abc import Mapping
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import resolve
from django.utils.functional import SimpleLazyObject

from config import logs, metrics
from config.db_pool import note_pool
from config.middleware import Middleware

logger = logging.getLogger("atw.http")

PROBES = {"/healthz", "/readyz", "/metrics"}
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
HEADER = "X-Request-ID"


class ObserveMiddleware(Middleware):
    """Before all others."""

    def __call__(self, request: HttpRequest) -> Any:
        if iscoroutinefunction(self.get_response):
            return self._later(request)
        if request.path_info in PROBES:
            return _probe(request)
        begun, name = time.perf_counter(), _id_of(request)
        with logs.about(name, lambda: about(request)):
            return _end(request, self.get_response(request), name, begun)

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info in PROBES:
            return await sync_to_async(_probe)(request)
        begun, name = time.perf_counter(), _id_of(request)
        with logs.about(name, lambda: about(request)):
            return _end(request, await self.get_response(request), name, begun)


def _probe(request: HttpRequest) -> HttpResponseBase:
    try:
        answer: HttpResponseBase = resolve(request.path_info).func(request)
        return answer
    except Http404:
        return HttpResponse("Not found.", status=404, content_type="text/plain")


def _id_of(request: HttpRequest) -> str:
    return logs.id_for(request.META.get("HTTP_X_REQUEST_ID", ""))


def _end(
    request: HttpRequest, response: HttpResponseBase, name: str, begun: float
) -> HttpResponseBase:
    seconds = time.perf_counter() - begun
    response.headers[HEADER] = name
    static = request.path_info.startswith(settings.STATIC_URL)
    route = "static" if static else logs.route_of(request)
    method = request.method if request.method in METHODS else "other"
    metrics.HTTP_REQUESTS.labels(route, method, response.status_code).inc()
    metrics.HTTP_SECONDS.labels(route).observe(seconds)
    note_pool()
    if not static:
        status, ms = response.status_code, round(seconds * 1_000, 1)
        extra = {"route": route, "method": method, "status": status, "ms": ms}
        logger.info("%s %s %d %.1f ms", method, route, status, ms, extra={"fields": extra})
    return response


def about(request: HttpRequest) -> Mapping[str, Any]:
    """Who asks, where that is known by now, and about which trip. Asks the database nothing."""
    user = vars(request).get("user")
    if isinstance(user, SimpleLazyObject):
        user = vars(request).get("_cached_user")
    match = request.resolver_match
    values = match.kwargs if match else {}
    trip = values.get("trip_id")
    if trip is None and match and "trips/" in match.route:
        trip = values.get("pk")
    is_number = str(trip).isascii() and str(trip).isdecimal()
    return {"user": getattr(user, "pk", None), "trip": int(str(trip)) if is_number else None}
