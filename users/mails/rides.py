"""What mails tell of a trip: times, numbers and first names, never a patient's name or address."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from trips import confirmations, links
from trips.models import Trip, TripEvent
from users.models import Notification


@dataclass(frozen=True, slots=True, kw_only=True)
class Ride:
    """One trip as a letter needs it. `expected_at` is the estimate of the pick-up.

    `former_at` is the pick-up's time before a change; `arrived_at` and `left_at` are a no-show's.
    """

    trip: Trip
    now: datetime
    to_driver: bool = False
    driver: str = ""
    vehicle: str = ""
    expected_at: datetime | None = None
    former_at: datetime | None = None
    track_url: str = ""
    answer_url: str = ""

    @property
    def scheduled_at(self) -> datetime | None:
        return self.trip.scheduled_at


def ride_of(row: Notification) -> Ride:
    """The trip of `row` as it is now, and the change that the row tells of."""
    related = ("driver__user", "vehicle", "eta", "patient")
    trip = Trip.objects.select_related(*related).get(pk=row.trip_id or 0)
    eta = getattr(trip, "eta", None)
    return Ride(
        trip=trip,
        now=timezone.now(),
        to_driver=bool(trip.driver and row.user_id == trip.driver.user_id),
        driver=trip.driver.user.first_name if trip.driver else "",
        vehicle=_vehicle(trip),
        expected_at=eta.eta if eta else None,
        former_at=_former_time(row),
        track_url=links.url(trip.pk),
        answer_url=confirmations.url(trip.pk),
    )


def _vehicle(trip: Trip) -> str:
    if trip.vehicle is None:
        return ""
    return " · ".join(part for part in (trip.vehicle.name, trip.vehicle.plate) if part)


def _former_time(row: Notification) -> datetime | None:
    """The time before the change of this row's event."""
    topic, _, number = row.key.partition(":")
    if topic != "event" or not number.isdigit():
        return None
    event = TripEvent.objects.filter(pk=int(number), event="trip.changed").first()
    times = event.data.get("scheduled_at") if event else None
    return parse_datetime(times[0]) if times and times[0] else None
