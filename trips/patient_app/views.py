"""One's own trips: what is ahead, what was, what can be done now, and booking."""

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework import exceptions

from trips import access, booking_api, confirmations, links, queries, services
from trips.booking_api import BookingSerializer
from trips.lifecycle import ENDED, OPEN, STARTED, Action, Status, possible
from trips.models import Trip
from trips.patient_app.forms import BookingForm, first_values, known_places
from trips.patient_app.own import own_page, user_of
from trips.realtime.projections import trip_for
from trips.taps import Forbidden, InvalidTap, Refused, Tap, TripNotFound
from trips.words import HEADLINES, MOBILITY, SHORT, steps
from users.models import User
from users.roles import Role

ON_A_PAGE = 50
#: What a person says of an API's refusal: its fields by the form's names.
FIELDS = {"patient_id": "patient"}
DONE = {
    "ready": gettext_lazy("Thank you. We send a vehicle."),
    "cancel": gettext_lazy("The trip is cancelled."),
    "confirm": gettext_lazy("Thank you. We will be there."),
}


@require_safe
@own_page
def trips(request: HttpRequest) -> HttpResponse:
    """What is ahead by day, and what was, page by page."""
    user = user_of(request)
    ahead = _theirs(user).filter(status__in=OPEN).order_by("scheduled_at", "pk")
    past = _theirs(user).filter(status__in=ENDED).order_by("-scheduled_at", "-pk")
    next_ones = Paginator(ahead, ON_A_PAGE).get_page(request.GET.get("ahead"))
    last_ones = Paginator(past, ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "days": [(day, list(rows)) for day, rows in groupby(map(_shown, next_ones), _day_of)],
        "ahead": next_ones,
        "past": last_ones,
        "rows": [_shown(trip) for trip in last_ones],
        "of_many": user.role == Role.FACILITY,
    }
    return render(request, "me/trips.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def trip(request: HttpRequest, trip_id: int) -> HttpResponse:
    """One trip; POST `answer=ready|cancel|confirm` does it."""
    user = user_of(request)
    found = _theirs(user).filter(pk=trip_id).first()
    if found is None:
        raise Http404
    if request.method != "POST":
        return render(request, "me/trip.html", _details(found, user))
    try:
        _do(request, found, user)
    except (Refused, Forbidden, TripNotFound):
        found = _theirs(user).get(pk=trip_id)
        context = _details(found, user) | {"refused": True}
        return render(request, "me/trip.html", context, status=409)
    except InvalidTap:
        return render(request, "me/trip.html", _details(found, user), status=400)
    return redirect("me-trip", trip_id)


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def book(request: HttpRequest) -> HttpResponse:
    """Book a trip, or (`?return_of=`) the way back of one."""
    user = user_of(request)
    back = request.GET.get("return_of", "")
    return_of = _theirs(user).filter(pk=int(back)).first() if _is_id(back) else None
    if request.method != "POST":
        form = BookingForm(user, initial=first_values(user, return_of))
        return _booking_page(request, form, 200)
    form = BookingForm(user, request.POST)
    if form.is_valid() and (booked := _booked(request, form, user, return_of)):
        messages.success(request, _("Your trip is requested. We tell you when it is booked."))
        return redirect("me-trip", booked.pk)
    return _booking_page(request, form, 400)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


def _booked(
    request: HttpRequest, form: BookingForm, user: User, return_of: Trip | None
) -> Trip | None:
    """The new trip, by the API's own rules; None with the form's errors where they refuse it."""
    wanted = form.booking() | ({"return_of": return_of.pk} if return_of else {})
    booking = BookingSerializer(data=wanted, context={"request": request})
    try:
        booking.is_valid(raise_exception=True)
    except exceptions.ValidationError as exc:
        errors = exc.detail if isinstance(exc.detail, dict) else {None: exc.detail}
        for name, texts in errors.items():
            field = FIELDS.get(str(name), str(name))
            form.add_error(field if field in form.fields else None, [str(text) for text in texts])
        return None
    return booking_api.book(user, booking.validated_data)


def _booking_page(request: HttpRequest, form: BookingForm, status: int) -> HttpResponse:
    context = {"form": form, "places": known_places(form.user)}
    return render(request, "me/book.html", context, status=status)


def _theirs(user: User) -> QuerySet[Trip]:
    return queries.with_related(access.visible_trips(user))


def _do(request: HttpRequest, trip: Trip, user: User) -> None:
    said = request.POST.get("answer", "")
    if said == "confirm":
        services.confirm_trip(trip_id=trip.pk)
    elif said in (Action.READY, Action.CANCEL):
        reason = request.POST.get("reason", "").replace("\x00", "").strip()[:250]
        services.act(trip_id=trip.pk, user=user, tap=Tap(action=Action(said), reason=reason))
    else:
        raise InvalidTap("answer", "ready, cancel or confirm")
    messages.success(request, str(DONE[said]))


def _shown(trip: Trip) -> dict[str, Any]:
    status = Status(trip.status)
    return {"trip": trip, "state": SHORT[status], "hue": HEADLINES[status][1]}


def _day_of(row: dict[str, Any]) -> Any:
    at = row["trip"].scheduled_at
    return timezone.localdate(at) if at else None


def _details(trip: Trip, user: User) -> dict[str, Any]:
    status = Status(trip.status)
    can = {action for action, _fields in possible(status, access.actors(user, trip))}
    confirmable = confirmations.can_confirm(trip, timezone.now())
    return _shown(trip) | {
        "shown": trip_for(trip, user),
        "headline": HEADLINES[status][0],
        "steps": steps(status),
        "mobility": MOBILITY.get(trip.mobility, trip.mobility),
        "track": f"/track/{links.sign(trip.pk)}/" if status in STARTED else "",
        "can_be_ready": Action.READY in can,
        "can_cancel": Action.CANCEL in can,
        "can_confirm": confirmable and not confirmations.is_confirmed(trip),
        "is_over": status in ENDED,
        "of_many": user.role == Role.FACILITY,
    }
