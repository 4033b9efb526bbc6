"""A day's trips over the crews: insertion by regret, then moves that help (pure, deterministic).

The trip that would lose most by not getting its best crew now goes first. Trips are taken in
slices of the day, so that the work grows with their number and not with its square.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from trips.dispatch.matching import Crew, Refusal, Wanted, no_room, standing_objections
from trips.dispatch.plans import Insertion
from trips.dispatch.rides import Stop

#: Trips between which the greatest regret is looked for.
SLICE = 100
ROUNDS = 2
#: To tell people that another crew comes must be worth so much.
MOVE_COST_S = 300.0
#: A trip that has one crew only must not lose it.
NO_OTHER_S = 1e9

#: Called with every trip that is dealt with; may raise to stop.
Progress = Callable[[], None]


@dataclass(slots=True)
class Result:
    """Trip id -> crew's index, and why the others have none."""

    placed: dict[int, int] = field(default_factory=dict)
    left: dict[int, Refusal] = field(default_factory=dict)


class Day:
    """The crews with their plans, and the trips that get one of them. Changes the plans.

    `crew_of` says which movable trips a crew has (and plans) already: they move only where
    it helps. Any other trip of a plan is fixed.
    """

    def __init__(
        self,
        crews: Sequence[Crew],
        trips: Sequence[Wanted],
        crew_of: dict[int, int],
        progress: Progress = lambda: None,
    ) -> None:
        self._crews = crews
        self._trips = sorted(trips, key=lambda w: (w.ride.begins_s, w.ride.trip_id))
        self._kept = dict(crew_of)
        self._placed = dict(crew_of)
        self._progress = progress
        self._may = {trip.ride.trip_id: self._allowed(trip) for trip in self._trips}

    def solve(self) -> Result:
        """Place what can be placed."""
        todo = [trip for trip in self._trips if trip.ride.trip_id not in self._placed]
        for first in range(0, len(todo), SLICE):
            self._place(todo[first : first + SLICE])
        for _ in range(ROUNDS):
            if not self._improve():
                break
        rest = [trip for trip in self._trips if trip.ride.trip_id not in self._placed]
        return Result(self._placed, {trip.ride.trip_id: self._reason(trip) for trip in rest})

    def _allowed(self, trip: Wanted) -> list[int]:
        crews = enumerate(self._crews)
        return [n for n, crew in crews if not standing_objections(trip, crew)]

    def _option(self, trip: Wanted, crew: int) -> Insertion | None:
        found = self._crews[crew].plan.search(trip.ride)
        return None if no_room(trip, self._crews[crew], found) else found.insertion

    def _place(self, trips: list[Wanted]) -> None:
        """Place a slice of the day, the greatest regret first."""
        options = {trip.ride.trip_id: self._options(trip) for trip in trips}
        waiting = {trip.ride.trip_id: trip for trip in trips}
        while waiting:
            # `max` takes the first of equals: the earliest.
            trip = max(waiting.values(), key=lambda t: options[t.ride.trip_id].regret_s)
            crew = options[trip.ride.trip_id].best
            del waiting[trip.ride.trip_id]
            self._progress()
            if crew is None:
                continue
            self._insert(trip, crew, options[trip.ride.trip_id].of[crew])
            for other in waiting.values():
                options[other.ride.trip_id].renew(crew, self._renewed(other, crew))

    def _options(self, trip: Wanted) -> "_Options":
        may = self._may[trip.ride.trip_id]
        found = {crew: option for crew in may if (option := self._option(trip, crew))}
        return _Options(found)

    def _renewed(self, trip: Wanted, crew: int) -> Insertion | None:
        return self._option(trip, crew) if crew in self._may[trip.ride.trip_id] else None

    def _insert(self, trip: Wanted, crew: int, at: Insertion) -> None:
        self._crews[crew].plan.insert(trip.ride, at)
        self._placed[trip.ride.trip_id] = crew

    def _improve(self) -> int:
        """Give each trip to the crew where it costs least now, and try the rest; how many."""
        helped = 0
        for trip in self._trips:
            helped += self._move(trip)
        return helped

    def _move(self, trip: Wanted) -> bool:
        trip_id = trip.ride.trip_id
        had = self._placed.pop(trip_id, None)
        saved, stops = self._without(trip, had)
        best = self._options(trip)
        new = best.best
        if new is not None and (had is None or self._helps(trip_id, best.of[new], new, saved)):
            self._insert(trip, new, best.of[new])
            return True
        if had is not None:
            plan = self._crews[had].plan
            plan.rides[trip_id] = trip.ride
            plan.put(stops)
            self._placed[trip_id] = had
        return False

    def _without(self, trip: Wanted, crew: int | None) -> tuple[float, list[Stop]]:
        """Take the trip out; what that saves, and the stops to put back."""
        if crew is None:
            return 0.0, []
        plan = self._crews[crew].plan
        before, stops = plan.cost_s, plan.stops
        plan.remove(trip.ride)
        return before - plan.cost_s, stops

    def _helps(self, trip_id: int, at: Insertion, crew: int, saved_s: float) -> bool:
        told = trip_id in self._kept and crew != self._kept[trip_id]
        return at.cost_s + (MOVE_COST_S if told else 1.0) < saved_s

    def _reason(self, trip: Wanted) -> Refusal:
        """The objection that is nearest to none: the last hurdle of the best crew."""
        may = self._may[trip.ride.trip_id]
        if not may:
            return self._standing_reason(trip)
        crews = [self._crews[n] for n in may]
        found = [no_room(trip, crew, crew.plan.search(trip.ride)) for crew in crews]
        full = sum(1 for refusals in found if refusals and refusals[0].code == "full")
        text = f"{len(may)} crews could, but each has other trips then ({full} are full)."
        return Refusal("no_room", text)

    def _standing_reason(self, trip: Wanted) -> Refusal:
        if not self._crews:
            return Refusal("no_crew", "Nobody is on shift.")
        found = [standing_objections(trip, crew) for crew in self._crews]
        return min(found, key=len)[0]


class _Options:
    """Where a trip could go, the best crew, and what it would lose without that one."""

    def __init__(self, of: dict[int, Insertion]) -> None:
        self.of = of
        self._rank()

    def renew(self, crew: int, option: Insertion | None) -> None:
        """That crew's plan has changed."""
        if option is None:
            if self.of.pop(crew, None) is None:
                return
        else:
            self.of[crew] = option
        self._rank()

    def _rank(self) -> None:
        first, second = None, None
        for crew, option in self.of.items():
            key = (option.cost_s, crew)
            if first is None or key < first:
                first, second = key, first
            elif second is None or key < second:
                second = key
        self.best = first[1] if first else None
        cost = first[0] if first else 0.0
        self.regret_s = (second[0] if second else NO_OTHER_S) - cost if first else -1.0
