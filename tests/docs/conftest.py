"""One running instance for the whole guide, with what a while of `make demo` leaves behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.devtools.launcher import Launcher
from tests.docs.terminal import Terminal

#: Omar drives a trip to its end, and somebody asks for an invoice of a trip that is none.
A_WHILE = """
from billing.tasks import generate_invoice
from config import publish
from trips.lifecycle import Action
from trips.models import Trip
from trips.services import Tap, act
from users.models import User

trip = Trip.objects.filter(status="assigned", driver__isnull=False).earliest("pk")
dina, omar = User.objects.get(username="dina"), trip.driver.user
act(trip_id=trip.pk, user=dina, tap=Tap(action=Action.DISPATCH))
for action in ("start", "arrive_pickup", "pick_up", "arrive_dropoff", "complete"):
    act(trip_id=trip.pk, user=omar, tap=Tap(action=Action(action)))
publish.drain()
generate_invoice.delay(trip_id=0).get(timeout=30, propagate=False)
"""


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A terminal beside a running instance."""
    scratch = tmp_path_factory.mktemp("guide")
    instance = Launcher(data := scratch / "var")
    try:
        instance.wait_ready()
        opened = Terminal(data, scratch)
        opened.run("python manage.py seed_demo --vehicles 3 --trips 5")
        opened.run("python manage.py shell -v 0", stdin=A_WHILE)
        yield opened
    finally:
        instance.end()
