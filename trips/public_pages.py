"""`/track/<signed>/`: what a patient or a facility sees behind a mailed link. No login."""

from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from trips import links, queries
from trips.lifecycle import ENDED, Status
from trips.models import Company, Trip
from trips.realtime.projections import Audience, etas_of, trip_view

REFRESH_S = 20

#: (headline, hue of the stylesheet)
WORDS: dict[Status, tuple[str, str]] = {
    Status.REQUESTED: ("Your trip is requested", "open"),
    Status.WILL_CALL: ("Call us when you are ready", "open"),
    Status.SCHEDULED: ("Your trip is booked", "open"),
    Status.ASSIGNED: ("A driver is assigned", "assigned"),
    Status.DISPATCHED: ("A driver is assigned", "assigned"),
    Status.EN_ROUTE_PICKUP: ("Your driver is on the way", "driving"),
    Status.ARRIVED_PICKUP: ("Your driver is here", "waiting"),
    Status.IN_PROGRESS: ("On the way to the destination", "aboard"),
    Status.ARRIVED_DROPOFF: ("Arrived at the destination", "arrived"),
    Status.COMPLETED: ("The trip is complete", "done"),
    Status.CANCELLED: ("The trip was cancelled", "done"),
    Status.NO_SHOW: ("The driver could not meet you", "done"),
    Status.REJECTED: ("We cannot take this trip", "trouble"),
    Status.MISSED: ("We missed your trip. Please call us", "trouble"),
}


@require_safe
@never_cache
def track(request: HttpRequest, signed: str) -> HttpResponse:
    """One trip, as much as the public may know; 404 for a forged, expired or closed link."""
    company = Company.get()
    trip_id = links.read(signed)
    if trip_id is None:
        response = render(request, "trips/track_gone.html", {"company": company}, status=404)
    else:
        trip = queries.with_related(Trip.objects.all()).get(pk=trip_id)
        response = render(request, "trips/track.html", _context(trip, company))
    response["X-Robots-Tag"] = "noindex, nofollow"
    # The address is the credential: it must not leak to where the page leads.
    response["Referrer-Policy"] = "no-referrer"
    return response


def _context(trip: Trip, company: Company) -> dict[str, object]:
    # Through the public projection, so that this page cannot know more than it may show.
    shown = trip_view(trip, Audience.PUBLIC)
    eta = next((one.eta for one in etas_of([trip], Audience.PUBLIC)), None)
    zone = ZoneInfo(company.time_zone)
    headline, hue = WORDS[Status(shown.status)]
    return {
        "company": company,
        "headline": headline,
        "hue": hue,
        "driver": shown.driver.name if shown.driver else None,
        "vehicle": shown.vehicle.name if shown.vehicle else None,
        "scheduled_at": _local(shown.scheduled_at, zone),
        "eta": _local(eta, zone),
        "since": _local(shown.state_since, zone),
        "zone": company.time_zone,
        "refresh_s": None if Status(shown.status) in ENDED else REFRESH_S,
    }


def _local(text: str | None, zone: ZoneInfo) -> object:
    moment = parse_datetime(text) if text else None
    return moment.astimezone(zone) if moment else None
