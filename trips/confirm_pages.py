"""`/trips/confirm/<signed>/`: a patient's own trip, to confirm or to cancel. No login.

Programs that look for bad links follow the ones in mails, so a GET changes nothing: the page has
the buttons.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from config.limits import limited
from trips import confirmations, services
from trips.lifecycle import Status
from trips.models import Company, Trip
from trips.taps import Refused, TripNotFound
from users.audit import entries as audit
from users.languages import language_of
from users.zones import place_of, zone_of

#: Into the trip's story; the patient is not asked why.
REASON = "by the patient's link"


# The address is the credential, as unknown to a foreign page as a token would be; and a mail
# program's own browser may keep no cookie.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@limited("link", lambda: settings.LINK_RATE)
def answer(request: HttpRequest, signed: str) -> HttpResponse:
    """GET shows the trip; POST `answer=confirm|cancel` does it and shows it again."""
    trip = confirmations.read(signed)
    if trip is None:
        response = render(request, "trips/track_gone.html", {"company": Company.get()}, status=404)
    else:
        audit.shown(request, "trips", [trip.pk])
        response = _do(request, trip) if request.method == "POST" else _page(request, trip, 200)
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _do(request: HttpRequest, trip: Trip) -> HttpResponse:
    said = request.POST.get("answer")
    if said not in ("confirm", "cancel"):
        return _page(request, trip, 400)
    try:
        if said == "confirm":
            services.confirm_trip(trip_id=trip.pk)
        else:
            services.cancel_by_link(trip_id=trip.pk, reason=REASON)
    except (Refused, TripNotFound):
        # Somebody was faster; the page says how it is now.
        trip.refresh_from_db()
        if said == "cancel" and trip.status == Status.CANCELLED:
            return redirect(request.path)  # pressed twice
        return _page(request, trip, 409)
    return redirect(request.path)


def _page(request: HttpRequest, trip: Trip, status: int) -> HttpResponse:
    account = trip.patient.user
    language = language_of([account.language if account else "", trip.patient.language])
    company = Company.get()
    zone = zone_of(account.time_zone if account else "", trip.patient.time_zone, company.time_zone)
    context = {
        "company": company,
        "language": language,
        "trip": trip,
        "at": trip.scheduled_at.astimezone(zone) if trip.scheduled_at else None,
        "zone": place_of(zone),
        "can_confirm": confirmations.can_confirm(trip, timezone.now()),
        "can_cancel": confirmations.can_cancel(trip),
        "is_confirmed": confirmations.is_confirmed(trip),
        "is_cancelled": trip.status == Status.CANCELLED,
        "refused": status == 409,
    }
    with translation.override(language):
        return render(request, "trips/confirm.html", context, status=status)
