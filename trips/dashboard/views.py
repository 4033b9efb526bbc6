"""The dispatcher's pages: the live board and the streets under its map."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import condition, require_safe

from trips.models import Company
from trips.queries import BOARD_AHEAD, ENDED_SHOWN_FOR
from trips.simulator.streets import streets_geojson
from users.models import User
from users.roles import Permission

SCRIPTS = Path(__file__).with_name("static") / "dashboard"


@require_safe
@login_required
def board(request: HttpRequest) -> HttpResponse:
    """The live board; 403 with a page for roles that never see it."""
    if not (isinstance(request.user, User) and request.user.may(Permission.SEE_BOARD)):
        raise PermissionDenied
    company = Company.get()
    config = {
        "company": company.name,
        "time_zone": company.time_zone,
        "reach": {
            "ended_shown_s": ENDED_SHOWN_FOR.total_seconds(),
            "ahead_s": BOARD_AHEAD.total_seconds(),
        },
        "socket": "/ws/dispatch/",
        "alerts": reverse("alert-list"),
        "streets": reverse("dashboard:streets"),
        "login": f"{settings.LOGIN_URL}?next={request.path}",
        "maplibre": static("maplibre-gl/maplibre-gl.mjs"),
    }
    context = {"company": company, "config": config, "modules": modules()}
    return render(request, "dashboard/board.html", context)


@cache
def modules() -> list[str]:
    """Addresses of all that the board imports: known at once, not one import after the other."""
    own = sorted(path.name for path in SCRIPTS.glob("*.js"))
    names = ["maplibre-gl/maplibre-gl.mjs", "atw/i18n.js", *(f"dashboard/{one}" for one in own)]
    return [static(name) for name in names]


@cache
def streets_json() -> tuple[bytes, str]:
    """The base map as JSON and its entity tag, built once per process."""
    path = Path(settings.STREETS_FILE) if settings.STREETS_FILE else None
    # The demo's streets are no company's service area.
    nowhere = settings.PRODUCTION and path is None
    streets = {"type": "FeatureCollection", "features": []} if nowhere else streets_geojson(path)
    body = json.dumps(streets, separators=(",", ":")).encode()
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _streets_etag(request: HttpRequest) -> str:
    return streets_json()[1]


@require_safe
@login_required
@gzip_page
@cache_control(private=True, max_age=3600)
@condition(etag_func=_streets_etag)
def streets(request: HttpRequest) -> HttpResponse:
    """The streets of the service area as GeoJSON, from OpenStreetMap (ODbL)."""
    return HttpResponse(streets_json()[0], content_type="application/geo+json")
