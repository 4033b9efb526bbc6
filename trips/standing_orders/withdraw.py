"""Taking back trips that an order no longer wants, where nobody has begun to care for them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from trips import services
from trips.lifecycle import OPEN, Status
from trips.models import StandingOrder, Trip
from trips.standing_orders.materialise import of_series
from users.models import User

_GONE = (Status.CANCELLED, Status.REJECTED)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The trips that were cancelled, and those that a person has to decide about."""

    withdrawn: tuple[int, ...] = ()
    left: tuple[Trip, ...] = ()


def withdraw(
    order: StandingOrder, user: User, now: datetime, *, first: date, last: date | None, why: str
) -> Withdrawal:
    """Cancel the order's untouched trips from `first` to `last` (None: all), as `user`.

    A day is taken back as a whole or left: nobody is brought to a clinic and not fetched.
    """
    by_day = defaultdict(list)
    for trip in _locked_trips(order, first, last):
        by_day[trip.service_date].append(trip)
    withdrawn: list[int] = []
    left: list[Trip] = []
    for trips in by_day.values():
        untouched = [trip for trip in trips if _untouched(trip, now)]
        if any(trip not in untouched and trip.status not in _GONE for trip in trips):
            left += [trip for trip in trips if trip.status in OPEN]
        else:
            withdrawn += [trip.pk for trip in untouched]
    _cancel(withdrawn, user, f"Standing order {order.pk} {why}.")
    return Withdrawal(tuple(withdrawn), tuple(left))


def _locked_trips(order: StandingOrder, first: date, last: date | None) -> list[Trip]:
    trips = Trip.objects.select_for_update(of=("self",)).filter(
        of_series(order), service_date__gte=first
    )
    if last is not None:
        trips = trips.filter(service_date__lte=last)
    return list(trips.order_by("pk"))


def _untouched(trip: Trip, now: datetime) -> bool:
    """Whether nothing happened to it since it was made, and its time is still to come."""
    waits = trip.status in (Status.SCHEDULED, Status.WILL_CALL)
    ahead = trip.scheduled_at is None or trip.scheduled_at > now
    return waits and ahead and trip.version == 1


def _cancel(trip_ids: Iterable[int], user: User, reason: str) -> None:
    for trip_id in trip_ids:
        services.withdraw_trip(trip_id=trip_id, user=user, reason=reason)
