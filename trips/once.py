"""The same request again gets the same answer, by the client's own id for it."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from trips.events.log import recording
from trips.models import TapAnswer
from trips.taps import ReusedClientEventId
from users.models import User


def answer_once(
    *, user: User, client_event_id: str, request: dict[str, Any], make: Callable[[], Any]
) -> Any:
    """What `make` answers (JSON values), kept under `client_event_id`; or what it answered then.

    Runs in one transaction; raises as `make` does, which keeps nothing, and
    ReusedClientEventId where the id came before with another `request`.
    """
    if not client_event_id:
        with recording():
            return make()
    body = json.dumps(request, sort_keys=True, default=str)
    digest = hashlib.sha256(body.encode()).hexdigest()
    with recording():
        # Two of the same at once: the second waits, and finds what the first was answered.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        known = TapAnswer.objects.filter(user=user, client_event_id=client_event_id).first()
        if known is None:
            known = TapAnswer.objects.create(
                user=user,
                client_event_id=client_event_id,
                request_digest=digest,
                status_code=200,
                body=make(),
            )
    if known.request_digest != digest:
        raise ReusedClientEventId
    return known.body
