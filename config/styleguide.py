"""`/styleguide/`: every component of the design language on one page; with ATW_DEBUG only."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

HUES = (
    "open",
    "assigned",
    "driving",
    "waiting",
    "aboard",
    "arrived",
    "done",
    "idle",
    "trouble",
)


def styleguide(request: HttpRequest) -> HttpResponse:
    """All components; 404 outside debug."""
    if not settings.DEBUG:
        raise Http404
    return render(request, "atw/styleguide.html", {"hues": HUES})
