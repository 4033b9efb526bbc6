"""A driver of the day: follows the plan of the crew, taps, and is sometimes without coverage."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.utils import timezone

from trips.dispatch.crews import crews_between, memoised
from trips.dispatch.rides import Stop
from trips.dispatch.travel import drive_time_s
from trips.lifecycle import Status
from trips.models import Company, Driver, Trip, Vehicle
from trips.simulator.day import phone
from trips.simulator.day.clock import Clock
from trips.simulator.day.company import CENTRE, Point
from trips.simulator.day.people import Json, Person

#: Shares of the rides: without coverage from the start to the end, nobody at the door, cancelled
#: there, a tap taken back.
OFFLINE, ABSENT, AT_DOOR, MISTAKEN = 0.15, 0.05, 0.02, 0.04
LOOK_AGAIN_S, EARLY_S = 300.0, 300.0
#: A trip is this driver's, or was until a moment ago.
GONE = (200, 404, 409)


class Crew:
    """One driver with one vehicle for one shift."""

    def __init__(
        self, person: Person, driver: Driver, vehicle: Vehicle, clock: Clock, rng: Random
    ) -> None:
        self.person, self.driver, self.vehicle = person, driver, vehicle
        self.clock, self.rng = clock, rng
        self.place: Point = CENTRE
        self.has_gps = rng.random() < 0.3
        self.shift_id = 0
        self.ends_at = timezone.now()
        self.broken = False
        self._rested = False
        self._aboard = 0

    # --- the shift

    def begin(self, ends_at: datetime) -> None:
        """On duty; the one before hands the vehicle over, or goes on for a while."""
        body = {"vehicle_id": self.vehicle.pk, "odometer": 1_000, "handover": True}
        shift = self.person.post("shifts/", body)
        self.ends_at = ends_at
        if shift is not None:
            self.shift_id = shift["id"]
            self.look()
        elif timezone.now() < ends_at - timedelta(hours=1):
            self.clock.after(600, lambda: self.begin(ends_at))

    def look(self) -> None:
        """What is next? Once nothing is and the shift is over: home."""
        if self.broken or not self.shift_id:
            return
        stop = self._next_stop()
        if stop is None:
            self._idle()
        elif stop.is_pickup:
            self._fetch(stop)
        else:
            self._drive(stop.point, lambda: self._drop(stop))

    def _next_stop(self) -> Stop | None:
        now = timezone.now()
        for crew in crews_between(now, now + timedelta(hours=1), now, memoised(), set()):
            theirs = crew.driver is not None and crew.driver.id == self.driver.pk
            if theirs and crew.vehicle.id == self.vehicle.pk:
                self._aboard = sum(not stop.is_pickup for stop in crew.plan.stops) - sum(
                    stop.is_pickup for stop in crew.plan.stops
                )
                return crew.plan.stops[0] if crew.plan.stops else None
        return self._who_is_aboard()

    def _who_is_aboard(self) -> Stop | None:
        """Somebody to bring home after the shift: by then the next driver's plan holds."""
        mine = Trip.objects.filter(driver=self.driver, vehicle=self.vehicle)
        trip = mine.filter(status__in=(Status.IN_PROGRESS, Status.ARRIVED_DROPOFF)).first()
        if trip is None:
            return None
        goal = (trip.dropoff_latitude, trip.dropoff_longitude)
        return Stop(trip.pk, False, goal, 0, 0, 0, 0, 0)

    def _idle(self) -> None:
        now = timezone.now()
        if now >= self.ends_at:
            ended = self.person.post(f"shifts/{self.shift_id}/end/", {"odometer": 1_200})
            if ended is not None:
                self.shift_id = 0
                return
        elif not self._rested and self.rng.random() < 0.1:
            self._rested = True
            if self.person.post(f"shifts/{self.shift_id}/break/") is not None:
                self.clock.after(1_500, self._back)
                return
        self.clock.after(LOOK_AGAIN_S, self.look)

    def _back(self) -> None:
        self.person.post(f"shifts/{self.shift_id}/resume/")
        self.look()

    # --- one ride

    def _fetch(self, stop: Stop) -> None:
        way_s = drive_time_s(self.place, stop.point)
        leave_s = stop.wanted_s - way_s - EARLY_S
        wait_s = leave_s - timezone.now().timestamp()
        if wait_s > 0:
            self.clock.after(min(wait_s + 1, LOOK_AGAIN_S), self.look)
            return
        trip = self.person.get(f"trips/{stop.trip_id}/", GONE)
        if trip is None or trip["status"] not in ("assigned", "dispatched"):
            self.clock.after(60, self.look)
        elif not self._aboard and self.rng.random() < OFFLINE:
            self._ride_offline(trip)
        elif self._tap(trip, "start") is None:
            self.clock.after(60, self.look)
        else:
            self._drive(stop.point, lambda: self._arrive(trip))

    def _drive(self, to: Point, then: Any) -> None:
        lasts_s = drive_time_s(self.place, to) * self.rng.uniform(0.9, 1.4) + 30
        if self.has_gps:
            phone.report(self, self.place, to, lasts_s)
        self.place = to
        self.clock.after(lasts_s, then)

    def _arrive(self, trip: Json) -> None:
        if self.broken or self._tap(trip, "arrive_pickup") is None:
            self.look()
            return
        if self.rng.random() < MISTAKEN:
            self._tap(trip, "undo")
            self._tap(trip, "arrive_pickup")
        fate = self.rng.random()
        ready_s = max(0.0, _due_s(trip) - timezone.now().timestamp())
        if fate < ABSENT:
            self._tap(trip, "no_show")  # too early: refused
            wait_s = 60.0 * Company.get().no_show_wait_minutes + 30
            self.clock.after(ready_s + wait_s, lambda: self._give_up(trip, "no_show"))
        elif fate < ABSENT + AT_DOOR:
            self.clock.after(120, lambda: self._give_up(trip, "cancel", reason="not well"))
        else:
            self.clock.after(max(180.0, ready_s), lambda: self._pick_up(trip))

    def _give_up(self, trip: Json, action: str, **more: Any) -> None:
        if not self.broken and self._tap(trip, action, **more) is None:
            self._pick_up(trip)
        else:
            self.look()

    def _pick_up(self, trip: Json) -> None:
        if not self.broken:
            self._tap(trip, "pick_up", odometer=1_050)
        self.look()

    def _drop(self, stop: Stop) -> None:
        if self.broken:
            return
        trip = {"id": stop.trip_id}
        self._tap(trip, "arrive_dropoff", odometer=1_060)
        self.clock.after(150, self._leave(trip))

    def _leave(self, trip: Json) -> Any:
        def leave() -> None:
            if not self.broken:
                self._tap(trip, "complete")
            self.look()

        return leave

    def _tap(self, trip: Json, action: str, **more: Any) -> Json | None:
        tap = {"client_event_id": self._event_id(), **self._here(), **more}
        answer: Json | None = self.person.tap(trip["id"], action, GONE, **tap)
        return answer

    def _here(self) -> Json:
        return {"latitude": self.place[0], "longitude": self.place[1]}

    def _event_id(self) -> str:
        return f"{self.rng.getrandbits(64):016x}"

    # --- without coverage

    def _ride_offline(self, trip: Json) -> None:
        """A whole ride that the office hears of afterwards: shuffled, and twice."""
        door, goal = (_point(trip[end]) for end in ("pickup", "dropoff"))
        at = timezone.now()
        arrival = at + timedelta(seconds=drive_time_s(self.place, door) + 30)
        pick_up = max(arrival, datetime.fromtimestamp(_due_s(trip), at.tzinfo)) + timedelta(0, 180)
        there = pick_up + timedelta(seconds=drive_time_s(door, goal) * self.rng.uniform(1, 1.3))
        moments = {
            "start": (at, self.place),
            "arrive_pickup": (arrival, door),
            "pick_up": (pick_up, door),
            "arrive_dropoff": (there, goal),
            "complete": (there + timedelta(minutes=3), goal),
        }
        if self.rng.random() < 0.3:  # forgotten, to be inferred
            del moments[self.rng.choice(("start", "arrive_pickup", "arrive_dropoff"))]
        taps = [self._tap_at(action, *told) for action, told in moments.items()]
        self.place = goal
        late = timedelta(minutes=self.rng.uniform(0, 30))
        self.clock.at(there + timedelta(minutes=3) + late, lambda: self._tell(trip, taps))

    def _tap_at(self, action: str, at: datetime, place: Point) -> Json:
        here = {"latitude": place[0], "longitude": place[1]}
        return {
            "action": action,
            "client_event_id": self._event_id(),
            "occurred_at": at.isoformat(),
            **here,
        }

    def _tell(self, trip: Json, taps: list[Json]) -> None:
        answers: dict[str, Any] = {}
        ledger = self.person.ledger
        for _ in range(2):
            self.rng.shuffle(taps)
            told = self.person.post(f"trips/{trip['id']}/status/", taps) or []
            for tap, answer in zip(taps, told, strict=False):
                before = answers.setdefault(tap["client_event_id"], answer)
                if before["status"] == 200 and before != answer:
                    ledger.surprises.append(f"another answer to {tap} of trip {trip['id']}")
                if answer["status"] not in GONE:
                    ledger.surprises.append(f"late {tap} of trip {trip['id']}: {answer}")
        ledger.counts["rides told late"] += 1
        self.look()


def _due_s(trip: Json) -> float:
    return datetime.fromisoformat(trip["scheduled_at"]).timestamp()


def _point(place: Json) -> Point:
    return place["latitude"], place["longitude"]
