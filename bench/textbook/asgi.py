"""The ASGI application."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.textbook.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

from bench.textbook.consumers import DispatchConsumer, TripConsumer

routes = [
    path("ws/dispatch/", DispatchConsumer.as_asgi()),
    path("ws/trips/<int:trip_id>/", TripConsumer.as_asgi()),
]
application = ProtocolTypeRouter(
    {"http": django_application, "websocket": AuthMiddlewareStack(URLRouter(routes))}
)
