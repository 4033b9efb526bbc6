"""Standing orders become trips: each day and leg once, however often and by whomever it is run.

An order's row is locked while its trips are made; what is there already is left as it is,
also what a person has cancelled since.
"""

import logging
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from trips.booking import book_trips
from trips.deadlocks import tried_again
from trips.dispatch.standing_orders import Occurrence, occurrences
from trips.events.log import recording
from trips.lifecycle import Status
from trips.models import StandingOrder, Trip
from trips.standing_orders.plans import Reach, ended_by, plan_of

logger = logging.getLogger(__name__)

CHUNK = 200

#: What each trip takes over from its order.
_TAKEN_OVER = (
    "patient_id",
    "facility_id",
    "payer_id",
    "bill_to",
    "copay_cents",
    "authorization_number",
    "mobility",
    "needs",
    "escorts",
    "notes",
    "window_minutes",
)
_PLACE = ("address", "latitude", "longitude")
Leg = Trip.Leg
Booked = dict[tuple[date, str], int]


class SomeFailed(RuntimeError):
    """Some orders could not be made into trips; the others were."""


def materialise_due(now: datetime) -> tuple[int, int]:
    """Make what is missing up to the horizon; (trips, orders looked at). Raises SomeFailed.

    Each order is a transaction of its own. One that somebody else works on is left to them.
    """
    reach = Reach.of(now)
    made = seen = failed = 0
    for order_id in _due_ids(reach):
        try:
            trips = _materialise_one(order_id, reach)
        except Exception:
            logger.exception("standing order %d could not be made into trips", order_id)
            failed += 1
        else:
            seen += trips is not None
            made += trips or 0
    if failed:
        raise SomeFailed(f"{failed} standing orders failed, {made} trips made")
    return made, seen


def _due(reach: Reach) -> QuerySet[StandingOrder]:
    missing = Q(materialised_until__isnull=True) | Q(materialised_until__lt=reach.until)
    approved = StandingOrder.objects.filter(missing, approved_at__isnull=False)
    return approved.exclude(ended_by(reach.today))


def _due_ids(reach: Reach) -> Iterator[int]:
    """Numbers in chunks: a row that is done meanwhile is not due any more when it is locked."""
    after = 0
    while ids := list(
        _due(reach).filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:CHUNK]
    ):
        yield from ids
        after = ids[-1]


@tried_again
def _materialise_one(order_id: int, reach: Reach) -> int | None:
    with recording():
        locked = _due(reach).select_for_update(skip_locked=True, no_key=True)
        order = locked.filter(pk=order_id).first()
        return None if order is None else materialise(order, reach)


def materialise(order: StandingOrder, reach: Reach) -> int:
    """Make the trips of an approved order, locked by the caller, up to the horizon; how many."""
    if order.approved_at is None:
        return 0
    booked = _booked(order, reach.today, reach.until)
    ahead = [
        occurrence
        for occurrence in occurrences(plan_of(order), reach.zone, reach.today, reach.until)
        if occurrence.pickup_at > reach.now
    ]
    made = _book_outbound(order, ahead, booked) + _book_returns(order, ahead, booked)
    order.materialised_until = reach.until
    order.save(update_fields=["materialised_until"])
    return made


def _book_outbound(order: StandingOrder, ahead: list[Occurrence], booked: Booked) -> int:
    missing = [one for one in ahead if (one.day, Leg.OUTBOUND) not in booked]
    made = book_trips(user=None, bookings=[_outbound(order, one) for one in missing])
    for one, trip in zip(missing, made, strict=True):
        booked[one.day, Leg.OUTBOUND] = trip.pk
    return len(made)


def _book_returns(order: StandingOrder, ahead: list[Occurrence], booked: Booked) -> int:
    if order.return_kind == StandingOrder.ReturnKind.NONE:
        return 0
    missing = [one for one in ahead if (one.day, Leg.RETURN) not in booked]
    legs = [_return(order, one, booked[one.day, Leg.OUTBOUND]) for one in missing]
    return len(book_trips(user=None, bookings=legs))


def of_series(order: StandingOrder) -> Q:
    """The trips of an order and of those that it follows or is followed by."""
    root = order.root_id
    return Q(standing_order_id=root) | Q(standing_order__series_id=root)


def _booked(order: StandingOrder, first: date, last: date) -> Booked:
    # Of the whole series: a trip that somebody has touched stays with the order that made it.
    trips = Trip.objects.filter(of_series(order), service_date__range=(first, last))
    rows = trips.values_list("service_date", "leg", "pk")
    return {(day, leg): pk for day, leg, pk in rows if day is not None}


def _outbound(order: StandingOrder, occurrence: Occurrence) -> dict[str, Any]:
    return {
        **_leg(order, occurrence, Leg.OUTBOUND, ("pickup", "dropoff")),
        "status": Status.SCHEDULED,
        "scheduled_at": occurrence.pickup_at,
        "appointment_at": occurrence.appointment_at,
    }


def _return(order: StandingOrder, occurrence: Occurrence, outbound_id: int) -> dict[str, Any]:
    """The way back; without a time it waits to be called for."""
    called = occurrence.return_at is None
    return {
        **_leg(order, occurrence, Leg.RETURN, ("dropoff", "pickup")),
        "status": Status.WILL_CALL if called else Status.SCHEDULED,
        "scheduled_at": occurrence.return_at,
        "return_of_id": outbound_id,
    }


def _leg(
    order: StandingOrder, occurrence: Occurrence, leg: Leg, ends: tuple[str, str]
) -> dict[str, Any]:
    fields = {name: getattr(order, name) for name in _TAKEN_OVER}
    for end, of_order in zip(("pickup", "dropoff"), ends, strict=True):
        fields |= {f"{end}_{part}": getattr(order, f"{of_order}_{part}") for part in _PLACE}
    return fields | {"standing_order_id": order.pk, "service_date": occurrence.day, "leg": leg}
