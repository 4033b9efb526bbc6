"""Pages that hold no data of their own: their scripts read and write by the public API."""

import csv
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from trips import queries
from trips.intake.columns import COLUMNS, REQUIRED, WHO
from trips.models import Company, Facility, Payer, StandingOrder, Trip
from users.models import User
from users.roles import Permission

View = Callable[..., HttpResponse]

#: As dispatchers call them; `trips.words` has a patient's own words.
MOBILITIES = (
    ("ambulatory", _("Walks")),
    ("wheelchair", _("Wheelchair")),
    ("bariatric_wheelchair", _("Wide wheelchair")),
    ("stretcher", _("Stretcher")),
    ("bariatric_stretcher", _("Wide stretcher")),
)
#: Those that have a box of their own; others are typed.
NEEDS = (
    ("oxygen", _("Oxygen")),
    ("walker", _("Walker")),
    ("attendant", _("Attendant")),
    ("service_animal", _("Service animal")),
)
RETURNS = (
    ("none", _("No way back")),
    ("timed", _("At a time")),
    ("will_call", _("Will call")),
)
BILL_TO = (
    ("", _("By itself")),
    ("payer", _("Payer")),
    ("facility", _("Facility")),
    ("patient", _("Patient")),
)


def dispatchers_only(view: View) -> View:
    """Login, and 403 with a page for who does not dispatch; kept by no cache."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not (isinstance(request.user, User) and request.user.may(Permission.DISPATCH_TRIPS)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return require_safe(never_cache(login_required(guarded)))


def _page(request: HttpRequest, name: str, context: dict[str, Any], **config: Any) -> HttpResponse:
    company = Company.get()
    known = {
        "time_zone": company.time_zone,
        "currency": company.currency,
        "today": queries.company_day(timezone.now()).isoformat(),
        "streets": reverse("dashboard:streets"),
        "maplibre": static("maplibre-gl/maplibre-gl.mjs"),
        "board": reverse("dashboard:board"),
    }
    return render(request, f"trips/desk/{name}.html", {**context, "config": known | config})


def _choices() -> dict[str, Any]:
    return {
        "mobilities": MOBILITIES,
        "needs": NEEDS,
        "returns": RETURNS,
        "bill_to": BILL_TO,
        "payers": Payer.objects.filter(is_active=True).order_by("name"),
        "facilities": Facility.objects.order_by("name"),
    }


@dispatchers_only
def trip_new(request: HttpRequest) -> HttpResponse:
    """Book a trip."""
    return _page(request, "trip_new", _choices())


@dispatchers_only
def trip_edit(request: HttpRequest, trip_id: int) -> HttpResponse:
    """Change a trip; 404 where there is none."""
    if not Trip.objects.filter(pk=trip_id).exists():
        raise Http404
    return _page(request, "trip_edit", _choices() | {"trip_id": trip_id}, trip=trip_id)


@dispatchers_only
def orders(request: HttpRequest) -> HttpResponse:
    """The standing orders."""
    return _page(request, "orders", {}, order=reverse("bookings:orders"))


@dispatchers_only
def order_new(request: HttpRequest) -> HttpResponse:
    """A new standing order."""
    return _page(request, "order_new", _choices(), order=reverse("bookings:orders"))


@dispatchers_only
def order(request: HttpRequest, order_id: int) -> HttpResponse:
    """One standing order: its next days, its history, and changing it; 404 where there is none."""
    if not StandingOrder.objects.filter(pk=order_id).exists():
        raise Http404
    context = _choices() | {"order_id": order_id}
    return _page(request, "order", context, order_id=order_id, order=reverse("bookings:orders"))


@dispatchers_only
def imports(request: HttpRequest) -> HttpResponse:
    """A manifest comes in, a period goes out."""
    context = {
        "columns": COLUMNS,
        "needed": REQUIRED,
        "who": WHO,
        "most_mb": settings.MAX_IMPORT_BYTES // 1_000_000,
    }
    return _page(request, "import", context, most_bytes=settings.MAX_IMPORT_BYTES)


@dispatchers_only
def template(request: HttpRequest) -> HttpResponse:
    """An empty manifest: the headings that the import knows."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="trips-template.csv"'
    csv.writer(answer).writerow([column.name for column in COLUMNS])
    return answer


@dispatchers_only
def address_book(request: HttpRequest) -> HttpResponse:
    """The address book."""
    return _page(request, "places", {})
