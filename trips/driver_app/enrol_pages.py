"""The dispatcher's page that signs in a driver's phone, and signs it out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from trips.models import Driver
from trips.setup_pages import dispatchers_only, picture
from trips.tracking import phone_setup
from users import enrolment
from users.models import User


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@dispatchers_only
def enrol_driver(request: HttpRequest, driver_id: int) -> HttpResponse:
    """GET lists the phones; POST makes a link, or signs out the phone named by `sign_out`."""
    driver = get_object_or_404(Driver.objects.select_related("user"), pk=driver_id)
    given = request.POST.get("sign_out", "")
    if given.isascii() and given.isdigit():
        enrolment.sign_out(user=driver.user, enrolment_id=int(given[:18]))
        return redirect(request.path)
    context: dict[str, Any] = {
        "driver": driver,
        "phones": enrolment.phones_of(driver.user),
        "reach": phone_setup.reach(settings.BASE_URL).value,
        "base_url": settings.BASE_URL,
        "minutes": int(enrolment.LINK_FOR.total_seconds() // 60),
    }
    if request.method == "POST" and isinstance(request.user, User):
        code = enrolment.invite(user=driver.user, by=request.user)
        # In the fragment: no server, proxy or log of one ever sees it.
        context["link"] = f"{settings.BASE_URL}{reverse('driver-enrol')}#{code}"
        context["picture"] = picture(context["link"])
    return render(request, "driver/enrol.html", context)
