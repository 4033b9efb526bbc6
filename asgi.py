"""The ASGI application: the GPS door, the sockets, and Django for everything else."""

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter

from config.body_bound import BodyBound
from config.unhurried import Unhurried
from trips.realtime.consumers import routes
from trips.tracking.ingest import GpsDoor

# What is loaded by now stays: the collector need not walk it again and again, which would stop
# the event loop for tens of milliseconds, and it need not come for each few hundred requests.
gc.collect()
gc.freeze()
# The last generation is not looked at before a quarter of what it had the last time is new: it
# must not be told of all that was loaded.
gc.collect()
# What closed sockets leave in circles is old by then: with a rare last generation it piles up.
gc.set_threshold(20_000, 10, 2)

application = ProtocolTypeRouter(
    {
        "http": GpsDoor(BodyBound(Unhurried(django_application))),
        "websocket": URLRouter(routes),
    }
)
