"""What a vehicle does one stop after the other, and where a trip fits in between (pure).

Times are unix seconds. Two things widen a stop's window: a vehicle is not refused for being far
away, only for being busy, and what is late already may become GRACE_S later.
"""

from collections.abc import Sequence
from typing import NamedTuple

from trips.dispatch.rides import Ride, Stop
from trips.dispatch.seats import Load, Seating
from trips.dispatch.travel import DriveTime, Point

GRACE_S = 300.0
#: Who is aboard waits no longer than this at another patient's door.
MOST_WAIT_S = 600.0
NEVER_S = float("inf")
#: A second of lateness is as bad as so many seconds of driving.
LATENESS_WEIGHT = 10.0


class Insertion(NamedTuple):
    """Where a ride fits best: before these stops of the plan, and what it costs there.

    Lateness counts at both ends of a ride: its own, and what it adds to others.
    """

    pickup_at: int
    dropoff_at: int
    arrival_s: float
    lateness_s: float
    others_lateness_s: float
    drive_s: float

    @property
    def cost_s(self) -> float:
        """Driving and lateness as one number."""
        return self.drive_s + LATENESS_WEIGHT * (self.lateness_s + self.others_lateness_s)


class Found(NamedTuple):
    """The outcome of a search. `full`: where there was time, there was no place."""

    insertion: Insertion | None
    full: bool = False


class _At(NamedTuple):
    """The vehicle as it leaves a stop, and the sums since the start of the plan."""

    point: Point | None
    time_s: float
    load: Load
    mask: int
    arrival_s: float = 0.0
    drive_s: float = 0.0
    late_s: float = 0.0


class Plan:
    """The stops of one crew, from `start` (None: unknown, so the first way takes no time)."""

    def __init__(
        self, seating: Seating, drive: DriveTime, start: Point | None, start_s: float
    ) -> None:
        self.stops: list[Stop] = []
        self.rides: dict[int, Ride] = {}
        self.seating = seating
        self._drive = drive
        self._start = _At(start, start_s, 0, seating.every)
        self._after: list[_At] = [self._start]
        self._limits: list[float] = []

    @property
    def lateness_s(self) -> float:
        """Of all stops together."""
        return self._after[-1].late_s

    @property
    def cost_s(self) -> float:
        """Driving and lateness of all as one number."""
        return self._after[-1].drive_s + LATENESS_WEIGHT * self.lateness_s

    def arrival_s(self, index: int) -> float:
        """When the vehicle comes to the stop at `index`."""
        return self._after[index + 1].arrival_s

    def point_before(self, index: int) -> Point | None:
        """Where the vehicle comes from when it drives to the stop at `index`."""
        return self._after[index].point

    def left_for(self, trip_id: int) -> dict[str, int]:
        """The places still free at the fullest moment of this trip's ride."""
        held = [n for n, stop in enumerate(self.stops) if stop.trip_id == trip_id]
        first = held[0] if self.stops[held[0]].is_pickup else 0
        aboard = self._after[first + 1 : held[-1] + 1]
        rest = [self.seating.left(at.mask, at.load) for at in aboard]
        return min(rest, key=lambda free: sum(free.values()), default={})

    def take(self, ride: Ride) -> bool:
        """Plan a ride that the crew has: last where it is in time there, else where it fits best.

        False where it fits nowhere: it is planned last all the same.
        """
        if self._append(ride):
            return True
        found = self.search(ride).insertion
        if found is None:
            held = [stop for stop in (ride.pickup, ride.dropoff) if stop is not None]
            self._replace([*self.stops, *held], ride)
            return False
        self.insert(ride, found)
        return True

    def _append(self, ride: Ride) -> bool:
        """Plan a ride after all others, unless that makes it late. Most of a day is like that."""
        if ride.pickup is None:
            return False
        at = self._step(self._after[-1], ride.pickup, ride.pickup.wanted_s)
        out = at and at.mask and self._step(at, ride.dropoff, ride.dropoff.wanted_s)
        if not at or not out:
            return False
        self.stops += [ride.pickup, ride.dropoff]
        self.rides[ride.trip_id] = ride
        self._after += [at, out]
        self._limits += [ride.pickup.latest_s, ride.dropoff.latest_s]
        self._tighten()
        return True

    def insert(self, ride: Ride, at: Insertion) -> None:
        """Plan a ride where `search` said."""
        stops = list(self.stops)
        stops.insert(at.dropoff_at, ride.dropoff)
        if ride.pickup is not None:
            stops.insert(at.pickup_at, ride.pickup)
        self._replace(stops, ride)

    def remove(self, ride: Ride) -> None:
        """Plan without this ride."""
        del self.rides[ride.trip_id]
        self.put([stop for stop in self.stops if stop.trip_id != ride.trip_id])

    def _replace(self, stops: list[Stop], ride: Ride) -> None:
        self.rides[ride.trip_id] = ride
        self.put(stops)

    def put(self, stops: list[Stop]) -> None:
        """Drive these stops in this order, whatever it costs."""
        self.stops = stops
        aboard = sum(ride.load for ride in self.rides.values() if ride.pickup is None)
        mask = self.seating.every & self.seating.taking(aboard) or self.seating.every
        self._after = [_At(self._start.point, self._start.time_s, aboard, mask)]
        self._limits = []
        for stop in stops:
            at = self._step(self._after[-1], stop, NEVER_S)
            if at is None:
                raise ValueError("no time is later than never")
            self._after.append(at)
            late = at.arrival_s > stop.latest_s
            self._limits.append(at.arrival_s + GRACE_S if late else stop.latest_s)
        self._tighten()

    def _tighten(self) -> None:
        """Who comes to a stop so late that a later one cannot be kept comes too late there."""
        for n in range(len(self.stops) - 2, -1, -1):
            leg_s = self._after[n + 2].drive_s - self._after[n + 1].drive_s
            latest_s = self._limits[n + 1] - leg_s - self.stops[n].boarding_s
            self._limits[n] = min(self._limits[n], latest_s)

    def _step(self, at: _At, stop: Stop, limit_s: float) -> _At | None:
        """The vehicle as it leaves `stop`; None where it comes after `limit_s`, or so early that
        who is aboard would wait there. With NEVER_S neither counts.
        """
        leg, arrival = 0.0, at.time_s
        if at.point is not None:
            leg = self._drive(at.point, stop.point)
            arrival += leg
        elif not stop.is_pickup:
            arrival = max(arrival, stop.earliest_s)
        if arrival > limit_s:
            return None
        waits = stop.is_pickup and arrival < stop.earliest_s
        if waits and at.load and stop.earliest_s - arrival > MOST_WAIT_S and limit_s < NEVER_S:
            return None
        load = at.load + stop.load
        return _At(
            stop.point,
            (stop.earliest_s if waits else arrival) + stop.boarding_s,
            load,
            at.mask & self.seating.taking(load) if load else self.seating.every,
            arrival,
            at.drive_s + leg,
            at.late_s + (arrival - stop.wanted_s if arrival > stop.wanted_s else 0.0),
        )

    def search(self, ride: Ride) -> Found:
        """The cheapest place for `ride` that keeps every window and every seat."""
        if ride.pickup is None:
            return self._search_dropoff(ride, self._start_with(ride), 0)
        limit = self._pickup_limit(ride.pickup)
        best, full = None, False
        for n, before in enumerate(self._after):
            if before.time_s > limit:
                break
            leaves = max(before.time_s, ride.pickup.earliest_s) + ride.pickup.boarding_s
            if n < len(self.stops) and self._limits[n] < leaves:
                continue
            at = self._step(before, ride.pickup, limit)
            if at is not None and not _worse(best, at.late_s - before.late_s):
                found = self._search_dropoff(ride, at, n)
                best, full = _better(best, found.insertion), full or found.full
        return Found(best, full)

    def _start_with(self, ride: Ride) -> _At:
        start = self._after[0]
        load = start.load + ride.load
        return _At(start.point, start.time_s, load, start.mask & self.seating.taking(load))

    def _pickup_limit(self, stop: Stop) -> float:
        start = self._start
        alone = self._drive(start.point, stop.point) if start.point is not None else 0.0
        return max(stop.latest_s, start.time_s + alone + GRACE_S)

    def _search_dropoff(self, ride: Ride, at: _At, first: int) -> Found:
        """The cheapest place of the drop-off, once the patient got in before stop `first`."""
        best, full = None, False
        direct = self._step(at, ride.dropoff, NEVER_S)
        soonest_s = direct.arrival_s if direct else at.time_s
        late = soonest_s > ride.dropoff.latest_s
        limit = soonest_s + GRACE_S if late else ride.dropoff.latest_s
        now: _At | None = at
        for n in range(first, len(self.stops) + 1):
            if now is None or now.time_s > limit:
                break
            if not now.mask:
                return Found(best, True)
            out = self._step(now, ride.dropoff, limit)
            end = self._finish(out, n) if out is not None else None
            if out is not None and end is not None and end.mask:
                best = _better(best, self._insertion(ride, first, n, at, out, end))
            full = full or (end is not None and not end.mask)
            if n < len(self.stops):
                now = self._step(now, self.stops[n], self._limits[n])
        return Found(best, full)

    def _finish(self, at: _At, first: int) -> _At | None:
        """The sums at the end of the plan if stop `first` follows on `at`; mask 0: overfull."""
        for n in range(first, len(self.stops)):
            then, usual = self._step(at, self.stops[n], self._limits[n]), self._after[n + 1]
            if then is None or (usual.mask and not then.mask):
                return then
            if then.time_s <= usual.time_s and then.mask == usual.mask:
                point, time_s, load, _, arrival_s, drive_s, late_s = self._after[-1]
                drive_s += then.drive_s - usual.drive_s
                late_s += then.late_s - usual.late_s
                return _At(point, time_s, load, self.seating.every, arrival_s, drive_s, late_s)
            at = then
        return at

    def _insertion(
        self, ride: Ride, pickup_at: int, dropoff_at: int, at: _At, out: _At, end: _At
    ) -> Insertion:
        own = max(0.0, out.arrival_s - ride.dropoff.wanted_s)
        if ride.pickup is not None:
            own += max(0.0, at.arrival_s - ride.pickup.wanted_s)
        usual = self._after[-1]
        return Insertion(
            pickup_at,
            dropoff_at,
            at.arrival_s,
            own,
            max(0.0, end.late_s - usual.late_s - own),
            end.drive_s - usual.drive_s,
        )


def _worse(best: Insertion | None, late_s: float) -> bool:
    """Whether a pick-up so late cannot beat `best`, wherever the drop-off comes."""
    return best is not None and LATENESS_WEIGHT * late_s >= best.cost_s


def _better(one: Insertion | None, other: Insertion | None) -> Insertion | None:
    if one is None or other is None:
        return one or other
    return other if other.cost_s < one.cost_s else one


def lateness_s(plans: Sequence[Plan]) -> float:
    """Of all plans together: what a plan of the day is judged by."""
    return sum(plan.lateness_s for plan in plans)
