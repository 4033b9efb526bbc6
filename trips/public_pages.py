"""`/track/<signed>/`: what a patient or a facility sees behind a mailed link. No login."""

import math
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_safe

from config.limits import limited
from trips import links, queries, services
from trips.dashboard.views import streets_json
from trips.lifecycle import ENDED, STARTED, Action, Actor, Status, find
from trips.models import Company, Trip
from trips.realtime.projections import Audience, etas_of, trip_view
from trips.simulator.streets import around
from trips.taps import Refused, TripNotFound
from trips.words import HEADLINES, steps
from users.audit import entries as audit
from users.languages import language_of
from users.zones import place_of, zone_of

REFRESH_S = 20


# Exempt: the address is the credential, as unknown to a foreign page as a token would be.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@limited("link", lambda: settings.LINK_RATE)
def track(request: HttpRequest, signed: str) -> HttpResponse:
    """One trip, as much as the public may know; POST `answer=ready` calls the vehicle.

    404 for a forged, expired or closed link.
    """
    trip_id = links.read(signed)
    if trip_id is None:
        response = render(request, "trips/track_gone.html", {"company": Company.get()}, status=404)
    else:
        audit.shown(request, "trips", [trip_id])
        answer = _ready if request.method == "POST" else _page
        response = answer(request, signed, trip_id)
    response["X-Robots-Tag"] = "noindex, nofollow"
    # The address is the credential: it must not leak to where the page leads.
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_safe
@gzip_page
@cache_control(private=True, max_age=3600)
def streets(request: HttpRequest, signed: str) -> HttpResponse:
    """The streets around the trip of a link as GeoJSON; 404 for a link that shows nothing."""
    trip_id = links.read(signed)
    if trip_id is None:
        raise Http404
    view = trip_view(Trip.objects.get(pk=trip_id), Audience.PUBLIC)
    points = [(place.latitude, place.longitude) for place in (view.pickup, view.dropoff)]
    body = msgspec.json.encode(around(msgspec.json.decode(streets_json()[0]), points))
    return HttpResponse(body, content_type="application/geo+json")


def _ready(request: HttpRequest, signed: str, trip_id: int) -> HttpResponse:
    if request.POST.get("answer") != "ready":
        return _page(request, signed, trip_id, 400)
    try:
        services.ready_by_link(trip_id=trip_id)
    except (Refused, TripNotFound):
        # Pressed twice, or the office was faster; the page says how it is now.
        return _page(request, signed, trip_id, 409)
    return redirect(request.path)


def _page(request: HttpRequest, signed: str, trip_id: int, status: int = 200) -> HttpResponse:
    trips = queries.with_related(Trip.objects.select_related("patient__user"))
    trip = trips.get(pk=trip_id)
    account = trip.patient.user
    wishes = [account.language if account else "", trip.patient.language]
    language = language_of([*wishes, translation.get_language() or ""])
    with translation.override(language):
        context = _context(trip, signed) | {"language": language, "refused": status == 409}
        return render(request, "trips/track.html", context, status=status)


def _context(trip: Trip, signed: str) -> dict[str, Any]:
    # Through the public projection, so that this page cannot know more than it may show.
    shown = trip_view(trip, Audience.PUBLIC)
    company, now, status = Company.get(), timezone.now(), Status(shown.status)
    zone = _zone(trip, company)
    eta = next((one.eta for one in etas_of([trip], Audience.PUBLIC)), None)
    headline, hue = HEADLINES[status]
    return {
        "company": company,
        "headline": headline,
        "hue": hue,
        "steps": steps(status),
        "is_under_way": status in STARTED,
        "is_aboard": status == Status.IN_PROGRESS,
        "can_be_ready": find(Action.READY, status, Actor.REQUESTER) is not None,
        "driver": shown.driver.name if shown.driver else None,
        "vehicle": shown.vehicle.name if shown.vehicle else None,
        "scheduled_at": _local(shown.scheduled_at, zone),
        "eta": _local(eta, zone),
        "eta_minutes": _minutes(_local(eta, zone), now),
        "now": now.astimezone(zone),
        "zone": place_of(zone),
        "refresh_s": None if status in ENDED else REFRESH_S,
        "config": _config(signed),
    }


def _config(signed: str) -> dict[str, Any]:
    """What the script of the page is told."""
    return {
        "socket": f"/ws/track/{signed}/",
        "streets": reverse("track-streets", args=[signed]),
        "refresh_s": REFRESH_S,
        "words": {
            "NavigationControl.ZoomIn": _("Zoom in"),
            "NavigationControl.ZoomOut": _("Zoom out"),
            "Map.Title": _("Map"),
        },
    }


def _zone(trip: Trip, company: Company) -> ZoneInfo:
    account = trip.patient.user
    return zone_of(account.time_zone if account else "", trip.patient.time_zone, company.time_zone)


def _local(text: str | None, zone: ZoneInfo) -> datetime | None:
    moment = parse_datetime(text) if text else None
    return moment.astimezone(zone) if moment else None


def _minutes(eta: datetime | None, now: datetime) -> int | None:
    """Whole minutes until then, at least 0."""
    return max(0, math.ceil((eta - now).total_seconds() / 60)) if eta else None
