"""What browsers are told beside Django's own headers."""

from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponseBase

from config.middleware import Middleware

#: The driver's page asks where it is; nothing else of the machine is anybody's business.
PERMISSIONS_POLICY = (
    "geolocation=(self), camera=(), microphone=(), payment=(), usb=(), serial=(), "
    "display-capture=(), browsing-topics=()"
)
#: The policy of a file that somebody sent: wherever it is opened, it runs nothing.
SENT_FILE_POLICY = "default-src 'none'; sandbox"


class PermissionsPolicyMiddleware(Middleware):
    """Adds `Permissions-Policy` to every answer."""

    def __call__(self, request: HttpRequest) -> Any:
        if iscoroutinefunction(self):
            return self._later(request)
        return _with_policy(self.get_response(request))

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        return _with_policy(await self.get_response(request))


def _with_policy(response: Any) -> HttpResponseBase:
    response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
    answered: HttpResponseBase = response
    return answered
