"""`/demo/break/`: the page and what it asks for. Outside the demo none of it exists."""

import re
import secrets
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from config.problems import problem_page
from trips.chaos import launcher, probe
from trips.models import Company
from trips.setup_pages import dispatchers_only
from users.models import User

View = Callable[..., HttpResponse]
RUN = re.compile(r"[0-9a-f]{8}")


def demo_only(view: View) -> View:
    """404 outside the demo, before anything else is looked at."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@demo_only
@require_safe
@dispatchers_only
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """The buttons, the ledger, and a small live list."""
    config = {
        "run": secrets.token_hex(4),
        "socket": "/ws/dispatch/",
        "time_zone": Company.get().time_zone,
        "probe": reverse("break-probe"),
        "do": reverse("break-do"),
        "state": reverse("break-state"),
    }
    return render(request, "chaos/break.html", {"config": config})


@demo_only
@require_POST
@dispatchers_only
def begin(request: HttpRequest) -> HttpResponse:
    """The probe's own trips and van, made where they are missing."""
    if not isinstance(request.user, User):  # pragma: no cover - dispatchers_only has asked
        raise Http404
    return JsonResponse(probe.prepare(request.user))


@demo_only
@require_POST
@dispatchers_only
def break_part(request: HttpRequest) -> HttpResponse:
    """Do one verb (`verb=kill-web`): 202 once the launcher has taken it on.

    400 for a verb that it does not know, 409 where it is no use now, 503 without a launcher.
    """
    verb = request.POST.get("verb", "")
    try:
        known = launcher.ask("status")["verbs"]
        if verb not in known:
            return problem_page(400, f"`verb` is one of {', '.join(known)}.")
        answer = launcher.ask(verb)
    except launcher.LauncherAway:
        return problem_page(503, "Only parts that `make demo` started can be broken from here.")
    if not answer["ok"]:
        return problem_page(409, f"{answer['why']}.")
    return JsonResponse(answer, status=202)


@demo_only
@require_safe
@dispatchers_only
@never_cache
def state(request: HttpRequest) -> HttpResponse:
    """`{"launcher": {verbs, programs} or null, "kept": {fixes, events}}` of `?run=`."""
    run = request.GET.get("run", "")
    if not RUN.fullmatch(run):
        return problem_page(400, "`run` is the page's own: 8 hexadecimal digits.")
    try:
        parts = launcher.ask("status")
    except launcher.LauncherAway:
        parts = None
    return JsonResponse({"launcher": parts, "kept": probe.kept(run)})
