"""The ASGI application: the GPS door, the sockets, and Django for everything else."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter

from trips.realtime.consumers import routes
from trips.tracking.ingest import GpsDoor

application = ProtocolTypeRouter(
    {
        "http": GpsDoor(django_application),
        "websocket": URLRouter(routes),
    }
)
