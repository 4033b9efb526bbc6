"""Every error of the HTTP API as RFC 9457 `application/problem+json`."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from psycopg_pool import PoolTimeout
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from config.middleware import Middleware
from config.spoken import spoken

CONTENT_TYPE = "application/problem+json"
DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout)
RETRY_AFTER_S = 2


def problem(status: int, detail: str, **more: object) -> dict[str, Any]:
    """The body of one problem: {type, title, status, detail, …more}, for the reader's eyes."""
    title = HTTPStatus(status).phrase
    return {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": spoken(detail),
        **more,
    }


class Conflict(exceptions.APIException):
    """409 with members of its own, e.g. the trip as it is now."""

    status_code = 409
    default_detail = "The request conflicts with the current state."

    def __init__(self, detail: str, **more: object) -> None:
        super().__init__(detail)
        self.more = more


class Unprocessable(exceptions.APIException):
    """422: well-formed, but at odds with what came before."""

    status_code = 422


def problem_response(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler; None (a 500, logged) only for what nobody foresaw."""
    if isinstance(exc, DATABASE_AWAY):
        set_rollback()
        body = problem(503, "The database is away; try again.")
        return _response(body, {"Retry-After": str(RETRY_AFTER_S)})
    if isinstance(exc, RequestDataTooBig):
        set_rollback()
        return _response(problem(413, "The body is too large."), {})
    if isinstance(exc, SuspiciousOperation):
        exc = exceptions.ParseError()
    elif isinstance(exc, Http404):
        exc = exceptions.NotFound()
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    if not isinstance(exc, exceptions.APIException):
        return None
    set_rollback()
    return _response(_body(exc), _headers(exc))


def _body(exc: exceptions.APIException) -> dict[str, Any]:
    if isinstance(exc, exceptions.ValidationError):
        errors = exc.get_full_details()
        return problem(exc.status_code, "The request is not valid.", errors=errors)
    detail = str(exc.detail)
    if isinstance(exc, exceptions.NotFound):
        detail = "Not found."  # absent and foreign objects must not differ
    return problem(exc.status_code, detail, **getattr(exc, "more", {}))


def _headers(exc: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if (wait := getattr(exc, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait) + 1)
    return headers


def _response(body: dict[str, Any], headers: dict[str, str]) -> Response:
    return Response(_utf8(body), body["status"], headers=headers, content_type=CONTENT_TYPE)


def _utf8(value: Any) -> Any:
    """With "?" for halves of surrogate pairs: JSON may hold them, and a refusal quotes it."""
    if isinstance(value, dict):
        return {_utf8(name): _utf8(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_utf8(one) for one in value]
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


def problem_page(status: int, detail: str) -> JsonResponse:
    """The same body outside DRF (unknown routes, middleware)."""
    return JsonResponse(problem(status, detail), status=status, content_type=CONTENT_TYPE)


class DatabaseAwayMiddleware(Middleware):
    """503 with Retry-After where a plain Django view (login, admin) loses its database."""

    def process_exception(self, request: HttpRequest, exc: Exception) -> JsonResponse | None:
        if not isinstance(exc, DATABASE_AWAY):
            return None
        response = problem_page(503, "The database is away; try again.")
        response["Retry-After"] = str(RETRY_AFTER_S)
        return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Problem JSON under /api/, Django's page elsewhere."""
    from django.views.defaults import page_not_found

    if request.path.startswith("/api/"):
        return problem_page(404, "Not found.")
    return page_not_found(request, exception)
