"""Who could take a trip: every vehicle, ranked, with what speaks against it."""

from dataclasses import dataclass

from django.utils import timezone

from trips.dispatch.crews import company_zone, crew_of, crews_at, memoised, wanted_of
from trips.dispatch.matching import (
    Crew,
    Refusal,
    Wanted,
    no_room,
    objections,
    standing_objections,
)
from trips.dispatch.plans import Insertion
from trips.dispatch.travel import road_distance_m
from trips.models import Driver, Trip, Vehicle

#: Ranked as if it were so far away: a vehicle of which nobody knows where it is.
UNKNOWN_APPROACH_S = 900.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A vehicle for a trip; `insertion` only where nothing speaks against it.

    `distance_m` is by road, from where the vehicle comes to the pick-up; None: unknown.
    """

    wanted: Wanted
    crew: Crew
    refusals: list[Refusal]
    insertion: Insertion | None = None
    distance_m: float | None = None

    @property
    def cost_s(self) -> float:
        """What the ranking goes by."""
        if self.insertion is None:
            return float("inf")
        approach = UNKNOWN_APPROACH_S if self.distance_m is None else 0.0
        return self.insertion.cost_s + approach

    @property
    def lateness_s(self) -> float | None:
        """How late the patient would be picked up."""
        if self.insertion is None:
            return None
        return max(0.0, self.insertion.arrival_s - self.wanted.ride.begins_s)

    def free_places(self) -> dict[str, int] | None:
        """What is still free at the fullest moment of the ride. Asked once: it is planned."""
        if self.insertion is None:
            return None
        self.crew.plan.insert(self.wanted.ride, self.insertion)
        return self.crew.plan.left_for(self.wanted.ride.trip_id)


def candidates(trip: Trip) -> list[Candidate]:
    """All vehicles, the best first, those that are refused last and nearest first.

    Four statements for any number of vehicles.
    """
    now, drive = timezone.now(), memoised()
    wanted = wanted_of(trip, now, drive, company_zone())
    found = [_candidate(wanted, crew) for crew in crews_at(wanted, now, drive)]
    return sorted(found, key=_rank)


def _rank(one: Candidate) -> tuple[float, int, float]:
    distance = float("inf") if one.distance_m is None else one.distance_m
    return (one.cost_s, len(one.refusals), distance)


def _candidate(wanted: Wanted, crew: Crew) -> Candidate:
    refusals = standing_objections(wanted, crew)
    if not refusals:
        found = crew.plan.search(wanted.ride)
        refusals = no_room(wanted, crew, found)
        if found.insertion is not None and not refusals:
            way = _distance_m(wanted, crew, found.insertion.pickup_at)
            return Candidate(wanted, crew, [], found.insertion, way)
    return Candidate(wanted, crew, refusals, None, _distance_m(wanted, crew, 0))


def _distance_m(wanted: Wanted, crew: Crew, before: int) -> float | None:
    start, pickup = crew.plan.point_before(before), wanted.ride.pickup
    return road_distance_m(start, pickup.point) if start and pickup else None


def refusals_of(trip: Trip, driver_id: int, vehicle_id: int) -> list[Refusal]:
    """All that speaks against this crew for this trip; for who is about to assign it.

    Locks the vehicle, then the driver, until the transaction ends: what is said here still
    holds when the trip is written. A patient aboard a broken vehicle is not left there for
    what the transfer delays.
    """
    # NO KEY UPDATE: rows that only refer to them (positions, shifts) must not wait.
    Vehicle.objects.select_for_update(no_key=True).only("pk").get(pk=vehicle_id)
    Driver.objects.select_for_update(no_key=True).only("pk").get(pk=driver_id)
    now = timezone.now()
    drive = memoised()
    wanted = wanted_of(trip, now, drive, company_zone())
    crew = crew_of(wanted, driver_id, vehicle_id, now, drive)
    if trip.status == Trip.StatusChoice.IN_PROGRESS:
        return standing_objections(wanted, crew)
    return objections(wanted, crew)
