"""Those who book, call and dispatch: facilities, patients, two dispatchers."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from trips.lifecycle import OPEN, STARTED, Status
from trips.models import Shift, Trip, Vehicle
from trips.simulator.day.clock import Clock
from trips.simulator.day.company import Cast, somewhere
from trips.simulator.day.people import Json, Person

#: Shares of the trips: out of standing orders, cancelled by somebody.
ORDERED, CANCELLED = 0.3, 0.08
#: So far ahead the desk looks for crews by hand.
BY_HAND = timedelta(minutes=100)
#: So long after its time a trip that nobody has set out for goes to another crew.
LATE = timedelta(minutes=30)
REASON: dict[str, Any] = {"reason": "simulated"}


class Desk:
    """The office of the day."""

    def __init__(self, cast: Cast, clock: Clock, trips: int) -> None:
        self.cast, self.clock, self.rng = cast, clock, cast.rng
        self._wanted = trips
        self._called: set[int] = set()

    # --- the eve

    def take_orders(self) -> None:
        """Facilities order, the desk agrees; trips of the day come from it."""
        for _ in range(round(self._wanted * ORDERED / 2)):
            office, clinic, door = self.rng.choice(self.cast.facilities)
            theirs = [row for row in self.cast.patients if row[3] == clinic]
            if not theirs:
                continue
            _, patient, home, _ = self.rng.choice(theirs)
            made = office.post("standing-orders/", self._order(patient.pk, home, door))
            if made is not None:
                self._dispatcher.post(f"standing-orders/{made['order']['id']}/approve/")

    def _order(self, patient: int, home: Any, door: Any) -> Json:
        hour = self.rng.choice((6.5, 7, 7.5, 8, 9, 11, 12.5))
        kind = self.rng.choice(("will_call", "timed", "timed"))
        times = {"return_time": f"{self.cast.clock(hour + 5):%H:%M}"} if kind == "timed" else {}
        day = self.cast.day.isoformat()
        return {
            "patient_id": patient,
            "mobility": self.cast.mobility(),
            "pickup": self.cast.place("Home", home),
            "dropoff": self.cast.place("Clinic", door),
            "rule": "FREQ=DAILY",
            "first_day": day,
            "last_day": day,
            "pickup_time": f"{self.cast.clock(hour):%H:%M}",
            "return_kind": kind,
            **times,
        }

    def take_bookings(self) -> None:
        """What no standing order brings: most the day before, some on the day itself."""
        missing = self._wanted - Trip.objects.count()
        for n in range(max(0, missing)):
            hour = self.rng.triangular(6, 20, 10)
            if n % 8:
                self.book(self.cast.clock(hour))
            else:
                at = self.cast.clock(min(hour, 18)) - timedelta(hours=1.5)
                self.clock.at(at, self._booker_of(at + timedelta(hours=1.5)))

    def _booker_of(self, at: datetime) -> Any:
        return lambda: self.book(at)

    def book(self, at: datetime) -> None:
        """Somebody books one trip, and the desk accepts it, or (seldom) turns it down."""
        person, patient, home, clinic = self.rng.choice(self.cast.patients)
        office = next(row[0] for row in self.cast.facilities if row[1] == clinic)
        booker = self.rng.choice((person, office, self._dispatcher))
        body: Json = {
            "patient_id": patient.pk,
            "mobility": self.cast.mobility(),
            "escorts": int(self.rng.random() < 0.1),
            "pickup": self.cast.place("Home", home),
            "dropoff": self.cast.place("Elsewhere", somewhere(self.rng)),
            "scheduled_at": at.isoformat(),
        }
        if booker is self.cast.dispatchers[0]:
            body["payer_id"] = self.rng.choice(self.cast.payers).pk
        trip = booker.post("trips/", body)
        if trip is not None:
            answer = "reject" if self.rng.random() < 0.01 else "schedule"
            self._dispatcher.tap(trip["id"], answer, **(REASON if answer == "reject" else {}))

    def decide_fates(self) -> None:
        """Who will cancel, and when; the rest is decided at the door."""
        for trip in Trip.objects.filter(scheduled_at__isnull=False, status__in=OPEN):
            if self.rng.random() < CANCELLED and trip.scheduled_at:
                before = timedelta(minutes=self.rng.choice((600, 300, 90, 20, 0)))
                self.clock.at(trip.scheduled_at - before, self._canceller(trip))

    def _canceller(self, trip: Trip) -> Any:
        office = next(
            (row[0] for row in self.cast.facilities if row[1].pk == trip.facility_id), None
        )
        patient = next(row[0] for row in self.cast.patients if row[1].pk == trip.patient_id)
        who = self.rng.choice([one for one in (office, patient, self._dispatcher) if one])
        return lambda: who.tap(trip.pk, "cancel", **REASON)

    # --- the day

    @property
    def _dispatcher(self) -> Person:
        return self.rng.choice(self.cast.dispatchers)

    def auto_assign(self) -> None:
        """The whole day, by the long job."""
        self._dispatcher.post("dispatch/auto-assign/", {"date": self.cast.day.isoformat()})

    def assign_by_hand(self) -> None:
        """What nobody has and begins soon goes to the best candidate."""
        now = timezone.now()
        self._take_back(now - LATE)
        soon = Trip.objects.filter(status=Status.SCHEDULED, scheduled_at__lt=now + BY_HAND)
        for trip in soon.order_by("scheduled_at"):
            found = self._candidates(trip.pk)
            if not found:
                self.cast.ledger.counts["no candidate"] += 1
                continue
            crew: dict[str, Any] = {
                "driver_id": found[0]["driver"]["id"],
                "vehicle_id": found[0]["vehicle"]["id"],
            }
            one, other = self.rng.sample(self.cast.dispatchers, 2)
            won = one.tap(trip.pk, "assign", expected_version=trip.version, **crew)
            # The other one looks at the same screen.
            again = won and self.rng.random() < 0.2
            if again and other.tap(trip.pk, "assign", expected_version=trip.version, **crew):
                self.cast.ledger.surprises.append(f"trip {trip.pk} was assigned twice")
        self._call_back()

    def _take_back(self, before: datetime) -> None:
        """Whoever has not set out for a trip so late gives it back."""
        held = Trip.objects.filter(status__in=(Status.ASSIGNED, Status.DISPATCHED))
        for trip in held.filter(scheduled_at__lt=before):
            self._dispatcher.tap(trip.pk, "unassign", expected_version=trip.version, **REASON)

    def _candidates(self, trip_id: int) -> list[Json]:
        answer = self._dispatcher.get(f"trips/{trip_id}/candidates/", limit=5)
        return [one for one in answer["results"] if not one["refusals"]] if answer else []

    def _call_back(self) -> None:
        """Patients who are ready call; whose way there came to nothing needs none back."""
        for trip in Trip.objects.filter(status=Status.WILL_CALL).select_related("return_of"):
            there = trip.return_of
            if there is None or there.status in OPEN or trip.pk in self._called:
                continue
            self._called.add(trip.pk)
            if there.status == Status.COMPLETED:
                later = self.rng.choice((30, 90, 150, 240))
                self.clock.after(60 * later, self._caller(trip))
            else:
                self._dispatcher.tap(trip.pk, "cancel", **REASON)

    def _caller(self, trip: Trip) -> Any:
        patient = next(row[0] for row in self.cast.patients if row[1].pk == trip.patient_id)
        who = self.rng.choice((patient, self._dispatcher))
        return lambda: who.tap(trip.pk, "ready")

    def break_down(self) -> Shift | None:
        """A vehicle with somebody aboard breaks; its shift, None where nobody is under way now."""
        aboard = Trip.objects.filter(status=Status.IN_PROGRESS).order_by("pk").first()
        if aboard is None:
            return None
        vehicle_id = aboard.vehicle_id
        shift = Shift.objects.filter(vehicle=vehicle_id, ends_at=None, planned=False).first()
        broken = {"state": Vehicle.State.OUT_OF_SERVICE.value, "out_of_service_reason": "gearbox"}
        self._dispatcher.post(f"vehicles/{vehicle_id}/", broken, method="patch")
        self.cast.ledger.counts["breakdowns"] += 1
        self.rescue(vehicle_id or 0)
        return shift

    def rescue(self, vehicle_id: int, tries: int = 12) -> None:
        """Whoever is aboard of a broken vehicle, or waits for it, gets another one.

        Where none of ours can take them in an hour, somebody else brings them home.
        """
        for trip in Trip.objects.filter(vehicle=vehicle_id, status__in=STARTED):
            if trip.status == Status.IN_PROGRESS and tries:
                self._transfer(trip)
            elif trip.status in (Status.IN_PROGRESS, Status.ARRIVED_DROPOFF):
                self._dispatcher.tap(trip.pk, "complete", **REASON)
            else:
                if trip.status == Status.ARRIVED_PICKUP:
                    self._dispatcher.tap(trip.pk, "undo", **REASON)
                self._dispatcher.tap(trip.pk, "unassign", **REASON)
        if Trip.objects.filter(vehicle=vehicle_id, status__in=STARTED).exists():
            self.clock.after(300, lambda: self.rescue(vehicle_id, max(0, tries - 1)))

    def _transfer(self, trip: Trip) -> None:
        for one in self._candidates(trip.pk):
            crew: dict[str, Any] = {
                "driver_id": one["driver"]["id"],
                "vehicle_id": one["vehicle"]["id"],
            }
            if self._dispatcher.tap(trip.pk, "transfer", **crew, **REASON):
                self.cast.ledger.counts["transfers"] += 1
                return

    def send_home(self, shift: Shift) -> None:
        """The driver of a broken vehicle; once nobody of theirs is under way."""
        ended = self._dispatcher.post(f"shifts/{shift.pk}/end/", REASON)
        if ended is None and Shift.objects.filter(pk=shift.pk, ends_at=None).exists():
            self.clock.after(600, lambda: self.send_home(shift))

    def close(self) -> None:
        """Late at night: who has not called does not come any more."""
        for trip in Trip.objects.filter(status__in=(Status.WILL_CALL, Status.REQUESTED)):
            self._dispatcher.tap(trip.pk, "cancel", **REASON)
