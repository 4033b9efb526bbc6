"""`/unsubscribe/<signed>/`: the link at the end of an optional mail. No login."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from config.limits import limited
from trips.models import Company
from users import preferences
from users.envelope import read_unsubscribe
from users.mails.people import reader_of
from users.models import Notification
from users.own_pages import WORDS


@csrf_exempt  # mail services post without a page before (RFC 8058); the link is the credential
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@limited("link", lambda: settings.LINK_RATE)
def unsubscribe(request: HttpRequest, signed: str) -> HttpResponse:
    """GET shows buttons, since mail scanners follow links; POST unsubscribes. May be repeated."""
    row = read_unsubscribe(signed)
    if row is None:
        return _page(request, None, status=404)
    if request.method == "POST":
        kind = "" if request.POST.get("all") else row.kind
        preferences.refuse(kind=kind, user=row.user, address=row.address)
    return _page(request, row)


def _page(request: HttpRequest, row: Notification | None, status: int = 200) -> HttpResponse:
    refused = row is not None and preferences.has_refused(
        kind=row.kind, user=row.user, address=row.address
    )
    language = reader_of(row).language if row else translation.get_language()
    with translation.override(language):
        context = {
            "company": Company.get(),
            "found": row is not None,
            "about": WORDS.get(row.kind, row.kind.replace("_", " ")) if row else "",
            "refused": refused,
        }
        response = render(request, "users/unsubscribe.html", context, status=status)
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
