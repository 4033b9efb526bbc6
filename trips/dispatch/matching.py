"""Which crew may take which trip, and if not, why (pure).

The one list of objections: a dispatcher's assignment is refused with it, candidates are shown
with it, automatic assignment obeys it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from trips.dispatch.plans import Found, Plan
from trips.dispatch.rides import Ride
from trips.dispatch.seats import Seating

#: Who needs a lift or ramp, and how people call it.
NEEDS_LIFT = frozenset({"wheelchair", "bariatric_wheelchair", "stretcher", "bariatric_stretcher"})
#: Every driver secures a wheelchair; these take a training of their own.
QUALIFICATIONS: dict[str, tuple[str, ...]] = {
    "bariatric_wheelchair": ("bariatric",),
    "stretcher": ("stretcher",),
    "bariatric_stretcher": ("stretcher", "bariatric"),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: a code for programs, a sentence for people (names of vehicles, ids of trips)."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class VehicleFacts:
    """What of a vehicle decides; a day is the last one on which the paper is good."""

    id: int
    name: str
    seating: Seating
    in_service: bool = True
    has_lift: bool = True
    inspection_due: date | None = None
    lift_inspection_due: date | None = None
    insurance_expires: date | None = None


@dataclass(frozen=True, slots=True)
class DriverFacts:
    """What of a driver decides."""

    id: int
    name: str
    qualifications: frozenset[str] = frozenset()
    licence_expires: date | None = None
    medical_expires: date | None = None


@dataclass(frozen=True, slots=True)
class Busy:
    """A trip that needs this vehicle with another driver, or this driver elsewhere."""

    trip_id: int
    whose: str
    begins_s: float
    ends_s: float


@dataclass(slots=True)
class Crew:
    """A vehicle with the driver on shift (None: nobody is), and what both have to do."""

    vehicle: VehicleFacts
    driver: DriverFacts | None
    shift_begins_s: float
    shift_ends_s: float
    plan: Plan
    busy: list[Busy] = field(default_factory=list)

    def covers(self, begins_s: float, ends_s: float) -> bool:
        """Whether the shift does."""
        return self.shift_begins_s <= begins_s and ends_s <= self.shift_ends_s


@dataclass(frozen=True, slots=True)
class Wanted:
    """A trip that looks for a crew. `day` is that of the pick-up in the company's calendar."""

    ride: Ride
    mobility: str
    day: date


def objections(wanted: Wanted, crew: Crew) -> list[Refusal]:
    """All that speaks against it; empty: the crew may take the trip."""
    found = standing_objections(wanted, crew)
    # Where it must not go at all, whether it could be in time is no news.
    return found or no_room(wanted, crew, crew.plan.search(wanted.ride))


def standing_objections(wanted: Wanted, crew: Crew) -> list[Refusal]:
    """What speaks against it whatever else the crew has to do."""
    return [
        *_of_vehicle(wanted, crew.vehicle),
        *(_of_driver(wanted, crew) if crew.driver else _nobody(crew)),
    ]


def no_room(wanted: Wanted, crew: Crew, found: Found) -> list[Refusal]:
    """What of the crew's other trips speaks against it; `found`: what its plan says."""
    begins, ends = wanted.ride.begins_s, wanted.ride.ends_s
    clash = next((b for b in crew.busy if b.begins_s < ends and begins < b.ends_s), None)
    if clash:
        return [Refusal("busy", f"{clash.whose} has trip {clash.trip_id} at that time.")]
    if found.insertion is not None:
        return []
    trips = _others(crew.plan, wanted.ride)
    name = crew.vehicle.name
    if found.full:
        return [Refusal("full", f"{name} has no place left beside {trips}.")]
    return [Refusal("overlap", f"{name} cannot be there in time because of {trips}.")]


#: So many trips are named; the nearest in time tell enough.
_NAMED = 3


def _others(plan: Plan, ride: Ride) -> str:
    nearest = sorted(plan.rides.values(), key=lambda r: abs(r.begins_s - ride.begins_s))
    ids = sorted(ride.trip_id for ride in nearest[:_NAMED])
    return f"trip{'s' if len(ids) > 1 else ''} {', '.join(map(str, ids))}"


def _of_vehicle(wanted: Wanted, vehicle: VehicleFacts) -> Iterator[Refusal]:
    name = vehicle.name
    if not vehicle.in_service:
        yield Refusal("out_of_service", f"{name} is out of service.")
    if not vehicle.seating.taking(wanted.ride.load):
        kind = wanted.mobility.replace("_", " ")
        yield Refusal("cannot_carry", f"{name} cannot carry {kind}.")
    lift = wanted.mobility in NEEDS_LIFT
    if lift and not vehicle.has_lift:
        yield Refusal("no_lift", f"{name} has no lift.")
    papers: Sequence[tuple[str, str, date | None]] = (
        ("inspection_due", "inspection", vehicle.inspection_due),
        ("lift_inspection_due", "lift's inspection", vehicle.lift_inspection_due if lift else None),
        ("insurance_expired", "insurance", vehicle.insurance_expires),
    )
    yield from _expired(name, wanted.day, papers)


def _of_driver(wanted: Wanted, crew: Crew) -> Iterator[Refusal]:
    driver = crew.driver
    if driver is None:
        return
    if not crew.covers(wanted.ride.begins_s, wanted.ride.ends_s):
        yield Refusal("off_shift", "The driver is not on shift at that time.")
    needed = QUALIFICATIONS.get(wanted.mobility, ())
    if missing := [name for name in needed if name not in driver.qualifications]:
        yield Refusal("not_qualified", f"The driver is not qualified: {', '.join(missing)}.")
    papers = (
        ("licence_expired", "licence", driver.licence_expires),
        ("medical_expired", "medical certificate", driver.medical_expires),
    )
    yield from _expired("The driver", wanted.day, papers)


def _nobody(crew: Crew) -> Iterator[Refusal]:
    yield Refusal("no_driver", f"Nobody is on shift with {crew.vehicle.name} at that time.")


def _expired(
    whose: str, day: date, papers: Sequence[tuple[str, str, date | None]]
) -> Iterator[Refusal]:
    for code, paper, last_day in papers:
        if last_day is not None and last_day < day:
            yield Refusal(code, f"{whose}: {paper} ended on {last_day}.")
