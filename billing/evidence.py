"""What happened on a trip, as numbers that a price can rest on."""

from billing.rates import TripFacts, miles
from trips.dispatch.travel import CIRCUITY
from trips.evidence.measurement import measure
from trips.models import Trip, TripMeasurement

Source = TripMeasurement.Source


def facts_of(trip: Trip) -> TripFacts:
    """The facts of a completed trip."""
    measured = measure(trip.pk)
    return TripFacts(
        mobility=trip.mobility,
        loaded_miles=miles(measured.loaded_distance_m),
        wait_minutes=int(measured.wait_s // 60),
        distance_source=source_of(measured),
    )


def source_of(measured: TripMeasurement) -> str:
    """Where the loaded distance comes from, for people."""
    match measured.source:
        case Source.GPS:
            return f"gps:{measured.fixes} fixes, {measured.coverage:.0%} covered"
        case Source.SEAL:
            return f"sealed track:{measured.fixes} points"
    return f"estimate: straight line x {CIRCUITY}"
