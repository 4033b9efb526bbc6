"""The days that the demo's company has behind it, lived through its ordinary services.

Only the clock is moved: bookings, taps, shifts, numbers and hashes are as those days would have
made them. The trips carry an `external_id` that begins with MARK.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from trips import services
from trips.booking import book_trips
from trips.demo.fleet import SHIFT_BEGAN, Crew
from trips.demo.trips import Places
from trips.dispatch.travel import drive_time_s
from trips.lifecycle import Action
from trips.models import Company, Patient, Shift, Trip
from trips.queries import company_day
from trips.simulator.day.clock import Clock
from users.models import User

MARK = "demo-history-"
#: Crews and rides of each on a weekday, and on other days.
WEEKDAY, WEEKEND = (3, 2), (1, 2)
FIRST_RIDE, BETWEEN = time(7, 0), timedelta(hours=2, minutes=30)
SHIFT, SHIFT_LASTS = time(6, 0), timedelta(hours=9)
#: How a ride ends, and how often.
ENDINGS = {"completed": 78, "no_show": 8, "cancelled": 10, "missed": 4}
MINUTE = timedelta(minutes=1)

#: What the caller does with a trip that has ended.
Ended = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Everybody:
    """Who takes part."""

    dina: User
    crews: list[Crew]
    riders: list[Patient]
    places: Places


def is_new() -> bool:
    """Whether nothing has happened in the company yet: the past comes first."""
    return not Trip.objects.exists()


def days_before(now: datetime, count: int) -> list[date]:
    """So many days, the last of which was over before the demo's running shifts began."""
    last = company_day(now - SHIFT_BEGAN - timedelta(hours=SHIFT.hour) - SHIFT_LASTS)
    return [last - timedelta(days=n) for n in reversed(range(count))]


def write_agenda(clock: Clock, who: Everybody, days: list[date], ended: Ended) -> None:
    """Put all that happens on these days into the clock's agenda."""
    rng = Random(len(days))
    zone = ZoneInfo(Company.get().time_zone)
    for day in days:
        rides = []
        crews, each = WEEKDAY if day.weekday() < 5 else WEEKEND
        for n, crew in enumerate(rng.sample(who.crews, min(crews, len(who.crews)))):
            _put_on_shift(crew, datetime.combine(day, SHIFT, zone))
            for m in range(each):
                due = datetime.combine(day, FIRST_RIDE, zone) + m * BETWEEN + 7 * n * MINUTE
                rides.append(Ride(who, crew, due, f"{MARK}{day}-{n}-{m}", rng, ended))
        evening = datetime.combine(day, time(), zone) - timedelta(hours=6)
        clock.at(evening, partial(_book, rides, clock))


def _book(rides: list["Ride"], clock: Clock) -> None:
    """The evening before: all are booked at once, then each is given to its crew."""
    bookings = [ride.booking() for ride in rides]
    made = book_trips(user=rides[0].who.dina, bookings=bookings, accept=True)
    for ride, trip in zip(rides, made, strict=True):
        ride.begin(trip, clock)


def _put_on_shift(crew: Crew, begins: datetime) -> None:
    """From the start, or nobody could be given a trip on the evening before."""
    row = {"driver": crew.driver, "vehicle": crew.vehicle, "starts_at": begins}
    Shift.objects.create(**row, ends_at=begins + SHIFT_LASTS)


class Ride:
    """One trip from its booking to its end, one job of the agenda after the other."""

    def __init__(
        self, who: Everybody, crew: Crew, due: datetime, name: str, rng: Random, ended: Ended
    ) -> None:
        self.who, self._crew, self._due, self._ended = who, crew, due, ended
        self._name, self._rng = name, rng
        self._ending = rng.choices(list(ENDINGS), list(ENDINGS.values()))[0]

    def begin(self, trip: Trip, clock: Clock) -> None:
        """Give the trip to its crew, and put what happens to it into the agenda."""
        self._trip_id, self._stops = trip.pk, _stops(trip)
        if self._ending == "missed" or not self._assign():
            clock.at(self._due + timedelta(hours=2), self._last(self._miss))
            return
        if self._ending == "cancelled":
            ahead = self._rng.choice((20, 90, 300)) * MINUTE
            clock.at(self._due - ahead, self._last(self._cancel))
            return
        self._plan_road(clock)

    def booking(self) -> dict[str, Any]:
        """Whose trip it is, from where to where."""
        rng, places = self._rng, self.who.places
        patient = rng.choice(self.who.riders)
        return {
            "patient": patient,
            "payer": patient.payer,
            "facility": patient.facilities.first(),
            "mobility": rng.choice(("ambulatory", "ambulatory", "wheelchair")),
            "scheduled_at": self._due,
            "external_id": self._name,
            **places.fields("pickup"),
            **places.fields("dropoff"),
        }

    def _assign(self) -> bool:
        """Whether the crew may take it; random addresses can be too far apart."""
        crew = {"driver_id": self._crew.driver.pk, "vehicle_id": self._crew.vehicle.pk}
        try:
            self._desk(Action.ASSIGN, **crew)
        except services.Refused:
            return False
        return True

    def _plan_road(self, clock: Clock) -> None:
        """The driver's taps; four of five are there in time."""
        late = self._rng.triangular(-9, 9, 0) if self._rng.random() < 0.8 else 24.0
        arrives = self._due + late * MINUTE
        approach = timedelta(minutes=self._rng.uniform(8, 18))
        clock.at(arrives - approach, lambda: self._drive(Action.START, 0, self._far()))
        clock.at(arrives, lambda: self._drive(Action.ARRIVE_PICKUP, 0))
        if self._ending == "no_show":
            company = Company.get()
            gone = max(arrives, self._due) + (company.no_show_wait_minutes + 1) * MINUTE
            clock.at(gone, self._last(lambda: self._drive(Action.NO_SHOW, 0)))
            return
        aboard = max(arrives, self._due - 5 * MINUTE) + self._rng.uniform(2, 12) * MINUTE
        there = aboard + timedelta(seconds=drive_time_s(*self._stops))
        clock.at(aboard, lambda: self._drive(Action.PICK_UP, 0))
        clock.at(there, lambda: self._drive(Action.ARRIVE_DROPOFF, 1))
        clock.at(there + 4 * MINUTE, self._last(lambda: self._drive(Action.COMPLETE, 1)))

    def _far(self) -> tuple[float, float]:
        latitude, longitude = self._stops[0]
        return latitude + self._rng.uniform(-0.02, 0.02), longitude

    def _last(self, job: Callable[[], object]) -> Callable[[], object]:
        def end() -> None:
            job()
            self._ended(self._trip_id)

        return end

    def _drive(self, action: Action, stop: int, at: tuple[float, float] | None = None) -> None:
        latitude, longitude = at or self._stops[stop]
        tap = services.Tap(action=action, latitude=latitude, longitude=longitude)
        services.act(trip_id=self._trip_id, user=self._crew.driver.user, tap=tap)

    def _desk(self, action: Action, **fields: Any) -> None:
        tap = services.Tap(action=action, **fields)
        services.act(trip_id=self._trip_id, user=self.who.dina, tap=tap)

    def _cancel(self) -> None:
        self._desk(Action.CANCEL, reason="Demo: the patient called.")

    def _miss(self) -> None:
        self._desk(Action.MISS, reason="Demo: no vehicle was free.")


def _stops(trip: Trip) -> tuple[tuple[float, float], tuple[float, float]]:
    pickup = (trip.pickup_latitude, trip.pickup_longitude)
    return pickup, (trip.dropoff_latitude, trip.dropoff_longitude)
