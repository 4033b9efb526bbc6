"""What happened on a trip, as numbers that a price can rest on, and what these rest on."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from billing.places import letters_of
from billing.rates import Outcome, TripFacts, miles
from trips.dispatch.travel import CIRCUITY, road_distance_m
from trips.evidence.measurement import measure
from trips.lifecycle import Status
from trips.models import Company, Holiday, Trip, TripMeasurement
from trips.realtime.messages import iso

Source = TripMeasurement.Source
#: What `Trip.needs` calls somebody of ours who rides along.
ATTENDANT = "attendant"
OUTCOMES = {
    Status.COMPLETED: Outcome.COMPLETED,
    Status.NO_SHOW: Outcome.NO_SHOW,
    Status.CANCELLED: Outcome.CANCELLED,
}


def facts_of(trip: Trip) -> TripFacts:
    """The facts of a trip that has ended; KeyError where it has not, or is never charged.

    Without stretches: who was aboard is looked up by `billing.sharing`, for rates that ask.
    """
    outcome = OUTCOMES[Status(trip.status)]
    known = _agreed_facts(trip) | {"outcome": outcome}
    if outcome is Outcome.COMPLETED:
        return TripFacts(**known | _measured_facts(trip, known["evidence"]))
    known["evidence"]["end"] = _times(trip, "scheduled_at", "arrived_pickup_at", "state_since") | {
        "cancel_kind": trip.cancel_kind,
        "cancelled_by": trip.cancelled_by,
    }
    return TripFacts(**known, measured_m=0.0, wait_minutes=0, distance_source="")


def planned_facts(trip: Trip) -> TripFacts:
    """The facts of a trip as it is planned (also one that is not in the database): no waiting."""
    planned_m = planned_distance_m(trip)
    return TripFacts(
        **_agreed_facts(trip),
        measured_m=planned_m,
        planned_m=planned_m,
        wait_minutes=0,
        distance_source=ESTIMATE,
    )


def planned_distance_m(trip: Trip) -> float:
    """Metres by road from stop to stop."""
    pickup = (trip.pickup_latitude, trip.pickup_longitude)
    return road_distance_m(pickup, (trip.dropoff_latitude, trip.dropoff_longitude))


ESTIMATE = f"estimate: straight line x {CIRCUITY}"


def source_of(measured: TripMeasurement) -> str:
    """Where the loaded distance comes from, for people."""
    match measured.source:
        case Source.GPS:
            return f"gps:{measured.fixes} fixes, {measured.coverage:.0%} covered"
        case Source.SEAL:
            return f"sealed track:{measured.fixes} points"
    return ESTIMATE


def agreed_at(trip: Trip) -> datetime | None:
    """The moment that decides on rate and surcharge, by the company's clock: as was agreed.

    A will-call that never got a time counts from its pick-up.
    """
    moment = trip.scheduled_at or trip.ready_at or trip.picked_up_at
    return moment.astimezone(ZoneInfo(Company.get().time_zone)) if moment else None


def _agreed_facts(trip: Trip) -> dict[str, Any]:
    letters = letters_of(trip)
    agreed = agreed_at(trip)
    return {
        "mobility": trip.mobility,
        "cancel_kind": trip.cancel_kind,
        "cancelled_by": trip.cancelled_by,
        "agreed_at": agreed,
        "holidays": frozenset(Holiday.objects.values_list("day", flat=True)),
        "attendant": ATTENDANT in trip.needs,
        "escorts": trip.escorts,
        "tolls_cents": trip.tolls_cents,
        "places": letters.modifier,
        "evidence": {
            "service": {
                "agreed_at_local": agreed.isoformat() if agreed else None,
                "origin": letters.origin_because,
                "destination": letters.destination_because,
            }
        },
    }


def _measured_facts(trip: Trip, evidence: dict[str, Any]) -> dict[str, Any]:
    measured = measure(trip.pk)
    wait_minutes = int(measured.wait_s // 60)
    return {
        "measured_m": measured.loaded_distance_m,
        "planned_m": measured.planned_distance_m,
        "odometer_m": measured.odometer_distance_m,
        "wait_minutes": wait_minutes,
        "distance_source": source_of(measured),
        "evidence": evidence
        | {
            "miles": _miles_evidence(trip, measured),
            "wait": _times(trip, "scheduled_at", "arrived_pickup_at", "picked_up_at"),
        },
    }


def _miles_evidence(trip: Trip, measured: TripMeasurement) -> dict[str, Any]:
    """Why so many miles: how they were measured, and the two other mileages beside them."""
    planned, odometer = measured.planned_distance_m, measured.odometer_distance_m
    return {
        "measured_m": round(measured.loaded_distance_m, 1),
        "measurement": measured.revision,
        "fixes": measured.fixes,
        "coverage": round(measured.coverage, 3),
        "longest_gap_s": round(measured.longest_gap_s, 1),
        "planned_miles": str(miles(planned)),
        "odometer_miles": None if odometer is None else str(miles(odometer)),
        "variance": None if measured.variance is None else round(measured.variance, 3),
        **_times(trip, "picked_up_at", "dropped_off_at"),
    }


def _times(trip: Trip, *names: str) -> dict[str, str | None]:
    moments = {name: getattr(trip, name) for name in names}
    return {name: iso(moment) if moment else None for name, moment in moments.items()}
