"""Trips that should have been charged and could not be: seen by billers, priced when it works."""

from collections.abc import Callable

from django.utils import timezone

from billing.models import UnpricedTrip
from trips.models import Trip
from trips.queries import company_day
from users.models import User
from users.notifications import tell
from users.roles import Role

KIND = "trip_unpriced"
#: Tried in one run; the next one goes on.
MOST_AT_ONCE = 500


def note(trip: Trip, reason: str) -> None:
    """Keep that a trip (locked by the caller) has no price; billers are told once a day and cause.

    A missing rate hits many trips at once: one notice for each would be noise.
    """
    now = timezone.now()
    row, created = UnpricedTrip.objects.get_or_create(
        trip=trip, defaults={"reason": reason[:200], "since": now}
    )
    if not created:
        if row.solved_at is not None:
            row.since, row.solved_at = now, None
        row.reason = reason[:200]
        row.save()
    billers = User.objects.filter(role=Role.BILLER, is_active=True).order_by("pk")
    tell(
        billers,
        kind=KIND,
        key=f"unpriced:{trip.payer_id or 0}:{trip.mobility}:{company_day(now)}",
        message=f"Trip {trip.pk} could not be priced: see the list of unpriced trips.",
        trip_id=trip.pk,
    )


def solve(trip: Trip) -> None:
    """The trip could be priced, or nothing is owed for it any more."""
    waiting = UnpricedTrip.objects.filter(trip=trip, solved_at__isnull=True)
    waiting.update(solved_at=timezone.now())


def try_again(settle: Callable[[int], object]) -> int:
    """`settle` each trip that waits for a price, oldest first; how many have one now."""
    waiting = UnpricedTrip.objects.filter(solved_at__isnull=True)
    trips = list(waiting.order_by("since").values_list("pk", flat=True)[:MOST_AT_ONCE])
    for trip_id in trips:
        settle(trip_id)
    return len(trips) - waiting.filter(pk__in=trips).count()
