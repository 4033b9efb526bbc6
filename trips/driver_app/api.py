"""`/api/driver/…`: what the driver's phone asks beside trips, shifts and positions."""

from typing import Any

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from trips.driver_app.day import day_of
from trips.list_api import needs
from trips.models import Driver
from trips.setup_pages import issue, methods
from trips.tracking import phone_setup
from users.roles import Permission


class DriverView(APIView):
    """For drivers; 403 for everybody else."""

    permission_classes = [needs(Permission.DRIVE)]

    def driver(self, request: Request) -> Driver:
        """Who asks; 403 where the account has no driver's record."""
        user_id = request.user.pk or 0
        found = Driver.objects.select_related("user").filter(user_id=user_id).first()
        if found is None:
            raise exceptions.PermissionDenied
        return found


class DayView(DriverView):
    """`GET`: shift, trips, vehicles to choose from, numbers to call (docs/DRIVER.md)."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        return Response(day_of(self.driver(request)))


class PairingView(DriverView):
    """`POST`: a token for a tracking app on this driver's phone; a former one ends."""

    @extend_schema(request=None, responses={201: OpenApiTypes.OBJECT})
    def post(self, request: Request) -> Response:
        driver = self.driver(request)
        token = issue(driver=driver)
        ways = methods(settings.BASE_URL, token, f"driver-{driver.pk}")
        body: dict[str, Any] = {
            "server": f"{settings.BASE_URL}{phone_setup.DOOR}",
            "token": token,
            "interval_s": phone_setup.INTERVAL_S,
            "distance_m": phone_setup.DISTANCE_M,
            "apps": [{"name": way.app, "link": way.link, "picture": way.picture} for way in ways],
        }
        return Response(body, 201)
