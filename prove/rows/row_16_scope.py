"""Row 16: every route and frame, by six roles, about what is theirs, a stranger's, or absent."""

from __future__ import annotations

import logging
from random import Random

from django.db import transaction
from django.test import override_settings

from prove import scope
from prove.row import Outcome, Row, scaled
from prove.scope_sockets import Doors
from prove.stack import Stack
from tests.cast import open_company
from tests.scope.house import furnish
from tests.scope.table import ROLES


def run(stack: Stack, seed: int, scale: float) -> Outcome:
    """Routes in this process, each question undone; sockets on a server."""
    # A line for each refusal would be all of the log.
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
    house, out, rng = furnish(open_company(), ROLES), Outcome(), Random(seed)
    doors = (
        ("of objects", scope.OF_OBJECTS, scope.of_object),
        ("lists and forms", scope.OF_NONE, scope.of_none),
        ("without a login", scope.OF_OBJECTS + scope.OF_NONE, scope.without_login),
        ("of anybody", scope.OF_ANYBODY, scope.of_anybody),
    )
    for name, routes, faults_of in doors:
        asked = rng.sample(routes, scaled(len(routes), scale))
        # Each client has middlewares of its own, which would list all static files.
        with transaction.atomic(), override_settings(WHITENOISE_AUTOREFRESH=True):
            found = [fault for route in asked for fault in faults_of(house, route)]
            transaction.set_rollback(True)
        out.note(f"routes asked, {name}", len(asked))
        out.faults(f"leaks, {name}", found)
    stack.start(web=1, workers=("high",))
    sockets = Doors(house, stack.ws_url)
    out.faults("leaks, sockets", sockets.faults())
    out.note("sockets opened", sockets.opened)
    return out


ROW = Row(
    16,
    fault="every route and frame x 6 roles x own / foreign / absent",
    reach="0 leaks; foreign = absent, byte for byte",
    bound_s=65,
    run=run,
    quick=0.1,
)
