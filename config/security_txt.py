"""`/.well-known/security.txt` (RFC 9116): whom to tell of a hole, before anybody else."""

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

#: The file says how long it may be believed; it is always made anew.
GOOD_FOR = timedelta(days=180)


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """The contact of ATW_SECURITY_CONTACT; 404 where there is none."""
    contact = settings.SECURITY_CONTACT
    if not contact:
        raise Http404
    contact = contact if ":" in contact else f"mailto:{contact}"
    expires = (timezone.now() + GOOD_FOR).strftime("%Y-%m-%dT00:00:00Z")
    lines = [f"Contact: {contact}", f"Expires: {expires}"]
    canonical = f"{settings.BASE_URL}/.well-known/security.txt"
    text = "\n".join([*lines, f"Canonical: {canonical}", ""])
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
