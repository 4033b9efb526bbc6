"""What a completed trip measures: computed once, and again when late data arrives."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from trips.dispatch.travel import road_distance_m
from trips.events.log import recording
from trips.evidence import fixes
from trips.evidence.distance import Travelled, travelled
from trips.evidence.mileage import MATERIAL_M, MATERIAL_S, differs, odometer_m, variance, waited_s
from trips.lifecycle import EVENT_OF_STATUS, Status
from trips.models import Trip, TripEvent, TripMeasurement
from trips.services import note_remeasured
from trips.tracking.retention import LONGEST_SILENCE_S
from trips.tracking.simplify import Point

#: Fewer fixes than this are no track.
FEWEST_FIXES = 5

Source = TripMeasurement.Source
#: What is told of in `trip.remeasured`, and how much of a change is told.
TOLD = {
    "loaded_distance_m": MATERIAL_M,
    "unloaded_distance_m": MATERIAL_M,
    "odometer_distance_m": MATERIAL_M,
    "wait_s": MATERIAL_S,
}
_KEPT = ("id", "trip_id", "revision")


class NotCompleted(LookupError):
    """There is no such trip, or it has not been driven to its end."""


def measure_completed_trip(event_id: int) -> str:
    """Handler of `trip.completed`. May run twice."""
    measured = measure(TripEvent.objects.get(pk=event_id).trip_id)
    return f"trip {measured.trip_id}: {measured.loaded_distance_m:.0f} m loaded"


def measure(trip_id: int) -> TripMeasurement:
    """The measurement of a completed trip, computed now unless it is known; or NotCompleted."""
    with recording():
        trip = Trip.objects.select_for_update().filter(pk=trip_id).first()
        if trip is None or trip.status != Status.COMPLETED:
            raise NotCompleted(f"trip {trip_id} is not completed")
        # Locked: who marks it meanwhile waits, and their mark is not taken away unseen.
        known = TripMeasurement.objects.select_for_update().filter(trip=trip).first()
        if known is None:
            known = _computed(trip)
            known.save(force_insert=True)
        elif known.is_stale:
            _measure_again(trip, known)
    return known


def _measure_again(trip: Trip, known: TripMeasurement) -> None:
    """Bring `known` up to date; numbers that change do so with an event."""
    new = _computed(trip)
    old_numbers, new_numbers = _numbers(known), _numbers(new)
    known.is_stale, known.computed_at = False, new.computed_at
    if not any(differs(old_numbers[n], new_numbers[n], limit) for n, limit in TOLD.items()):
        known.save(update_fields=["is_stale", "computed_at"])
        return
    for column in TripMeasurement._meta.concrete_fields:
        if column.attname not in _KEPT:
            setattr(known, column.attname, getattr(new, column.attname))
    known.revision += 1
    known.save()
    data = {"revision": known.revision, "old": old_numbers, "new": new_numbers}
    note_remeasured(trip.pk, data)


def _numbers(measured: TripMeasurement) -> dict[str, float | None]:
    values = {name: getattr(measured, name) for name in TOLD}
    return {name: None if value is None else round(value, 1) for name, value in values.items()}


# --- computing


@dataclass(frozen=True, slots=True)
class _Ride:
    """The moments of a completed trip that its measures rest on."""

    started: TripEvent | None
    began_at: datetime
    picked_up_at: datetime
    ended_at: datetime


def _computed(trip: Trip) -> TripMeasurement:
    """An unsaved measurement of a completed trip, by what is known now."""
    now = timezone.now()
    ride = _ride(trip)
    source, loaded = _loaded(trip, ride)
    planned_m = road_distance_m(*_stops(trip))
    driven_m = planned_m if source is Source.ESTIMATE else loaded.distance_m
    by_odometer_m = odometer_m(trip.odometer_start_mi, trip.odometer_end_mi)
    silences_s = [end - begin for begin, end in loaded.gaps]
    return TripMeasurement(
        trip=trip,
        source=source,
        loaded_distance_m=driven_m,
        unloaded_distance_m=_unloaded_m(trip, ride),
        planned_distance_m=planned_m,
        odometer_distance_m=by_odometer_m,
        variance=variance([driven_m, planned_m, by_odometer_m]),
        wait_s=waited_s(trip.arrived_pickup_at, trip.scheduled_at, ride.picked_up_at),
        fixes=loaded.fixes,
        coverage=_coverage(ride, sum(silences_s), loaded.fixes),
        longest_gap_s=max(silences_s, default=0.0),
        gaps=[list(gap) for gap in loaded.gaps],
        began_at=ride.began_at,
        ended_at=ride.ended_at,
        computed_at=now,
    )


def _ride(trip: Trip) -> _Ride:
    if trip.picked_up_at is None or trip.dropped_off_at is None:
        raise NotCompleted(f"trip {trip.pk} has no pick-up or no drop-off")
    starts = trip.events.filter(
        event=EVENT_OF_STATUS[Status.EN_ROUTE_PICKUP], occurred_at__lt=trip.picked_up_at
    )
    started = starts.order_by("-version").first()
    began_at = started.occurred_at if started else trip.picked_up_at
    return _Ride(started, began_at, trip.picked_up_at, trip.dropped_off_at)


def _loaded(trip: Trip, ride: _Ride) -> tuple[TripMeasurement.Source, Travelled]:
    begin_at, end_at = ride.picked_up_at.timestamp(), ride.ended_at.timestamp()
    pickup, dropoff = _stops(trip)
    by_gps = travelled(
        fixes.raw_tracks(trip, ride.picked_up_at, ride.ended_at),
        begin_at,
        end_at,
        stops=[Point(begin_at, *pickup), Point(end_at, *dropoff)],
        longest_silence_s=LONGEST_SILENCE_S,
    )
    if by_gps.fixes >= FEWEST_FIXES:
        return Source.GPS, by_gps
    sealed = fixes.sealed(trip, begin_at, end_at)
    return (Source.SEAL, sealed) if sealed.fixes else (Source.ESTIMATE, by_gps)


def _unloaded_m(trip: Trip, ride: _Ride) -> float | None:
    """Metres from start to pick-up; None where neither fixes nor the tap tell where it began."""
    begin_at, end_at = ride.began_at.timestamp(), ride.picked_up_at.timestamp()
    if ride.started is None or begin_at == end_at:
        return None
    stops = [Point(end_at, *_stops(trip)[0])]
    if ride.started.latitude is not None and ride.started.longitude is not None:
        stops.append(Point(begin_at, ride.started.latitude, ride.started.longitude))
    driven = travelled(
        fixes.raw_tracks(trip, ride.began_at, ride.picked_up_at),
        begin_at,
        end_at,
        stops=stops,
        longest_silence_s=LONGEST_SILENCE_S,
    )
    if driven.fixes >= FEWEST_FIXES:
        return driven.distance_m
    sealed = fixes.sealed(trip, begin_at, end_at)
    if sealed.fixes:
        return sealed.distance_m
    return driven.distance_m if len(stops) == 2 else None


def _stops(trip: Trip) -> tuple[tuple[float, float], tuple[float, float]]:
    return (
        (trip.pickup_latitude, trip.pickup_longitude),
        (trip.dropoff_latitude, trip.dropoff_longitude),
    )


def _coverage(ride: _Ride, silent_s: float, seen: int) -> float:
    lasted_s = (ride.ended_at - ride.picked_up_at).total_seconds()
    if not seen or lasted_s <= 0:
        return 0.0
    return min(1.0, max(0.0, 1 - silent_s / lasted_s))
