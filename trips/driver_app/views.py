"""The driver's page: a shell that anybody may load, since all in it comes through the API."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from trips.driver_app.day import life
from trips.models import Company
from trips.tracking.phone_setup import reach

HERE = Path(__file__).parent
#: What a phone without coverage needs to start, by the names of static files.
OTHER_FILES = (
    "atw/atw.css",
    "atw/i18n.js",
    "atw/icon.svg",
    "dashboard/dom.js",
    "dashboard/socket.js",
    "dashboard/state.js",
)


@require_safe
@cache_control(no_cache=True)
def app(request: HttpRequest) -> HttpResponse:
    """`/driver/`, and `/driver/enrol/`, where the QR code leads: the same shell."""
    company = Company.get()
    config: dict[str, Any] = {
        "company": company.name,
        "phone": company.phone,
        "time_zone": company.time_zone,
        "life": life(),
        "home": reverse("driver"),
        "worker": reverse("driver-worker"),
        "enrol": reverse("enrol"),
        "reach": reach(request.build_absolute_uri("/").rstrip("/")).value,
    }
    return render(request, "driver/app.html", {"config": config})


@require_safe
@cache_control(no_cache=True)
def manifest(request: HttpRequest) -> JsonResponse:
    """What makes the page installable."""
    name = Company.get().name
    icons = [
        {"src": static(f"driver/icon-{px}.png"), "sizes": f"{px}x{px}", "type": "image/png"}
        for px in (192, 512)
    ]
    body = {
        "id": reverse("driver"),
        "name": _("%(company)s Driver") % {"company": name},
        "short_name": _("Driver"),
        "lang": get_language(),
        "start_url": reverse("driver"),
        "scope": reverse("driver"),
        "display": "standalone",
        "orientation": "portrait",
        "background_color": "#f3f5f6",
        "theme_color": "#0a6a72",
        "icons": [*icons, {**icons[1], "purpose": "maskable"}],
    }
    return JsonResponse(body, content_type="application/manifest+json")


@require_safe
@cache_control(no_cache=True)
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker with the list of what it keeps, under a version of their contents."""
    urls = [reverse("driver"), *(static(name) for name in kept_files())]
    head = f"const VERSION = {json.dumps(version())};\nconst FILES = {json.dumps(urls)};\n"
    source = (HERE / "worker.js").read_text()
    return HttpResponse(head + source, content_type="text/javascript")


def kept_files() -> list[str]:
    """The static files of the app."""
    ours = sorted(path.name for path in (HERE / "static/driver").iterdir() if path.is_file())
    return [f"driver/{name}" for name in ours] + list(OTHER_FILES)


@cache
def version() -> str:
    """Another one with each change of anything that is kept."""
    digest = hashlib.sha256()
    shell = [HERE / "templates/driver/app.html", HERE / "worker.js"]
    found = [Path(path) for name in kept_files() if (path := finders.find(name))]
    catalogues = sorted(Path(settings.LOCALE_PATHS[0]).rglob("*.mo"))
    for file in [*shell, *found, *catalogues]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
