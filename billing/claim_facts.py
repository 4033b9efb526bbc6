"""The facts that the linter looks at, read for many trips with a constant number of statements."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Max, Min, Q, QuerySet

from billing.authorizations import draws_of
from billing.claim_states import AWAY, ClaimState
from billing.linter import AuthorizationFacts, ClaimFacts, MeasuredFacts, Ridden
from billing.models import Authorization, Claim, Invoice
from trips import queries
from trips.evidence.verify import verify_trips
from trips.lifecycle import Status
from trips.models import Assignment, Company, Driver, Trip, TripMeasurement, Vehicle

#: Rides that began so long before are over.
LONGEST_RIDE = timedelta(hours=24)
PAGE = 500
#: Places closer than this (degrees, 110 m) are the same.
_PLACE_DIGITS = 3


def claimable(payer_id: int) -> QuerySet[Trip]:
    """Completed trips that this payer is billed for."""
    billed = Q(bill_to="") | Q(bill_to=Trip.BillTo.PAYER)
    return Trip.objects.filter(billed, payer_id=payer_id, status=Status.COMPLETED)


def served(trips: QuerySet[Trip], first_day: date, last_day: date) -> QuerySet[Trip]:
    """Those of `trips` with a pick-up on these days of the company's calendar."""
    begin, end = queries.day_bounds(first_day)[0], queries.day_bounds(last_day)[1]
    picked_up = Q(picked_up_at__gte=begin, picked_up_at__lt=end)
    unknown = Q(picked_up_at__isnull=True, state_since__gte=begin, state_since__lt=end)
    return trips.filter(picked_up | unknown)


def live_invoices(trip_ids: Iterable[int]) -> QuerySet[Invoice]:
    """The invoices to payers that stand for these trips: at most one each."""
    main = Invoice.objects.filter(trip__in=trip_ids, kind=Invoice.Kind.TRIP, payer__isnull=False)
    return main.exclude(state=Invoice.State.VOID).order_by("revision")


def pages_of(trips: QuerySet[Trip]) -> Iterator[list[ClaimFacts]]:
    """The facts of `trips`, a patient's together: their authorizations are read once."""
    around = Around.of(trips)
    ids = list(trips.order_by("patient_id", "pk").values_list("pk", flat=True))
    for start in range(0, len(ids), PAGE):
        yield _Page.of(ids[start : start + PAGE], around).facts()


@dataclass(slots=True)
class Around:
    """All rides of a time, by who was in them, and the fleet."""

    zone: ZoneInfo
    rides: dict[tuple[str, int], list[Ridden]] = field(default_factory=lambda: defaultdict(list))
    own: dict[int, list[Ridden]] = field(default_factory=lambda: defaultdict(list))
    alike: dict[tuple[Any, ...], list[int]] = field(default_factory=lambda: defaultdict(list))
    drivers: dict[int, Driver] = field(default_factory=dict)
    vehicles: dict[int, Vehicle] = field(default_factory=dict)

    @classmethod
    def of(cls, trips: QuerySet[Trip]) -> "Around":
        """What was driven while `trips` were, by anybody for any payer."""
        around = cls(ZoneInfo(Company.get().time_zone))
        around.drivers, around.vehicles = Driver.objects.in_bulk(), Vehicle.objects.in_bulk()
        span = trips.aggregate(begin=Min("picked_up_at"), end=Max("dropped_off_at"))
        if span["begin"] is None or span["end"] is None:
            return around
        meanwhile = Trip.objects.filter(
            status=Status.COMPLETED,
            picked_up_at__gt=span["begin"] - LONGEST_RIDE,
            picked_up_at__lt=span["end"],
            dropped_off_at__isnull=False,
        )
        around._read(meanwhile)
        return around

    def _read(self, trips: QuerySet[Trip]) -> None:
        crews: dict[int, list[Assignment]] = defaultdict(list)
        for assignment in Assignment.objects.filter(trip__in=trips).order_by("started_at"):
            crews[assignment.trip_id].append(assignment)
        for trip in trips.order_by("picked_up_at"):
            self.alike[likeness(trip)].append(trip.pk)
            for ride in _rides(trip, crews[trip.pk]):
                self.own[trip.pk].append(ride)
                for who in _who(ride):
                    self.rides[who].append(ride)
        for rides in self.rides.values():
            rides.sort(key=lambda ride: ride.begins)

    def beside(self, trip_id: int) -> Iterator[Ridden]:
        """Rides of other trips that overlap this one's by patient, driver or vehicle; once each."""
        seen: set[Ridden] = set()
        for mine in self.own.get(trip_id, ()):
            for who in _who(mine):
                for other in self._meanwhile(self.rides[who], mine):
                    if other.trip_id != trip_id and other not in seen:
                        seen.add(other)
                        yield other

    def _meanwhile(self, rides: list[Ridden], mine: Ridden) -> Iterator[Ridden]:
        first = bisect_left(rides, mine.begins - LONGEST_RIDE, key=lambda ride: ride.begins)
        for other in rides[first:]:
            if other.begins >= mine.ends:
                return
            if other.ends > mine.begins:
                yield other


def _who(ride: Ridden) -> tuple[tuple[str, int], ...]:
    return (("patient", ride.patient_id), ("driver", ride.driver_id), ("van", ride.vehicle_id))


def likeness(trip: Trip) -> tuple[Any, ...]:
    """Equal for the same patient, agreed minute and places."""
    at = trip.scheduled_at or trip.picked_up_at
    minute = at.replace(second=0, microsecond=0) if at else None
    places = (
        trip.pickup_latitude, trip.pickup_longitude, trip.dropoff_latitude, trip.dropoff_longitude
    )  # fmt: skip
    return (trip.patient_id, minute, *(round(degrees, _PLACE_DIGITS) for degrees in places))


def _rides(trip: Trip, crews: Sequence[Assignment]) -> list[Ridden]:
    """The ride by who drove it: in parts where a breakdown changed the vehicle."""
    begin, end = trip.picked_up_at, trip.dropped_off_at
    if begin is None or end is None or trip.driver_id is None or trip.vehicle_id is None:
        return []
    whole = _ride(trip, trip.driver_id, trip.vehicle_id, begin, end)
    if len(crews) < 2:
        return [whole]
    parts = (
        _ride(
            trip,
            crew.driver_id,
            crew.vehicle_id,
            max(begin, crew.started_at),
            min(end, crew.ended_at or end),
        )
        for crew in crews
    )
    return [part for part in parts if part.begins < part.ends] or [whole]


def _ride(trip: Trip, driver_id: int, vehicle_id: int, begin: datetime, end: datetime) -> Ridden:
    return Ridden(
        trip.pk, trip.patient_id, driver_id, vehicle_id, trip.mobility, trip.escorts, begin, end
    )


@dataclass(slots=True)
class _Page:
    """What is read for some trips at once."""

    around: Around
    trips: list[Trip]
    invoices: dict[int, Invoice]
    claimed: dict[int, int | None]
    faults: dict[int, int]
    authorizations: dict[int, AuthorizationFacts]

    @classmethod
    def of(cls, ids: list[int], around: Around) -> "_Page":
        found = Trip.objects.filter(pk__in=ids)
        trips = list(found.select_related("patient", "measurement").order_by("pk"))
        faults: dict[int, int] = defaultdict(int)
        for finding in verify_trips(found):
            faults[finding.trip_id] += 1
        away = Claim.objects.filter(trip__in=ids, batch__state__in=AWAY)
        claimed = away.exclude(state=ClaimState.REJECTED).values_list("trip_id", "invoice_id")
        invoices = live_invoices(ids).prefetch_related("lines")
        return cls(
            around=around,
            trips=trips,
            invoices={invoice.trip_id: invoice for invoice in invoices},
            claimed=dict(claimed),
            faults=faults,
            authorizations=_authorizations(trips),
        )

    def facts(self) -> list[ClaimFacts]:
        return [self._of(trip) for trip in self.trips]

    def _of(self, trip: Trip) -> ClaimFacts:
        invoice = self.invoices.get(trip.pk)
        if invoice is not None and invoice.payer_id != trip.payer_id:
            invoice = None
        lines = invoice.lines.all() if invoice else ()
        rides = tuple(self.around.own.get(trip.pk, ()))
        at = trip.picked_up_at or trip.state_since
        return ClaimFacts(
            trip_id=trip.pk,
            patient_id=trip.patient_id,
            service_day=at.astimezone(self.around.zone).date(),
            mobility=trip.mobility,
            member_id=trip.patient.member_id,
            authorization_number=trip.authorization_number,
            authorization=self.authorizations.get(trip.pk),
            line_codes=tuple(line.code for line in lines if line.code),
            invoice_id=invoice.pk if invoice else None,
            claimed_invoice_id=self.claimed.get(trip.pk),
            arrived_at=trip.arrived_pickup_at,
            picked_up_at=trip.picked_up_at,
            dropped_off_at=trip.dropped_off_at,
            completed_at=trip.state_since,
            measured=_measured(getattr(trip, "measurement", None)),
            log_faults=self.faults.get(trip.pk, 0),
            duplicates=tuple(p for p in self.around.alike[likeness(trip)] if p != trip.pk),
            rides=rides,
            beside=tuple(self.around.beside(trip.pk)),
            **self._crew(trip, rides),
        )

    def _crew(self, trip: Trip, rides: Sequence[Ridden]) -> dict[str, Any]:
        # A completed trip has a crew: the database sees to it.
        drivers = {ride.driver_id for ride in rides} or {trip.driver_id or 0}
        vehicles = {ride.vehicle_id for ride in rides} or {trip.vehicle_id or 0}
        who = [self.around.drivers[pk] for pk in sorted(drivers)]
        what = [self.around.vehicles[pk] for pk in sorted(vehicles)]
        return {
            "licences": tuple(driver.licence for driver in who),
            "licence_expires": tuple(d.licence_expires for d in who if d.licence_expires),
            "plates": tuple(vehicle.plate for vehicle in what),
            "seatings": {vehicle.pk: vehicle.capacities for vehicle in what},
        }


def _measured(measured: TripMeasurement | None) -> MeasuredFacts | None:
    if measured is None:
        return None
    return MeasuredFacts(
        by_gps=measured.source != TripMeasurement.Source.ESTIMATE,
        coverage=measured.coverage,
        longest_gap_s=measured.longest_gap_s,
        driven_m=measured.loaded_distance_m,
        odometer_m=measured.odometer_distance_m,
    )


def _authorizations(trips: Iterable[Trip]) -> dict[int, AuthorizationFacts]:
    """By trip: what its authorization says, and what of it was used before."""
    named = {(trip.payer_id, trip.authorization_number): trip for trip in trips}
    rows = Authorization.objects.filter(
        payer__in={payer for payer, _ in named}, number__in={number for _, number in named}
    )
    known = {(one.payer_id, one.number): one for one in rows}
    before = _used_before(known.values())
    return {
        trip.pk: _authorization(one, *before.get((one.pk, trip.pk), (Decimal(0), Decimal(0))))
        for trip in trips
        if (one := known.get((trip.payer_id or 0, trip.authorization_number))) is not None
    }


def _used_before(
    authorizations: Iterable[Authorization],
) -> dict[tuple[int, int], tuple[Decimal, Decimal]]:
    found = {}
    for authorization_id, draws in draws_of(authorizations).items():
        used = Decimal(0)
        for draw in (draw for draw in draws if draw.completed):
            found[authorization_id, draw.trip_id] = (used, draw.units)
            used += draw.units
    return found


def _authorization(one: Authorization, before: Decimal, units: Decimal) -> AuthorizationFacts:
    return AuthorizationFacts(
        patient_id=one.patient_id,
        valid_from=one.valid_from,
        valid_to=one.valid_to,
        units=one.units,
        used_before=before,
        units_of_trip=units,
        levels=tuple(one.levels),
        codes=tuple(one.codes),
    )
