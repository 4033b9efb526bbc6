"""A tap as a client sends it, and every way in which one can be turned down."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from trips.dispatch.matching import Refusal
from trips.lifecycle import Action
from trips.models import Trip

#: What a phone kept for longer is no evidence any more; positions are kept as long.
OLDEST_TAP = timedelta(days=30)


class TripNotFound(LookupError):
    """The trip is absent, or not theirs: the two are not told apart."""


class Forbidden(Exception):
    """The actor's role may never do this."""


class Refused(Exception):
    """Not now: the version is old, or the action or its guard does not allow it.

    `refusals` are the reasons one by one where a crew does not fit the trip.
    """

    def __init__(self, detail: str, trip: Trip, refusals: Sequence[Refusal] = ()) -> None:
        super().__init__(detail)
        self.trip = trip
        self.refusals = refusals


class InvalidTap(ValueError):
    """A field that this action needs is missing or does not fit; `field` names it."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field


class ReusedClientEventId(ValueError):
    """The same `client_event_id` came with another body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """One action on one trip, as a client sends it. Coordinates in degrees, odometer in miles."""

    action: Action
    client_event_id: str = ""
    occurred_at: datetime | None = None
    expected_version: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    reason: str = ""
    odometer: Decimal | None = None
    driver_id: int | None = None
    vehicle_id: int | None = None
    scheduled_at: datetime | None = None
    kind: str = ""

    def digest(self, trip_id: int) -> str:
        """What makes two taps the same."""
        body = json.dumps({"trip": trip_id, **asdict(self)}, sort_keys=True, default=str)
        return hashlib.sha256(body.encode()).hexdigest()

    def moment(self, now: datetime) -> datetime:
        """When it happened: never after `now`; InvalidTap where it is too long ago."""
        at = min(self.occurred_at or now, now)
        if now - at > OLDEST_TAP:
            raise InvalidTap("occurred_at", f"That is more than {OLDEST_TAP.days} days ago.")
        return at
