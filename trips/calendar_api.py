"""`/api/calendar/`: a driver's own calendar link, and what it opens."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.problems import problem_page
from trips import calendars
from trips.list_api import needs
from users.audit import entries as audit
from users.models import User
from users.roles import Permission

LINK = inline_serializer("CalendarLink", {"url": serializers.URLField()})


class CalendarView(APIView):
    """Drivers only: the feed holds the trips that one drives."""

    permission_classes = [needs(Permission.DRIVE)]

    @extend_schema(request=None, responses={201: LINK})
    def post(self, request: Request) -> Response:
        """A new link, shown once; the former one ends."""
        return Response({"url": calendars.renew_link(_user(request))}, status=201)

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """The link ends; the same where there was none."""
        calendars.end_link(_user(request))
        return Response(status=204)


def _user(request: Request) -> User:
    if not isinstance(request.user, User):
        raise exceptions.NotAuthenticated
    return request.user


@require_safe
@never_cache
def calendar(request: HttpRequest, signed: str) -> HttpResponse:
    """The feed; 404 for a link that is forged or ended. The link is the credential."""
    user = calendars.link_owner(signed)
    if user is None:
        return problem_page(404, "Not found.")
    audit.shown(request, "calendar", [user.pk])
    response = HttpResponse(calendars.feed(user), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="trips.ics"'
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
