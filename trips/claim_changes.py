"""Completing what a payer asks for, on a trip in whatever state. Beside `trips.services`."""

from django.utils import timezone

from trips.deadlocks import tried_again
from trips.events.log import recording
from trips.lifecycle import Actor
from trips.models import Trip
from trips.services import locked
from trips.story import new_event, remark
from trips.taps import Forbidden, Refused
from users.models import User
from users.roles import Permission

#: Of the trip, and of its patient.
FIELDS = frozenset({"authorization_number", "member_id"})


@tried_again
def complete_for_claim(
    *, trip_id: int, user: User, expected_version: int, fields: dict[str, str]
) -> Trip:
    """Set `fields` (of FIELDS) as who bills; the trip's log says which, never what is in them.

    Raises TripNotFound, Forbidden and Refused; nothing happens where nothing differs.
    """
    now = timezone.now()
    with recording():
        trip = locked(trip_id, user)
        if not user.may(Permission.SEE_INVOICES):
            raise Forbidden
        if expected_version != trip.version:
            raise Refused(f"The trip is at version {trip.version}.", trip)
        if names := _apply(trip, fields):
            event = new_event(trip, "trip.changed", Actor.SYSTEM, user, now, now)
            event.data = {"fields": names}
            remark(trip, event)
    return trip


def _apply(trip: Trip, fields: dict[str, str]) -> list[str]:
    changed = []
    number = fields.get("authorization_number", trip.authorization_number)
    if number != trip.authorization_number:
        trip.authorization_number = number
        changed.append("authorization_number")
    member_id = fields.get("member_id", trip.patient.member_id)
    if member_id != trip.patient.member_id:
        trip.patient.member_id = member_id
        trip.patient.save(update_fields=["member_id"])
        changed.append("member_id")
    return changed
