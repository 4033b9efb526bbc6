"""Set-up of phones: a dispatcher issues a device token and shows its links and QR codes."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

import segno
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from trips import queries
from trips.models import Device, Driver, Vehicle
from trips.tracking import phone_setup
from users.auth import hash_token
from users.models import User
from users.roles import Permission

#: The device that stands for the phone in a vehicle; built-in trackers are others.
PHONE = "phone app"

View = Callable[..., HttpResponse]


class Method(NamedTuple):
    """One app's way in: `code` is in the picture, `link` is tapped on the phone itself."""

    app: str
    how: str
    link: str
    picture: str


def dispatchers_only(view: View) -> View:
    """Login, and 403 with a page for who does not dispatch."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not (isinstance(request.user, User) and request.user.may(Permission.DISPATCH_TRIPS)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return login_required(guarded)


@require_safe
@dispatchers_only
def phones(request: HttpRequest) -> HttpResponse:
    """Whose phone can be set up, and when each was last heard of."""
    context = {
        "vehicles": Vehicle.objects.prefetch_related("devices").order_by("name"),
        "drivers": queries.drivers().select_related("device"),
    }
    return render(request, "trips/phones.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@dispatchers_only
def setup_vehicle(request: HttpRequest, vehicle_id: int) -> HttpResponse:
    """The phone that stays in a vehicle."""
    vehicle = get_object_or_404(Vehicle, pk=vehicle_id)
    token = issue(vehicle=vehicle) if request.method == "POST" else None
    return _page(request, title=vehicle.name, name=f"vehicle-{vehicle.pk}", token=token)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@dispatchers_only
def setup_driver(request: HttpRequest, driver_id: int) -> HttpResponse:
    """The driver's own phone; it reports for the vehicle of the running shift."""
    driver = get_object_or_404(Driver.objects.select_related("user"), pk=driver_id)
    token = issue(driver=driver) if request.method == "POST" else None
    return _page(request, title=str(driver), name=f"driver-{driver.pk}", token=token)


def issue(*, vehicle: Vehicle | None = None, driver: Driver | None = None) -> str:
    """A new token for the phone of one of them; the former one ends. Only its hash is kept."""
    token = secrets.token_urlsafe(24)
    with transaction.atomic():
        # Locked: two dispatchers at once must not make two phones of one vehicle.
        if vehicle is not None:
            Vehicle.objects.select_for_update().get(pk=vehicle.pk)
            device, _ = Device.objects.get_or_create(vehicle=vehicle, name=PHONE)
        else:
            device, _ = Device.objects.get_or_create(driver=driver)
        device.token_digest = hash_token(token)
        device.is_active = True
        device.save(update_fields=["token_digest", "is_active"])
    return token


def _page(request: HttpRequest, *, title: str, name: str, token: str | None) -> HttpResponse:
    base_url = settings.BASE_URL
    context: dict[str, Any] = {
        "title": title,
        "door": f"{base_url}{phone_setup.DOOR}",
        "reach": phone_setup.reach(base_url).value,
        "interval_s": phone_setup.INTERVAL_S,
        "distance_m": phone_setup.DISTANCE_M,
    }
    if token is not None:
        context |= {
            "token": token,
            "methods": methods(base_url, token, name),
            "gpslogger": phone_setup.gpslogger_url(base_url, token),
        }
    return render(request, "trips/phone_setup.html", context)


def methods(base_url: str, token: str, name: str) -> list[Method]:
    short = f"{name[0].upper()}{name[-1]}"
    owntracks = phone_setup.owntracks_link(base_url, token, name=name, short=short)
    return [
        Method(
            "Traccar Client",
            "In the app: Settings, then the QR symbol. Then switch tracking on.",
            phone_setup.traccar_link(base_url, token),
            picture(phone_setup.traccar_code(base_url, token)),
        ),
        Method(
            "OwnTracks",
            "Scan it with the phone's camera and open the link with OwnTracks.",
            owntracks,
            picture(owntracks),
        ),
    ]


def picture(text: str) -> str:
    """A QR code as the source of an image; dark on white in both colour schemes."""
    return segno.make(text, error="m", micro=False).svg_data_uri(omitsize=True, light="#fff")
