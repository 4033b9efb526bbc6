"""The documents that describe the API, made from the code that answers it.

OpenAPI comes from the views; what they cannot know is added here: how one logs in, the trip
as `realtime.messages` defines it, how each refusal looks, and the GPS door, which is no Django
view.
"""

from functools import cache
from typing import Any

import msgspec
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from drf_spectacular import authentication
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from config.problems import CONTENT_TYPE
from trips import protocol
from trips.realtime.messages import TripWithActions
from trips.tracking.fixes import NativeFix
from trips.tracking.intake import Outcome

Json = dict[str, Any]

#: RFC 9457, as `config.problems` answers; a refusal may have members of its own.
PROBLEM: Json = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"description": "What is not valid, by field."},
    },
    "required": ["type", "title", "status", "detail"],
}
REFUSAL: Json = {
    "description": "Refused.",
    "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}

_asyncapi = cache(protocol.asyncapi_yaml)


@require_safe
def asyncapi(request: HttpRequest) -> HttpResponse:
    """The sockets' protocol as AsyncAPI 3; for everybody, like the HTTP schema."""
    return HttpResponse(_asyncapi(), content_type="application/yaml; charset=utf-8")


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """`Authorization: Token …`"""

    target_class = "users.auth.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> Json:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token <token>`, with the token from POST /api/auth/token/.",
        }


class SessionScheme(authentication.SessionScheme):  # type: ignore[no-untyped-call]
    """The browser's login."""

    target_class = "users.auth.SessionAuthentication"
    name = "session"


def complete(result: Json, **kwargs: object) -> Json:
    """Add to the generated document what no view declares (a hook of drf-spectacular)."""
    types = [TripWithActions, NativeFix, Outcome]
    _, components = msgspec.json.schema_components(
        types, ref_template="#/components/schemas/{name}"
    )
    schemas = result["components"]["schemas"]
    if both := schemas.keys() & components.keys():
        raise ImproperlyConfigured(f"a serializer and a message share a name: {sorted(both)}")
    schemas |= components | {"Problem": PROBLEM}
    result["paths"] |= _gps_paths()
    result["components"]["responses"] = {"Problem": REFUSAL}
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"]["default"] = {"$ref": "#/components/responses/Problem"}
    return result


def _gps_paths() -> Json:
    fix = {"$ref": "#/components/schemas/NativeFix"}
    many = {"type": "array", "items": fix, "maxItems": 1_000}
    wrapped = {"type": "object", "properties": {"fixes": many}, "required": ["fixes"]}
    native = {"content": {"application/json": {"schema": {"oneOf": [fix, many, wrapped]}}}}
    kept = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Outcome"}}}}
    trip = _gps_operation(
        "trips_gps_create",
        "Positions of a trip's driver. 2xx is answered after the commit; in a list a bad fix is"
        " quarantined and the rest kept.",
        {"202": kept | {"description": "Kept."}, "400": _plain("Malformed."), **_refusals("404")},
        [{"token": []}],
        {"name": "id", "schema": {"type": "integer"}},
    )
    phone = _gps_operation(
        "gps_report",
        "Any phone app: Traccar Client, OsmAnd, OwnTracks, GPSLogger, unchanged. The token may"
        " also be `id`, `deviceid` or `device_id`, or the password of Basic auth.",
        {"200": _plain("Kept, as the app wants to hear it."), **_refusals()},
        [],
        {"name": "device_token", "schema": {"type": "string"}},
    )
    return {
        "/api/trips/{id}/gps/": {"post": trip | {"requestBody": native | {"required": True}}},
        "/api/gps/{device_token}/": {
            "post": phone,
            "get": phone | {"operationId": "gps_report_query"},
        },
    }


def _gps_operation(
    name: str, about: str, responses: Json, security: list[Json], in_path: Json
) -> Json:
    return {
        "operationId": name,
        "tags": ["gps"],
        "description": about,
        "parameters": [in_path | {"in": "path", "required": True}],
        "security": security,
        "responses": responses,
    }


def _refusals(*more: str) -> Json:
    texts = {
        "401": "The credential is unknown or revoked.",
        "404": "No such trip of yours.",
        "413": "Too large.",
        "503": "Not kept: send it again after Retry-After.",
    }
    return {code: _plain(texts[code]) for code in ("401", "413", "503", *more)}


def _plain(description: str) -> Json:
    return {"description": description}
