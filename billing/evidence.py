"""What happened on a trip, as numbers that a price can rest on."""

from itertools import pairwise

from django.db.models.functions import Coalesce

from billing.rates import TripFacts, miles
from trips.models import GpsFix, Trip
from trips.tracking.geo import distance_m

#: Streets are this much longer than the straight line where no track is there to measure.
CIRCUITY = 1.3
#: Fewer fixes than this are no track.
FEWEST_FIXES = 5


def facts_of(trip: Trip) -> TripFacts:
    """The facts of a completed trip."""
    distance, source = _loaded_distance_m(trip)
    return TripFacts(
        mobility=trip.mobility,
        loaded_miles=miles(distance),
        wait_minutes=_wait_minutes(trip),
        distance_source=source,
    )


def _loaded_distance_m(trip: Trip) -> tuple[float, str]:
    """(metres, source): along the fixes from pick-up to drop-off, else estimated."""
    points = list(
        GpsFix.objects.annotate(at=Coalesce("corrected_at", "recorded_at"))
        .filter(
            trip=trip,
            at__range=(trip.picked_up_at, trip.dropped_off_at),
            verdict__in=["kept", "late"],
        )
        .order_by("at")
        .values_list("latitude", "longitude")
    )
    if len(points) >= FEWEST_FIXES:
        return sum(distance_m(*a, *b) for a, b in pairwise(points)), f"gps:{len(points)} fixes"
    straight = distance_m(
        trip.pickup_latitude, trip.pickup_longitude, trip.dropoff_latitude, trip.dropoff_longitude
    )
    return straight * CIRCUITY, f"estimate: straight line x {CIRCUITY}"


def _wait_minutes(trip: Trip) -> int:
    """Whole minutes from max(arrival, agreed time) to the pick-up."""
    if trip.arrived_pickup_at is None or trip.picked_up_at is None:
        return 0
    begins = max(trip.arrived_pickup_at, trip.scheduled_at or trip.arrived_pickup_at)
    return max(0, int((trip.picked_up_at - begins).total_seconds() // 60))
