"""The link by which a patient sees one trip of theirs, confirms it or cancels it. No login.

It is a signed trip id of its own kind: a tracking link, which people pass on, opens nothing here.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.utils import timezone

from trips.lifecycle import Action, Actor, Status, find
from trips.models import Trip
from trips.queries import with_related

SALT = "trips.confirmations"
#: Trips are booked months ahead; no link outlives its trip by long.
GOOD_FOR = timedelta(days=200)
AFTER_THE_TIME = timedelta(days=1)
_CAN_CONFIRM = frozenset({Status.SCHEDULED, Status.ASSIGNED, Status.DISPATCHED})


def url(trip_id: int) -> str:
    """The link as it is mailed."""
    return f"{settings.BASE_URL}/trips/confirm/{signing.dumps(trip_id, salt=SALT)}/"


def read(signed: str) -> Trip | None:
    """The trip of a link that is ours and not over; None as well where its account is disabled."""
    try:
        trip_id = signing.loads(signed, salt=SALT, max_age=GOOD_FOR)
    except signing.BadSignature:
        return None
    trips = with_related(Trip.objects.select_related("patient__user"))
    trip = trips.filter(pk=trip_id).first() if isinstance(trip_id, int) else None
    if trip is None or _is_over(trip, timezone.now()):
        return None
    account = trip.patient.user
    return trip if account is None or account.is_active else None


def _is_over(trip: Trip, now: datetime) -> bool:
    return (trip.scheduled_at or trip.state_since) < now - AFTER_THE_TIME


def can_confirm(trip: Trip, now: datetime) -> bool:
    """Whether "yes, I come" still says something: a time is agreed, and it is ahead."""
    ahead = trip.scheduled_at is not None and trip.scheduled_at > now
    return ahead and trip.status in _CAN_CONFIRM


def can_cancel(trip: Trip) -> bool:
    """Whether who ordered the trip may still cancel it themselves."""
    return find(Action.CANCEL, Status(trip.status), Actor.REQUESTER) is not None


def is_confirmed(trip: Trip) -> bool:
    """Whether the trip was confirmed for the time that it has now."""
    return trip.events.filter(event="trip.confirmed", data=data_of(trip)).exists()


def data_of(trip: Trip) -> dict[str, str]:
    """What the event of a confirmation holds: the time that it was given for."""
    return {"scheduled_at": trip.scheduled_at.isoformat() if trip.scheduled_at else ""}
